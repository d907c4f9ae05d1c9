use insta::assert_snapshot;

use crate::testing::{findings, program};

#[test]
fn names_are_unique_within_a_kind_and_across_policies() {
    let yaml = "kind: Gateway
metadata: {name: a}
spec: {}
---
kind: Gateway
metadata: {name: b}
spec: {}
---
kind: Limit
metadata: {name: front-door}
spec: {per: global, rules: [{name: a, concurrency: 1}]}
---
kind: Model
metadata: {name: chat}
spec: {targets: [{target: up/m}]}
---
kind: Consumer
metadata: {name: chat}
spec: {}
";
    assert_snapshot!(findings(yaml), @"
    8:18 C033 a repository has one Gateway, and this is another | join them in one document
    13:18 C031 there is a policy named `front-door` already: the Authentication | give one of them another name
    18:18 C031 there is another Model named `chat` | give one of them another name
    ");
}

#[test]
fn a_document_that_cannot_be_read_counts_as_declared() {
    let yaml = "kind: Model
metadata: {name: broken}
spec: {targets: 5}
---
kind: Route
metadata: {name: r}
spec: {surfaces: [openai], operations: [embeddings], serve: {models: [broken]}, anonymous: true, authorization: open}
";
    assert_snapshot!(findings(yaml), @"4:17 C025 expected a list, found `5` | write `[…]`, or each item on a line after `- `");
}

#[test]
fn expressions_say_what_is_wrong_where_it_stands() {
    let yaml = "kind: Route
metadata: {name: r}
spec:
  surfaces: [openai]
  serve: {models: [chat]}
  anonymous: true
  authorization: open
  matches:
    - {when: request.pth == \"/x\"}
    - {when: 'identity.consumer == \"a\"'}
    - {when: \"request.path\"}
    - {when: request.path ==}
    - {when: gold}
    - {when: response.status == 200}
    - when: |
        request.path == \"/x\"
          && request.bdy == 1
    - when: >-
        request.method == \"GET\" ||
        request.metod == \"POST\"
    - {when: 'request.headers[\"x\"] == \"it''s\" && request.hst == \"a\"'}
";
    assert_snapshot!(findings(yaml), @r#"
    10:14 H811 unknown name `request.pth` | did you mean `request.path`
    11:15 H812 `identity.consumer` is not known yet when a route is matched; it is known once the caller is authenticated
    12:15 H810 `request.path` is text, not a condition | compare it, as in `request.path == "/x"`
    13:29 H810 the expression ends too early
    14:14 H811 unknown name `gold` | names begin with `request` and `now`
    15:14 H811 `response` is not known when a route is matched: the answer comes after the last expression has been read
    18:14 H811 unknown name `request.bdy` | did you mean `request.body`
    21:9 H811 unknown name `request.metod` | did you mean `request.method`
    22:50 H811 unknown name `request.hst` | did you mean `request.host`
    "#);
}

#[test]
fn moving_a_document_to_another_place_changes_nothing_but_places() {
    let one = "kind: Consumer
metadata: {name: zoe}
spec: {}
---
kind: Consumer
metadata: {name: ann}
spec: {}
";
    let names: Vec<String> = program(one).consumers.iter().map(|plan| plan.origin.name.to_string()).collect();
    assert_eq!(names, ["ann", "zoe"]);
}

#[test]
fn what_is_disabled_is_checked_and_leaves_nothing_behind() {
    let yaml = "kind: Limit
metadata: {name: off}
spec: {mode: disabled, per: {expr: request.path}, rules: [{name: a, concurrency: 1, when: request.path == \"/\"}]}
---
kind: Authorization
metadata: {name: half}
spec: {rules: [{name: a, allow: {}}, {name: b, mode: disabled, deny: {}, when: request.path == \"/\"}]}
---
kind: Route
metadata: {name: r}
spec: {surfaces: [openai], serve: {models: [chat]}, policies: [front-door, half, off]}
";
    let program = program(yaml);
    assert_eq!(program.limits.len(), 1);
    assert_eq!(program.expressions.len(), 0);
    assert_eq!(program.authorizations.iter().map(|plan| plan.rules.len()).collect::<Vec<_>>(), [1, 1]);
    assert!(program.routes.iter().all(|route| route.limits().next().is_none()));
    let broken = "kind: Limit
metadata: {name: off}
spec: {mode: disabled, per: global, rules: [{name: a, concurrency: {param: nope}}]}
";
    assert_snapshot!(findings(broken), @"4:76 C030 the Gateway declares no parameter `nope` | none is declared");
}
