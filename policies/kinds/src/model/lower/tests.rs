use insta::{assert_json_snapshot, assert_snapshot};

use crate::testing::{findings, program};

#[test]
fn targets_are_resolved_to_providers_endpoints_and_models() {
    let yaml = "kind: Provider
metadata: {name: open}
spec: {type: openai-compatible, endpoints: {eu: {url: 'https://a.example/v1'}}}
---
kind: Provider
metadata: {name: fake}
spec: {type: mock}
---
kind: Model
metadata: {name: x}
spec:
  targets:
    - {target: up/a/m, priority: 2}
    - {target: up/m, weight: 3}
    - {target: up/big/m}
    - {target: up/b/big/m}
    - {target: open/meta/llama}
    - {target: open/eu/meta/llama}
    - {target: fake/gpt}
";
    let program = program(yaml);
    let model = program.models.iter().find(|plan| plan.origin.name.as_str() == "x").into_iter();
    let targets: Vec<String> = model
        .flat_map(|plan| &plan.targets)
        .map(|target| {
            let endpoints = target.endpoints.iter().filter_map(|id| id.of(&program)).map(|plan| plan.name.as_str());
            format!("{} {:?} {}", target.provider.0, endpoints.collect::<Vec<_>>(), target.wire_model)
        })
        .collect();
    assert_json_snapshot!(targets, @r#"
    [
      "2 [\"a\", \"b\"] m",
      "2 [\"a\", \"b\"] big/m",
      "2 [\"b\"] big/m",
      "1 [\"eu\"] meta/llama",
      "1 [\"eu\"] meta/llama",
      "0 [\"mock\"] gpt",
      "2 [\"a\"] m"
    ]
    "#);
}

#[test]
fn what_does_not_lead_anywhere_is_refused() {
    let yaml = "kind: Model
metadata: {name: x}
spec:
  names: [a, a, 'b*c', '', 'a b']
  targets:
    - {target: upp/m}
    - {target: up}
    - {target: up/}
    - {target: up/mm}
    - {target: up/c/m}
    - {target: up/a/}
    - {target: up/m, when: target.x == 1, weight: {param: nope}}
  sticky: {expr: request.headers.x + }
  retry: {backoff: {base: 10s, max: 1s}}
  fallback: [embed, nope, chat, chat]
";
    assert_snapshot!(findings(yaml), @"
    5:14 C031 `a` stands twice in this list | remove one of them
    5:17 C027 `b*c` is not a model's name | write a name without spaces; a `*` may stand at its end and stands for anything
    5:24 C027 `` is not a model's name | write a name without spaces; a `*` may stand at its end and stands for anything
    5:28 C027 `a b` is not a model's name | write a name without spaces; a `*` may stand at its end and stands for anything
    7:16 B202 there is no Provider `upp` | did you mean `up`?
    8:16 C027 `up` is not a target | write `provider/model` or `provider/endpoint/model`
    9:16 C027 `up/` is not a target | write `provider/model` or `provider/endpoint/model`
    10:16 R112 the provider `up` has no model `mm` | did you mean `up/m`?
    11:16 R112 the provider `up` has no model `c/m` | it has `m`, `big/m`
    12:16 C027 the target names no model | write `provider/model` or `provider/endpoint/model`
    13:28 H811 `target` is not known when the model is resolved: the target is chosen after the last expression has been read
    13:59 C030 the Gateway declares no parameter `nope` | none is declared
    14:37 H810 the expression ends too early
    15:20 C032 the first pause, 10s, is longer than the longest, 1s | make `base` at most `max`
    16:14 C032 `embed` does something else than `x` | a fallback has the same `operation`
    16:21 R112 there is no Model `nope` | there are `chat`, `embed`, `x`
    16:33 C031 `chat` stands twice in this list | remove one of them
    ");
}
