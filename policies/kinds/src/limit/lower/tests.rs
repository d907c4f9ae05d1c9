use aigw_core::Phase;
use insta::assert_snapshot;

use crate::testing::{findings, program};

#[test]
fn rules_limit_one_thing_that_can_be_counted() {
    let yaml = "kind: Gateway
metadata: {name: g}
spec: {parameters: {n: {type: integer, max: 9}, s: {type: string}}}
---
kind: Limit
metadata: {name: a}
spec:
  per: [global, consumer, consumer, {expr: request.nope}]
  rules:
    - {name: x, requests: 5}
    - {name: x, concurrency: 5, window: 1m}
    - {name: y, requests: 5, concurrency: 5, window: 1m}
    - {name: z}
    - {name: w, requests: 5, window: 10ms, onExceed: {wait: 1s}}
    - {name: v, concurrency: 5, onExceed: {wait: 0s}}
    - {name: u, concurrency: {param: s}}
    - {name: t, concurrency: {param: nn}}
    - {name: s, concurrency: {param: n}, when: request.path}
---
kind: Limit
metadata: {name: b}
spec: {per: [], rules: [{name: minute, requests: 600, window: 1m}, {name: day, requests: 500, window: 24h}]}
";
    assert_snapshot!(findings(yaml), @r#"
    10:9 C032 `global` stands alone: it is one counter for all | remove it
    10:27 C031 this part of the key stands twice | remove one of them
    10:44 H811 unknown name `request.nope` | `request` has `method`, `path`, `host`, `headers`, `query`, `ip` and `body`
    12:17 C032 `requests` needs a `window` | write `window: 1m`, or how long it shall be
    13:14 C031 there are two rules named `x` | give one of them another name
    13:33 C032 `concurrency` has no `window` | remove it
    14:30 C032 a rule limits either `requests` or `concurrency` | make it two rules
    15:14 C032 the rule `z` limits nothing | write `requests` and `window`, or `concurrency`
    16:27 Q306 `w` allows 5 in 10ms, and `y` only 5 in 1m | lower the amount of the shorter window, or remove the rule
    16:38 C027 `window` is at least 1s, not 10ms | choose a longer time
    16:44 C032 only `concurrency` can wait | remove `onExceed`: requests beyond the limit are refused
    17:50 C027 `wait` is at least 1ms, not 0ms | choose a longer time
    18:38 C036 the parameter `s` is not of type `integer` | declare another one, or change its `type`
    19:38 C030 the Gateway declares no parameter `nn` | did you mean `n`?
    20:48 H810 `request.path` is text, not a condition | compare it, as in `request.path == "/x"`
    25:13 C032 `per` is empty | write `global` for one counter for all
    25:50 Q306 `minute` allows 600 in 1m, and `day` only 500 in 1d | lower the amount of the shorter window, or remove the rule
    "#);
}

#[test]
fn a_limit_is_counted_as_early_as_its_key_is_known() {
    let phase = |per: &str, when: &str| {
        let yaml = format!(
            "kind: Limit\nmetadata: {{name: a}}\nspec: {{per: {per}, rules: [{{name: a, concurrency: 1, when: '{when}'}}]}}\n"
        );
        program(&yaml).limits.iter().find(|plan| plan.origin.name.as_str() == "a").map(|plan| plan.phase)
    };
    assert_eq!(phase("consumer", "true"), Some(Phase::Admit));
    assert_eq!(phase("[consumer, model]", "true"), Some(Phase::Resolve));
    assert_eq!(phase("{expr: request.body.user}", "true"), Some(Phase::Resolve));
    assert_eq!(phase("consumer", "model.name == \"x\""), Some(Phase::Resolve));
}

#[test]
fn a_counter_keeps_its_id_while_name_mode_and_shape_are_unchanged() {
    let id = |text: &str| {
        let yaml = format!("kind: Limit\nmetadata: {{name: a}}\nspec: {text}\n");
        program(&yaml)
            .limits
            .iter()
            .find(|plan| plan.origin.name.as_str() == "a")
            .and_then(|plan| plan.rules.first().map(|rule| rule.id))
    };
    let base = id("{per: consumer, rules: [{name: a, requests: 5, window: 1m}]}");
    assert_eq!(base, Some(1_911_393_506_503_940_839));
    assert_eq!(id("{per: [consumer], rules: [{name: a, requests: 50, window: 60s}, {name: b, concurrency: 1}]}"), base);
    for other in [
        "{per: ip, rules: [{name: a, requests: 5, window: 1m}]}",
        "{per: consumer, rules: [{name: b, requests: 5, window: 1m}]}",
        "{per: consumer, rules: [{name: a, requests: 5, window: 2m}]}",
        "{per: consumer, rules: [{name: a, concurrency: 5}]}",
        "{mode: shadow, per: consumer, rules: [{name: a, requests: 5, window: 1m}]}",
    ] {
        assert_ne!(id(other), base, "{other}");
    }
}
