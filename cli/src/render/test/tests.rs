//! Every format of the same run, of one that finds faults in its tests, and of one without a test.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;

use aigw_testkit::results::{Results, results_schema};
use serde_json::Value;

use super::*;
use crate::commands::test::testing::{Ran, ran};

const GATEWAY: &str = include_str!("tests/gateway.yaml");
const CHAT: &str = include_str!("tests/chat.test.yaml");
const MORE: &str = include_str!("tests/more.test.yaml");

fn files(files: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
    files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}

fn mixed() -> Ran {
    ran(files(&[
        ("gateway.yaml", GATEWAY),
        ("chat.test.yaml", CHAT),
        ("more.test.yaml", MORE),
        ("__snapshots__/old.json", "{}\n"),
    ]))
}

fn faulty() -> Ran {
    let chat = CHAT.replace("as: app\n      send: hello", "as: apq\n      send: hallo");
    ran(files(&[
        ("gateway.yaml", GATEWAY),
        ("chat.test.yaml", &chat),
        ("more.test.yaml", &MORE.replace("apiVersion", "apiversion")),
    ]))
}

fn shown(ran: &Ran, every_case: bool, format: TestFormat, colored: bool) -> String {
    let shown = Shown {
        results: &ran.results,
        sources: &ran.sources,
        findings: &ran.findings,
        again: &|name| format!("aigw test policies --run '{name}'"),
        base: "policies/",
        every_case,
        most_findings: 50,
        most_failures: 20,
    };
    render(&shown, format, colored)
}

#[test]
fn pretty_explains_what_failed() {
    insta::assert_snapshot!(shown(&mixed(), false, TestFormat::Pretty, false));
}

#[test]
fn pretty_lists_every_case_and_colours() {
    let passed = ran(files(&[("gateway.yaml", GATEWAY), ("more.test.yaml", MORE)]));
    insta::assert_snapshot!(shown(&passed, true, TestFormat::Pretty, false));
    let colored = shown(&mixed(), false, TestFormat::Pretty, true);
    assert!(colored.contains("\x1b[32m    +  \"max_tokens\": 2000,\x1b[0m"), "what came is green: {colored}");
    assert!(!shown(&mixed(), false, TestFormat::Pretty, false).contains('\x1b'));
}

#[test]
fn machines_read_json_that_fits_its_schema() {
    for (ran, status) in [(mixed(), "failed"), (faulty(), "invalid"), (ran(files(&[("gateway.yaml", GATEWAY)])), "no_test")] {
        let json: Value = serde_json::from_str(&shown(&ran, false, TestFormat::Json, false)).unwrap();
        assert_eq!(json["status"], status);
        let validator = jsonschema::validator_for(&results_schema()).unwrap();
        assert_eq!(validator.iter_errors(&json).map(|fault| fault.to_string()).collect::<Vec<_>>(), Vec::<String>::new());
        let mut wrong = json;
        wrong["summary"]["cases"] = "many".into();
        assert!(!validator.is_valid(&wrong));
    }
    insta::assert_snapshot!(shown(&mixed(), false, TestFormat::Json, false));
}

#[test]
fn machines_read_junit_tap_and_annotations() {
    for format in [TestFormat::Junit, TestFormat::Tap, TestFormat::Github] {
        insta::assert_snapshot!(format!("{format:?}_of_a_run"), shown(&mixed(), false, format, false));
        insta::assert_snapshot!(format!("{format:?}_of_faults"), shown(&faulty(), false, format, false));
    }
}

#[test]
fn faults_of_tests_are_drawn_as_validate_draws_them() {
    insta::assert_snapshot!(shown(&faulty(), false, TestFormat::Pretty, false));
}

#[test]
fn no_test_is_green_in_no_format() {
    let nothing = ran(files(&[("gateway.yaml", GATEWAY)]));
    assert!(shown(&nothing, false, TestFormat::Junit, false).contains("errors=\"1\""));
    assert!(shown(&nothing, false, TestFormat::Tap, false).contains("Bail out! no test ran"));
}

#[test]
fn more_failures_than_are_explained_are_named() {
    let ran = mixed();
    let shown = Shown {
        results: &ran.results,
        sources: &ran.sources,
        findings: &[],
        again: &|name| name.to_owned(),
        base: "",
        every_case: false,
        most_findings: 50,
        most_failures: 1,
    };
    let text = render(&shown, TestFormat::Pretty, false);
    assert!(text.contains("FAILED chat / a minute's limit isn't met chat.test.yaml:23:7\n"), "{text}");
    assert!(text.contains("`--max-failures` explains more of them"), "{text}");
}

#[test]
fn control_characters_of_names_stay_out_of_lines() {
    let chat = CHAT.replace("name: callers are answered", r#"name: "a\nnot ok 9 # skip \\ \e[31m""#);
    let ran = ran(files(&[("gateway.yaml", GATEWAY), ("chat.test.yaml", &chat)]));
    let tap = shown(&ran, false, TestFormat::Tap, false);
    assert!(tap.contains("ok 1 - chat / a not ok 9 \\# skip \\\\  [31m\n"), "{tap}");
    let pretty = shown(&ran, true, TestFormat::Pretty, false);
    assert!(!pretty.contains('\x1b'), "{pretty}");
    let _: &Results = &ran.results;
}
