use insta::assert_snapshot;

use crate::ExpressionScope;
use crate::testing::{findings, program};

#[test]
fn rules_say_one_thing_about_things_that_exist() {
    let yaml = "kind: Authorization
metadata: {name: a}
spec:
  rules:
    - {name: x, allow: {}, deny: {}}
    - {name: x}
    - {name: models, allow: {models: [chta, 'c*', 'a*b']}}
    - {name: routes, allow: {routes: [nope]}}
    - {name: http, allow: {operations: [chat], http: [{path: /x}]}}
    - {name: both, allow: {models: [chat], http: [{path: 'x'}, {path: /a/*/b}]}}
    - {name: when, deny: {}, when: request.tokens > 5}
";
    assert_snapshot!(findings(yaml), @"
    6:28 C032 the rule `x` both allows and denies | make it two rules
    7:14 C031 there are two rules named `x` | give one of them another name
    7:14 C032 the rule `x` neither allows nor denies | write `allow: {…}` or `deny: {…}`
    8:39 R112 there is no Model `chta` | did you mean `chat`?
    8:51 C027 `a*b` is not a model's name | write a name without spaces; a `*` may stand at its end and stands for anything
    9:39 C030 there is no Route `nope` | none is declared
    10:48 C032 `http` is about requests that `operations` leaves out | add `http` to `operations`, or leave `operations` out
    11:28 C032 requests of `http` routes have no model | make it two rules
    11:58 C027 `x` is not a path: it does not begin with `/` | write `/exact`, `/prefix/*` or `/with/{captures}`
    11:71 C027 `/a/*/b` is not a path: a `*` stands only at the end, behind a `/` | write `/exact`, `/prefix/*` or `/with/{captures}`
    12:36 H811 unknown name `request.tokens` | `request` has `method`, `path`, `host`, `headers`, `query`, `ip` and `body`
    ");
}

#[test]
fn a_condition_is_judged_as_early_as_it_can_be() {
    let yaml = "kind: Authorization
metadata: {name: a}
spec:
  rules:
    - {name: early, allow: {}, when: identity.labels.tier == \"gold\"}
    - {name: late, deny: {}, when: model.name == \"chat\"}
";
    let scopes: Vec<ExpressionScope> = program(yaml).expressions.iter().map(|plan| plan.scope).collect();
    assert_eq!(scopes, [ExpressionScope::Admit, ExpressionScope::Resolve]);
}
