//! Cases that pass without proving anything do not pass.

use std::collections::BTreeMap;

use crate::Settings;
use crate::testing::{FIXTURES, failed, failures, pass, reports_of, suite};

#[test]
fn a_script_that_is_never_played_fails_its_case() {
    assert_eq!(
        failures("- {name: x, as: app, send: hello, upstream: {p/a: ok, p/b: ok}, expect: {status: 200}}"),
        "x: unused-script `p/b` was never called: the case would pass without what it answers"
    );
    assert_eq!(
        failures("- {name: x, as: app, send: hello, upstream: {p/a: [ok, ok, ok]}, expect: {status: 200}}"),
        "x: unused-script `p/a` gave 1 of its 3 answers: the rest proves nothing"
    );
    let replaced = "- {name: x, as: app, upstream: {p/a: ok, p/b: ok}, steps: [{send: hello, expect: {status: 200}}, {upstream: {p/b: {status: 503}}}, {send: hello, expect: {status: 200}}]}";
    assert_eq!(failures(replaced), "x: unused-script `p/b` was never called: the case would pass without what it answers");
}

#[test]
fn a_script_of_a_matrix_is_played_in_one_of_its_rows() {
    let matrix = |upstream: &str| {
        failures(&format!(
            "- {{name: x, as: app, send: hello, matrix: {{send.set./model: [chat, nothing]}}, upstream: {{{upstream}}}, expect: [{{status: 200}}, {{status: 404}}]}}"
        ))
    };
    assert_eq!(matrix("p/a: ok"), "");
    assert_eq!(
        matrix("p/a: ok, p/b: ok"),
        "x [model=chat]: unused-script `p/b` was never called: the case would pass without what it answers"
    );
}

#[test]
fn a_call_beyond_the_script_fails_its_case() {
    let twice = failures(
        "- {name: x, as: app, send: hello, times: 2, upstream: {p/a: [ok]}, expect: {attempts: {}}}"
            .replace("attempts: {}", "calls: {between: [1, 2]}")
            .as_str(),
    );
    assert!(twice.starts_with("x: unscripted-call `p/a` was called, and `p/a` had given its last answer, number 1"), "{twice}");
    let unknown = failures("- {name: x, as: app, send: hello, expect: {outcome: failed}}");
    assert!(unknown.starts_with("x: unscripted-call `p/a` was called, and `upstream` does not say what it answers"), "{unknown}");
}

#[test]
fn no_route_fails_unless_it_was_expected() {
    let lost = |expect: &str| failures(&format!("- {{name: x, as: app, send: {{get: /nowhere}}, expect: {expect}}}"));
    assert_eq!(lost("{status: 404}"), "x: no-route no route matched GET /nowhere");
    assert_eq!(lost("{status: 404, code: route_not_found}"), "");
    assert_eq!(lost("{status: 404, route: {absent: true}}"), "");
    // What one step expects, another does not.
    let steps = "- {name: x, as: app, steps: [{send: {get: /nowhere}, expect: {route: {absent: true}}}, {send: {get: /elsewhere}, expect: {status: 404}}]}";
    assert_eq!(failures(steps), "x: no-route no route matched GET /elsewhere");
}

#[test]
fn snapshots_are_compared_and_never_taken_by_themselves() {
    let text = suite(
        FIXTURES,
        "- {name: x, as: app, send: hello, upstream: {p/a: ok}, expect: {snapshot: whole, body: {snapshot: body}, sent: {body: {snapshot: sent}}}}",
    );
    let new = reports_of(&text, &Settings::default());
    assert_eq!(
        failed(&new),
        "x: new-snapshot there is no snapshot `whole` yet\nx: new-snapshot there is no snapshot `body` yet\nx: new-snapshot there is no snapshot `sent` yet"
    );
    let snapshots: BTreeMap<String, String> =
        new[0].1.snapshots.iter().map(|snapshot| (snapshot.path.clone(), snapshot.text.clone())).collect();
    insta::assert_snapshot!(snapshots["__snapshots__/suite.whole.json"]);
    assert_eq!(snapshots.keys().cloned().collect::<Vec<_>>(), new[0].0.snapshots().into_iter().collect::<Vec<_>>());
    let settings = Settings { seed: 5, snapshots: snapshots.clone() };
    assert_eq!(failed(&reports_of(&text, &settings)), "");
    let changed = snapshots.into_iter().map(|(path, text)| (path, text.replace("Hi.", "Ho."))).collect();
    let reports = reports_of(&text, &Settings { seed: 0, snapshots: changed });
    assert_eq!(
        failed(&reports),
        "x: snapshot the snapshot `whole` shows something else\nx: snapshot the snapshot `body` shows something else"
    );
    let diff = reports[0].1.failures[1].diff.as_deref().unwrap();
    assert!(diff.contains("-        \"content\": \"Ho.\"\n+        \"content\": \"Hi.\""), "{diff}");
}

#[test]
fn rows_of_a_matrix_have_snapshots_of_their_own() {
    let text = suite(
        FIXTURES,
        "- {name: x, as: app, matrix: {send.set./model: [chat, random]}, send: hello, upstream: {'*': ok}, expect: {body: {snapshot: one}}}",
    );
    let paths: Vec<String> = reports_of(&text, &Settings::default()).iter().flat_map(|(case, _)| case.snapshots()).collect();
    assert_eq!(paths, ["__snapshots__/suite.one.1.json", "__snapshots__/suite.one.2.json"]);
}

#[test]
fn only_the_first_of_many_failures_is_told() {
    let cases = "- {name: x, as: app, send: hello, times: 1000, upstream: {p/a: ok}, expect: {status: 201}}";
    assert_eq!(failures(cases).lines().count(), 1);
    pass("- {name: x, as: app, send: hello, times: 100, upstream: {p/a: ok}, expect: {status: 200}}");
}
