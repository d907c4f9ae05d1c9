//! What is told of them.

use aigw_core::Share;

use super::*;

#[test]
fn counts_add_up_and_every_survivor_is_named() {
    let (program, sources) = with_sources(&[
        MODEL,
        "{kind: Limit, name: fair, spec: {per: consumer, rules: [{name: rpm, requests: 3, window: 1m}]}}",
        "{kind: Route, name: known, spec: {surfaces: [openai], operations: [chat], serve: {models: [chat], default: chat}, policies: [front-door, everybody, fair]}}",
        "{kind: Route, name: score, spec: {matches: [{path: /score, methods: [POST]}], serve: {http: p/a}, policies: [front-door, everybody]}}",
    ]);
    let suites = suite(
        &program,
        &[
            "{name: three and no more, as: staff, upstream: {'*': ok}, steps: [{send: hello, times: 3, expect: {status: 200}}, {send: hello, expect: {status: 429}}]}",
        ],
    );
    let settings = Settings::default();
    let trials = Trials::new(&program, baseline(&program, &suites, &settings), &settings);
    let tried: Vec<_> = mutants(&program)
        .into_iter()
        .map(|mutant| {
            let verdict = trials.run(&mutant);
            (mutant, verdict)
        })
        .collect();
    let about = About { program: &program, sources: &sources, cases: trials.cases() };
    let report = MutationReport::new(&about, &tried, 7, 1);
    insta::assert_json_snapshot!(report);
    assert_eq!(report.counts.valid() + report.counts.invalid, report.mutants.len());
    assert_eq!(report.survivors().count(), report.counts.survived());
    let of_kinds: usize = report.kinds.iter().map(|kind| kind.counts.valid() + kind.counts.invalid).sum();
    assert_eq!(of_kinds, report.mutants.len());
}

#[test]
fn a_score_is_rounded_down_and_absent_where_nothing_was_tried() {
    let score = |noticed, unnoticed, invalid| Counts { noticed, unnoticed, unreached: 0, invalid }.score();
    assert_eq!(score(2, 1, 5), Some(Share::from_ppm(666_600)));
    assert_eq!(score(3, 0, 0), Some(Share::ALL));
    assert_eq!(score(0, 0, 1), None);
    assert_eq!(score(9_999, 1, 0), Some(Share::from_ppm(999_900)));
    assert_eq!(score(999_999, 1, 0), Some(Share::from_ppm(999_900)), "nothing but all is all");
}
