use std::collections::BTreeMap;

use aigw_kinds::Kind;
use aigw_source::Limits;
use proptest::prelude::*;

use super::*;

fn compile_text(text: &str) -> Compiled {
    compile_files(&[("p.yaml", text)])
}

fn compile_files(files: &[(&str, &str)]) -> Compiled {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
    compile(Input { files, refused: Vec::new() }, &Limits::default())
}

/// `line:column CODE message | help`, a line each.
fn findings(compiled: &Compiled) -> String {
    let lines = compiled.findings.iter().map(|finding| {
        let position = compiled.sources.position(finding.span().file, finding.span().start);
        let help = finding.help.as_deref().map(|help| format!(" | {help}")).unwrap_or_default();
        format!("{}:{} {} {}{help}", position.line, position.column, finding.rule.code, finding.message)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn model(spec: &str) -> String {
    format!("apiVersion: aigw.dev/v1\nkind: Model\nmetadata: {{name: chat}}\nspec:\n{spec}")
}

#[test]
fn every_schema_compiles() {
    for kind in Kind::ALL {
        let schema = aigw_kinds::schema::schema_of(*kind);
        assert!(jsonschema::validator_for(&schema).is_ok(), "{kind}");
    }
}

#[test]
fn all_structural_faults_are_said_at_once_each_at_its_place() {
    let compiled = compile_text(&model(
        "  operatoin: chat\n  balance: random\n  targets:\n    - {target: p/m, weigth: 3, priority: high}\n  retry: {attempts: 0, backoff: {base: 200, max: \"5\"}}\n",
    ));
    insta::assert_snapshot!(findings(&compiled), @"
    5:3 C001 unknown key `operatoin` | did you mean `operation`?
    6:12 C027 unknown word `random` | only `weighted` can be written here
    8:21 C001 unknown key `weigth` | did you mean `weight`?
    8:42 C025 expected a whole number, found the text `high`
    9:21 C027 `0` is out of bounds | write a number from 1 to 20
    9:40 C005 `200` has no unit | write the duration with its unit, such as `30s`
    9:50 C005 `5` has no unit | write the duration with its unit, such as `30s`
    ");
    assert!(compiled.program.is_none());
}

#[test]
fn kinds_versions_and_missing_parts_are_named() {
    let unknown_kind = compile_text("apiVersion: aigw.dev/v1\nkind: Rout\nmetadata: {name: a}\nspec: {}\n");
    insta::assert_snapshot!(findings(&unknown_kind), @"2:7 C027 `Rout` is not a kind | did you mean `Route`?");
    let no_kind = compile_text("apiVersion: aigw.dev/v1\nmetadata: {name: a}\n");
    insta::assert_snapshot!(findings(&no_kind), @"1:13 C026 the document has no `kind` | one of `Gateway`, `Provider`, `Model`, `Route`, `Tenant`, `Consumer`, `Product`, `Subscription`, `Authentication`, `Authorization`, `Validation`, `Limit`, `Prompt`");
    let newer = compile_text("apiVersion: aigw.dev/v2\nkind: Route\nmetadata: {name: a}\nspec: {}\n");
    insta::assert_snapshot!(findings(&newer), @"1:13 C027 `aigw.dev/v2` is not a version of the policy language | this version reads `aigw.dev/v1`");
    let bare = compile_text("apiVersion: aigw.dev/v1\nkind: Model\n");
    insta::assert_snapshot!(findings(&bare), @"
    2:1 C026 the key `metadata` is missing | add `metadata: …`
    2:1 C026 the key `spec` is missing | add `spec: …`
    ");
}

#[test]
fn files_of_others_are_skipped_and_said_to_be() {
    let compiled = compile_files(&[
        ("a.yaml", "apiVersion: apps/v1\nkind: Deployment\n"),
        ("kustomization.yaml", "resources: []\n"),
        ("b.test.yaml", "apiVersion: aigw.dev/v1\nkind: TestSuite\n"),
        ("c.rhai", "fn x() {}"),
        ("broken.yaml", "a: [1"),
    ]);
    let skipped: Vec<_> = compiled.skipped.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(skipped, ["a.yaml", "b.test.yaml", "broken.yaml", "c.rhai", "kustomization.yaml"]);
    assert!(compiled.repository.documents.is_empty());
}

#[test]
fn tests_are_left_out_of_bundles_and_fixtures_elsewhere_are_a_mistake() {
    let provider = "apiVersion: aigw.dev/v1\nkind: Provider\nmetadata: {name: up}\nspec: {type: mock}\n";
    let fixtures = "apiVersion: aigw.dev/v1\nkind: TestFixtures\nmetadata: {name: f}\nspec: {}\n";
    let suite = "apiVersion: aigw.dev/v1\nkind: TestSuite\nmetadata: {name: s}\nspec: {cases: []}\n";
    let compiled = compile_files(&[("up.yaml", provider), ("fixtures/f.yaml", fixtures), ("s.test.yaml", suite)]);
    let skipped: Vec<String> = compiled.skipped.iter().map(|(path, why)| format!("{path}: {why}")).collect();
    assert_eq!(
        skipped,
        [
            "fixtures/f.yaml:1: it holds fixtures of tests: `aigw test` judges it",
            "s.test.yaml: it holds tests: `aigw test` judges it"
        ]
    );
    let members = compiled.program.as_ref().and_then(|program| bundle_members(&compiled, program).ok()).unwrap_or_default();
    let sources: Vec<&str> = members.keys().map(String::as_str).filter(|path| path.ends_with(".yaml")).collect();
    assert_eq!(sources, ["sources/up.yaml"]);
    insta::assert_snapshot!(findings(&compile_files(&[("f.yaml", fixtures), ("s.yaml", suite), ("t.yaml", &suite.replace("Suite", "Siute"))])), @"
    2:7 C027 `TestFixtures` is not a kind | `TestFixtures` stand in a YAML file of a folder named `fixtures`
    2:7 C027 `TestSuite` is not a kind | a `TestSuite` stands in a file whose name ends with `.test.yaml`
    2:7 C027 `TestSiute` is not a kind | a `TestSuite` stands in a file whose name ends with `.test.yaml`
    ");
}

#[test]
fn paths_that_were_refused_are_findings() {
    let input =
        Input { files: BTreeMap::new(), refused: vec![("x.yaml".to_owned(), "the link leaves the policy folder".to_owned())] };
    let compiled = compile(input, &Limits::default());
    assert_eq!(compiled.findings.iter().map(|finding| finding.rule.code).collect::<Vec<_>>(), ["C009"]);
}

#[test]
fn of_too_many_findings_the_first_are_kept_and_the_rest_counted() {
    let keys: String = (0..90).map(|index| format!("  key{index}: 1\n")).collect();
    let files: Vec<(String, String)> = (0..120).map(|index| (format!("{index:03}.yaml"), model(&keys))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let compiled = compile_files(&files);
    assert_eq!(compiled.findings.len(), MAX_FINDINGS + 1);
    assert_eq!(compiled.findings.iter().last().map(|finding| finding.rule.code), Some("C042"));
}

#[test]
fn what_cannot_be_read_is_told_once() {
    let route = "apiVersion: aigw.dev/v1
kind: Route
metadata: {name: r}
spec: {surfaces: [openai], serve: {models: [chat]}, policies: [who]}
---
apiVersion: aigw.dev/v1
kind: Gateway
metadata: {name: g}
spec: {policies: [front-door]}
";
    let check = |other: &str, code: &str| {
        let route = if other.contains("Chat_1") { route.replace("chat", "Chat_1") } else { route.to_owned() };
        let compiled = compile_files(&[("a.yaml", &route), ("b.yaml", other)]);
        let errors = compiled.findings.iter().filter(|finding| finding.level == Level::Error);
        assert_eq!(errors.map(|finding| finding.rule.code).collect::<Vec<_>>(), [code], "{}", findings(&compiled));
    };
    let rest = "---\napiVersion: aigw.dev/v1\nkind: Authorization\nmetadata: {name: who}\nspec: {rules: [{name: a, allow: {}}]}
---\napiVersion: aigw.dev/v1\nkind: Authentication\nmetadata: {name: front-door}\nspec: {methods: {apiKey: {}}}\n";
    let model = "apiVersion: aigw.dev/v1\nkind: Model\nmetadata: {name: chat}\nspec: {targets: [{target: up/m}]}\n";
    let provider = "---\napiVersion: aigw.dev/v1\nkind: Provider\nmetadata: {name: up}\nspec: {type: mock}\n";
    check(&format!("{model}{provider}---\napiVersion: aigw.dev/v1\nspec: {{a: [}}\n"), "C000");
    check(&format!("{}{provider}{rest}", model.replace("kind: Model", "kind: Modl")), "C027");
    check(&format!("{}{provider}{rest}", model.replace("kind: Model", "kind: Xyz")), "C027");
    check(&format!("{}{provider}{rest}", model.replace("aigw.dev/v1", "aigw.dev/v2")), "C027");
    check(&format!("{}{provider}{rest}", model.replace("targets", "tragets")), "C001");
    check(&format!("{}{provider}{rest}", model.replace("up/m", "upp/m")), "B202");
    check(&format!("{model}{provider}{}", rest.replace("front-door", "front-dor")), "C030");
    check(&format!("{}{provider}{rest}", model.replace("name: chat", "name: Chat_1")), "C027");
}

/// Applies every fix of the errors of a text and expects the text to be `mended`, and to have no errors then.
#[test]
fn fixes_put_right_what_they_are_about_and_nothing_else() {
    let text = "apiVersion: aigw.dev/v1
kind: Model
metadata: {name: chat}
spec: {targets: [{target: \"upp/a/m\", weigth: 2}, {target: upp/m}], retry: {retryOn: [5xy], backoff: {base: 1s}}}
---
apiVersion: aigw.dev/v1
kind: Provider
metadata: {name: up, labels: {cost: 4711}}
spec: {type: openai, endpoints: {a: {auth: {apiKey: {secret: s}}}}}
---
apiVersion: aigw.dev/v1
kind: Route
metadata: {name: r}
spec: {surfaces: [openai], serve: {models: [caht]}, policies: [who, frontdoor], priority: \"5\"}
---
apiVersion: aigw.dev/v1
kind: Authentication
metadata: {name: front-door}
spec: {methods: {apiKey: {}}}
---
apiVersion: aigw.dev/v1
kind: Authorisation
metadata: {name: who}
spec: {rules: [{name: a, allow: {}}]}
";
    let mut mended = text.to_owned();
    // What hides something else is mended first.
    for _ in 0..3 {
        let compiled = compile_text(&mended);
        let errors = compiled.findings.iter().filter(|finding| finding.level == Level::Error);
        let edits: Vec<_> = errors.filter_map(|finding| finding.fix.as_ref()).flat_map(|fix| fix.edits.clone()).collect();
        mended = aigw_source::apply_edits(&mended, &edits).unwrap_or_default();
    }
    let expected = [
        ("\"upp/a/m\"", "\"up/a/m\""),
        ("weigth", "weight"),
        ("upp/m", "up/m"),
        ("5xy", "5xx"),
        ("4711", "\"4711\""),
        ("caht", "chat"),
        ("frontdoor", "front-door"),
        ("\"5\"", "5"),
        ("Authorisation", "Authorization"),
    ];
    let expected = expected.iter().fold(text.to_owned(), |text, (wrong, right)| text.replace(wrong, right));
    assert_eq!(mended, expected);
    assert!(compile_text(&mended).program.is_some(), "{}", findings(&compile_text(&mended)));
}

/// Everything that a short text could become much of, from files of a few kilobytes.
#[test]
fn small_folders_cannot_become_much_work() {
    let hosts = (0..900).map(|index| format!("h{index}.example")).collect::<Vec<_>>().join(", ");
    let matches = (0..900).map(|index| format!("{{headers: {{x: v{index}}}}}")).collect::<Vec<_>>().join(", ");
    let route = format!(
        "apiVersion: aigw.dev/v1\nkind: Route\nmetadata: {{name: r}}\nspec: {{hosts: [{hosts}], surfaces: [openai, azure-openai], \
         matches: [{matches}], serve: {{models: [chat]}}, anonymous: true, authorization: open}}\n"
    );
    let unknown = (0..900).map(|index| format!("policy-{index}")).collect::<Vec<_>>().join(", ");
    let gateway = format!(
        "apiVersion: aigw.dev/v1\nkind: Gateway\nmetadata: {{name: g}}\nspec: {{attach: [{{policies: [{unknown}], routes: {{names: [r]}}}}]}}\n"
    );
    let begun = std::time::Instant::now();
    let compiled = compile_files(&[("r.yaml", &route), ("g.yaml", &gateway)]);
    assert!(compiled.findings.iter().any(|finding| finding.rule.code == "C038"), "{}", findings(&compiled));
    assert!(begun.elapsed() < std::time::Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn a_thousand_policies_are_judged_quickly() {
    let provider = "apiVersion: aigw.dev/v1\nkind: Provider\nmetadata: {name: up}\nspec: {type: mock}\n";
    let mut files = vec![("p.yaml".to_owned(), provider.to_owned())];
    for index in 0..250 {
        files.push((
            format!("{index}.yaml"),
            format!(
                "apiVersion: aigw.dev/v1
kind: Model
metadata: {{name: m{index}}}
spec: {{targets: [{{target: up/m{index}, when: 'identity.labels.tier == \"gold\"'}}, {{target: up/x, priority: 2}}]}}
---
apiVersion: aigw.dev/v1
kind: Limit
metadata: {{name: l{index}}}
spec: {{per: [consumer, {{expr: request.path}}], rules: [{{name: rpm, requests: 60, window: 1m}}, {{name: open, concurrency: 5}}]}}
---
apiVersion: aigw.dev/v1
kind: Prompt
metadata: {{name: p{index}}}
spec: {{parameters: {{properties: {{a: {{type: string}}}}}}, versions: {{v1: {{messages: [{{system: 'Hi {{{{ a }}}}'}}, {{request: {{}}}}]}}}}}}
---
apiVersion: aigw.dev/v1
kind: Route
metadata: {{name: r{index}}}
spec:
  surfaces: [openai]
  matches: [{{headers: {{x-team: t{index}}}}}]
  serve: {{models: [m{index}]}}
  policies: [l{index}, p{index}]
  anonymous: true
  authorization: open
"
            ),
        ));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let begun = std::time::Instant::now();
    let compiled = compile_files(&files);
    assert!(compiled.program.is_some(), "{}", findings(&compiled));
    // Without optimisation, on a busy machine; `tests/bench` holds the real figure.
    assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?}", begun.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_example_with_any_byte_changed_never_panics(kind in prop::sample::select(Kind::ALL), at: prop::sample::Index, byte: u8) {
        let files = Kind::ALL.iter().map(|kind| (format!("{kind}.yaml"), aigw_kinds::example(*kind).as_bytes().to_vec()));
        let mut files: BTreeMap<String, Vec<u8>> = files.collect();
        if let Some(bytes) = files.get_mut(&format!("{kind}.yaml")) {
            let at = at.index(bytes.len());
            bytes.splice(at..=at, [byte]);
        }
        let compiled = compile(Input { files, refused: Vec::new() }, &Limits::default());
        prop_assert_eq!(compiled.program.is_some(), !compiled.findings.has_errors());
        if let Some(program) = &compiled.program {
            prop_assert_eq!(program.check_ids(), Ok(()));
        }
    }

    #[test]
    fn no_text_panics(text in ".{0,200}", kind in prop::sample::select(Kind::ALL)) {
        compile_text(&format!("apiVersion: aigw.dev/v1\nkind: {kind}\nmetadata: {{name: a}}\nspec:\n  {text}"));
    }
}
