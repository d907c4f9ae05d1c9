//! What holds for every mutant of every program.

use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::keys;

/// Every example, and the program of the benchmark.
fn programs() -> Vec<(String, Arc<Program>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut folders: Vec<_> = std::fs::read_dir(root.join("examples")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.push(root.join("tests/bench/policies"));
    folders.sort();
    let programs: Vec<_> = folders.iter().map(|folder| (folder.display().to_string(), compiled(policies(folder)).0)).collect();
    assert!(programs.len() >= 3, "the examples have moved");
    programs
}

fn policies(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let (mut files, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(inner) = folders.pop() {
        for path in std::fs::read_dir(inner).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                files.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    files
}

#[test]
fn every_mutant_of_every_example_loads_and_differs() {
    for (name, program) in programs() {
        let mutants = mutants(&program);
        assert!(mutants.len() >= 3, "{name}: {mutants:?}");
        let ids: BTreeSet<&str> = mutants.iter().map(|mutant| mutant.id.as_str()).collect();
        assert_eq!(ids.len(), mutants.len(), "{name}: two mutants of one id");
        for mutant in &mutants {
            let changed = mutant.apply(&program);
            assert_ne!(changed, *program, "{name}: {}", mutant.id);
            assert_eq!(changed.check_ids(), Ok(()), "{name}: {}", mutant.id);
            let loaded = Subject::with_made_up_keys(keys::with_made_up(changed)).loaded(&BTreeMap::new());
            assert!(loaded.is_ok(), "{name}: {}: {loaded:?}", mutant.id);
            let files = usize::try_from(mutant.place.0).unwrap();
            assert!(program.files.get(files).is_some() && mutant.place.1 > 0, "{name}: {} stands nowhere", mutant.id);
        }
    }
}

#[test]
fn mutants_are_the_same_each_time() {
    for (name, program) in programs() {
        let listed =
            || -> Vec<(String, String)> { mutants(&program).into_iter().map(|mutant| (mutant.id, mutant.name)).collect() };
        assert_eq!(listed(), listed(), "{name}");
    }
}

#[test]
fn a_sample_is_drawn_by_its_seed_and_keeps_the_order() {
    let (_, program) = programs().remove(0);
    let drawn = |most: usize, seed: u64| -> Vec<String> {
        sample(mutants(&program), most, seed).into_iter().map(|mutant| mutant.id).collect()
    };
    let all = drawn(usize::MAX, 1);
    assert_eq!(drawn(5, 1), drawn(5, 1));
    assert_eq!(drawn(5, 1).len(), 5);
    assert_ne!(drawn(5, 1), drawn(5, 2));
    let more: BTreeSet<String> = drawn(8, 1).into_iter().collect();
    assert!(drawn(5, 1).iter().all(|id| more.contains(id)), "a larger sample holds the smaller");
    let positions: Vec<usize> = drawn(8, 1).iter().map(|id| all.iter().position(|other| other == id).unwrap()).collect();
    assert!(positions.is_sorted());
}

/// Which cases are tried is decided by what each saw of the original. That no other could have noticed is what this holds it against.
#[test]
fn cases_that_are_not_tried_would_not_have_noticed() {
    let program = program(&[
        "{kind: Model, name: chat, spec: {targets: [{target: p/a/m, priority: 1}, {target: p/b/m, priority: 2}], fallback: [spare], retry: {attempts: 2, retryOn: [429, 5xx]}}}",
        "{kind: Model, name: spare, spec: {targets: [{target: p/b/m}]}}",
        "{kind: Authorization, name: who, spec: {rules: [{name: staff, roles: [staff], allow: {}}]}}",
        "{kind: Limit, name: fair, spec: {per: consumer, rules: [{name: rpm, requests: 3, window: 1m}]}}",
        "{kind: Prompt, name: house, spec: {versions: {v1: {messages: [{system: Be kind.}, {request: {}}]}}, set: {temperature: 0.5}}}",
        "{kind: Route, name: open, spec: {surfaces: [openai], operations: [chat], serve: {models: [chat, spare], default: chat}, policies: [front-door, who, fair]}}",
        "{kind: Route, name: special, spec: {surfaces: [openai], operations: [chat], matches: [{headers: {x-team: support}, when: 'request.headers[\"x-more\"] != ()'}], serve: {models: [chat, spare], default: chat}, policies: [front-door, everybody, house]}}",
        "{kind: Route, name: score, spec: {matches: [{path: /score, methods: [POST]}], serve: {http: p}, anonymous: true, authorization: open}}",
    ]);
    let suites = suite(
        &program,
        &[
            "{as: staff, send: hello, upstream: {'*': ok}, expect: {status: 200, route: open, target: p/a/m}}",
            "{as: guest, send: hello, expect: {status: 403}}",
            "{as: nobody, send: hello, expect: {status: 401}}",
            "{as: staff, send: hello, upstream: {'p/a': busy, 'p/b': ok}, expect: {target: p/b/m}}",
            "{as: staff, send: {use: hello, headers: {x-team: support}}, upstream: {'*': ok}, expect: {route: open}}",
            "{as: staff, send: {use: hello, headers: {x-team: support, x-more: a}}, upstream: {'*': ok}, expect: {route: special}}",
            "{send: {post: /score, text: a}, upstream: {'*': ok}, expect: {route: score}}",
            "{send: {get: /score}, expect: {status: 404, route: {absent: true}}}",
            "{send: {post: /elsewhere, text: a}, expect: {status: 404, route: {absent: true}}}",
            "{as: staff, upstream: {'*': ok}, steps: [{send: hello, times: 3, expect: {status: 200}}, {send: hello, expect: {status: 429}}]}",
        ],
    );
    let settings = Settings::default();
    let trials = Trials::new(&program, baseline(&program, &suites, &settings), &settings);
    let (mut noticed, mut skipped) = (0, 0);
    for mutant in mutants(&program) {
        let subject = Subject::with_made_up_keys(mutant.apply(&keys::with_made_up(Program::clone(&program))));
        let fails: Vec<usize> = (0..)
            .zip(&suites.cases)
            .filter(|(_, case)| !run(case, &subject, &settings, &mut ()).passed())
            .map(|(index, _)| index)
            .collect();
        match trials.run(&mutant) {
            Verdict::Noticed { case, .. } => {
                assert!(fails.contains(&case), "{}", mutant.id);
                noticed += 1;
            }
            verdict => {
                assert_eq!(fails, Vec::<usize>::new(), "{} came to {verdict:?}", mutant.id);
                skipped += 1;
            }
        }
    }
    assert!(noticed > 10 && skipped > 3, "{noticed} noticed, {skipped} not");
}

#[test]
fn rows_of_a_matrix_share_their_scripts() {
    let program = program(&[
        "{kind: Model, name: chat, spec: {targets: [{target: p/a/m, priority: 1}, {target: p/b/m, priority: 2, when: 'request.headers[\"x-b\"] != ()'}]}}",
        OPEN,
    ]);
    // Only together do the rows call both: a row alone that leaves `p/b` alone has not failed.
    let cases = [
        "{matrix: {send.headers.x-b: ['1', '2']}, send: hello, upstream: {'p/a': [busy], 'p/b': ok}, expect: [{status: 200}, {status: 200}]}",
    ];
    let suites = suite(&program, &cases);
    let settings = Settings::default();
    let baseline = baseline(&program, &suites, &settings);
    assert_eq!((baseline.cases.len(), baseline.units.len()), (2, 1));
    let trials = Trials::new(&program, baseline, &settings);
    let all = mutants(&program);
    let dropped = all.iter().find(|mutant| mutant.id == "drop-target:chat/p/b/m").unwrap();
    assert!(matches!(trials.run(dropped), Verdict::Noticed { case: 0, .. }));
}
