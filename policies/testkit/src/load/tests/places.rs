//! Which files hold tests, and what stands in them.

use crate::testing::{findings, loaded, suite};

const REQUESTS: &str = "requests: {hello: {post: /v1/chat/completions, chat: {model: chat, user: Hi}}}";
const CASE: &str = "- {send: hello, expect: {status: 401}}";

#[test]
fn a_file_holds_several_suites() {
    let two = format!("{}---\n{}", suite(REQUESTS, CASE), suite(REQUESTS, CASE).replace("name: suite", "name: other"));
    let suites = loaded(&[("a.test.yaml", &two)]);
    assert!(suites.findings.is_empty(), "{:?}", suites.findings);
    assert_eq!((suites.suites, suites.cases.len()), (2, 2));
    let twice = format!("{}---\n{}", suite(REQUESTS, CASE), suite(REQUESTS, CASE));
    insta::assert_snapshot!(findings(&[("a.test.yaml", &twice)]), @"a.test.yaml:12:18 V105 there are two suites of the name `suite` | give one of them another name");
}

#[test]
fn files_of_tests_hold_suites_and_nothing_else() {
    let document = |kind: &str| format!("apiVersion: aigw.dev/v1\nkind: {kind}\nmetadata: {{name: x}}\nspec: {{}}\n");
    insta::assert_snapshot!(findings(&[
        ("a.test.yaml", ""),
        ("b.test.yaml", "# nothing yet\n"),
        ("c.test.yaml", &document("Route")),
        ("d.test.yaml", &document("TestSuit")),
        ("e.test.yaml", &document("TestFixtures")),
        ("f.test.yaml", &document("TestSuite").replace("v1", "v2")),
        ("g.test.yaml", "a: [\n"),
        ("h.test.yaml", &document("TestSuite")),
    ]), @"
    a.test.yaml:1:1 V111 there is no suite in this file | write a document of kind `TestSuite`, or rename the file
    b.test.yaml:1:1 V111 there is no suite in this file | write a document of kind `TestSuite`, or rename the file
    c.test.yaml:2:7 V111 `Route` does not stand in a file of tests, which holds documents of kind `TestSuite` | put it into a file whose name does not end with `.test.yaml`: here nobody reads it
    d.test.yaml:2:7 V111 `TestSuit` does not stand in a file of tests, which holds documents of kind `TestSuite` | did you mean `TestSuite`?
    e.test.yaml:2:7 V111 `TestFixtures` does not stand in a file of tests, which holds documents of kind `TestSuite` | put it into a YAML file of a folder named `fixtures`
    f.test.yaml:1:13 C027 `aigw.dev/v2` is not a version of the policy language | write `apiVersion: aigw.dev/v1`
    g.test.yaml:1:4 C000 this `[` is never closed | add the missing bracket
    h.test.yaml:4:1 C026 the key `cases` is missing | add `cases: …`
    ");
}

#[test]
fn test_documents_elsewhere_are_read_by_nobody() {
    let fixtures = "apiVersion: aigw.dev/v1\nkind: TestFixtures\nmetadata: {name: x}\nspec: {}\n";
    insta::assert_snapshot!(findings(&[
        ("policies.yaml", &suite(REQUESTS, CASE)),
        ("shared.yaml", fixtures),
        ("fixtures/deeper/shared.yaml", fixtures),
        ("fixtures/good.yaml", fixtures),
        ("fixtures/policy.yaml", &fixtures.replace("TestFixtures", "Route")),
        ("fixtures/foreign.yaml", "a: b\n"),
    ]), @"
    fixtures/deeper/shared.yaml:2:7 V111 nobody reads a `TestFixtures` in this file | put it into a YAML file of a folder named `fixtures`
    policies.yaml:2:7 V111 nobody reads a `TestSuite` in this file | rename the file, so that its name ends with `.test.yaml`
    shared.yaml:2:7 V111 nobody reads a `TestFixtures` in this file | put it into a YAML file of a folder named `fixtures`
    ");
}

#[test]
fn traps_of_yaml_are_told_in_tests_too() {
    let said = findings(&[("a.test.yaml", &suite(REQUESTS, "- {send: {use: hello, headers: {x: yes}}, expect: {status: 401}}"))]);
    assert!(said.contains("C004"), "{said}");
}
