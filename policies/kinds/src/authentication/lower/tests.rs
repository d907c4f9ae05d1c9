use insta::assert_snapshot;

use crate::testing::{findings, program};

#[test]
fn a_policy_has_a_method_and_its_headers_are_headers() {
    let yaml = "kind: Authentication
metadata: {name: a}
spec: {methods: {}}
---
kind: Authentication
metadata: {name: b}
spec: {methods: {apiKey: {headers: [x-key, X-Key, 'a b']}}}
";
    assert_snapshot!(findings(yaml), @"
    4:8 C032 there is no method | write `apiKey: {}`, `jwt: […]`, `mtls: {ca: NAME}`, `anonymous: true`, or several
    9:44 C031 `x-key` stands twice in this list | remove one of them
    9:51 C027 `a b` is not the name of a header | write letters, digits and `-`
    ");
}

#[test]
fn the_usual_headers_are_the_default() {
    let plans = program("kind: Consumer\nmetadata: {name: a}\nspec: {}\n").authentications;
    assert_eq!(plans.iter().map(|plan| plan.api_key_headers.join(" ")).collect::<Vec<_>>(), ["authorization api-key x-api-key"]);
}
