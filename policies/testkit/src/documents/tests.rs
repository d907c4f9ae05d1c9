#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::json;

use super::*;

const SUITE: &str = "apiVersion: aigw.dev/v1
kind: TestSuite
metadata: {name: whole}
spec:
  params: {a: b}
  fixtures:
    identities: {a: {consumer: a, credential: b}, b: {anonymous: true}}
    requests: {a: {use: b, headers: {a: b}, chat: {model: a, messages: [{}]}, set: {/a: 1}, cancel: {afterChunks: 1}, ip: 192.0.2.1}}
    upstreams: {a: {status: 200, after: 1s, stream: [{text: a}, {wait: 1s}, {usage: {input: 1}}, {end: cut}], slow: {bytes: 1, every: 1s}}}
  cases:
    - {name: a, as: b, send: a, times: 2, upstream: {p: [a, {text: b}], q: a}, expect: [{status: 200}, {status: {between: [1, 2]}}]}
    - {steps: [{send: {get: /}, together: true, expect: {shares: {by: target, within: 1%, a: 80%, b: 5}}}, {advance: 1m}, {store: down}]}
    - {sample: {of: a, times: 5, vary: {a: b}}, matrix: {as: [a, 1]}, expect: {body: {exactly: {}, text: {regex: a}, /a: {length: {oneOf: [1]}}}}}
    - {send: a, expect: {took: {about: 1, within: 5%}, stream: {ends: done, usage: true}, decidedBy: [a], attempts: [a], record: {/a: {equals: null}}}}
";

fn documents(text: &str) -> Vec<Document> {
    let mut sources = Sources::new();
    let file = sources.add("a.test.yaml", text);
    aigw_source::read(&sources, file, &Limits::default(), &mut Findings::new())
}

fn pointers(value: &Value) -> Vec<String> {
    let entries: Vec<(String, &Value)> = match value {
        Value::Array(items) => items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect(),
        Value::Object(members) => members.iter().map(|(key, member)| (crate::load::escape(key), member)).collect(),
        _ => Vec::new(),
    };
    let below = |(step, value): (String, &Value)| {
        let inner = pointers(value).into_iter().map(|pointer| format!("/{step}{pointer}")).collect::<Vec<_>>();
        std::iter::once(format!("/{step}")).chain(inner)
    };
    entries.into_iter().flat_map(below).collect()
}

/// Every value is replaced by others of every type, one at a time: our walk and a general validator must agree each time.
#[test]
fn editors_and_the_verb_agree_on_every_small_change() {
    let replacements =
        [json!(null), json!(true), json!(0), json!(1.5), json!(""), json!("x"), json!([]), json!({}), json!({"x": 1})];
    let schema = suite_schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let whole = documents(SUITE).remove(0).root.to_json();
    assert!(validator.is_valid(&whole));
    for pointer in pointers(&whole) {
        for replacement in &replacements {
            let mut changed = whole.clone();
            *changed.pointer_mut(&pointer).unwrap() = replacement.clone();
            let ours = aigw_compile::structure(&schema, &documents(&changed.to_string()).remove(0)).is_empty();
            assert_eq!(ours, validator.is_valid(&changed), "{pointer} {replacement}");
        }
    }
}

/// What fits the schema can be bound, but for what no schema says.
#[test]
fn what_fits_the_schema_is_understood() {
    let mut findings = Findings::new();
    let document = documents(SUITE).remove(0);
    assert!(bind::<Envelope<SuiteSpec>>(&document.root, &mut findings).is_some(), "{findings:?}");
}

#[test]
fn names_of_files_say_what_they_hold() {
    for suite in ["a.test.yaml", "x/a.test.yml", "fixtures/a.test.yaml"] {
        assert!(is_suite_file(suite) && !is_fixtures_file(suite), "{suite}");
    }
    for fixtures in ["fixtures/a.yaml", "x/y/fixtures/a.yml"] {
        assert!(is_fixtures_file(fixtures) && !is_suite_file(fixtures), "{fixtures}");
    }
    for neither in ["a.yaml", "test.yaml", "fixtures.yaml", "fixtures/x/a.yaml", "my-fixtures/a.yaml", "fixtures/a.json"] {
        assert!(!is_fixtures_file(neither) && !is_suite_file(neither), "{neither}");
    }
}
