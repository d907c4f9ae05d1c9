use insta::{assert_json_snapshot, assert_snapshot};

use crate::testing::{findings, program};

#[test]
fn tenants_are_names_that_consumers_and_routes_use() {
    let yaml = "kind: Tenant
metadata: {name: retail, labels: {rpm: '9'}}
spec: {require: {provider: {residency: eu}}, policies: [fair, {use: house, with: {product: x}}]}
---
kind: Consumer
metadata: {name: a}
spec: {tenant: retail}
---
kind: Consumer
metadata: {name: b}
spec: {tenant: retial}
---
kind: Route
metadata: {name: r}
spec: {surfaces: [openai], serve: {models: [chat]}, tenant: retail, anonymous: true, authorization: open}
";
    assert_snapshot!(findings(yaml), @"
    14:16 C030 there is no Tenant `retial` | did you mean `retail`?
    19:53 C032 the route is `anonymous: true`, and nobody whom it does not know is of a tenant | remove `tenant` or `anonymous: true`
    ");
}

#[test]
fn a_tenant_has_the_policies_that_mean_something_for_its_callers() {
    let yaml = "kind: Gateway
metadata: {name: g}
spec: {policies: [front-door, all, fair], attach: [{policies: [shared], routes: {names: [r]}}]}
---
kind: Limit
metadata: {name: shared}
spec: {per: route, rules: [{name: a, concurrency: 1}]}
---
kind: Tenant
metadata: {name: retail}
spec: {policies: [front-door, fair, shared]}
---
kind: Route
metadata: {name: r}
spec: {surfaces: [openai], serve: {models: [chat]}}
";
    assert_snapshot!(findings(yaml), @"
    14:19 C032 `front-door` is an Authentication, and callers of a Tenant are known by then | attach it to the Gateway or to routes
    14:31 C031 the Gateway gives every route `fair` already | remove one of them
    14:37 C032 `shared` would count for this tenant alone here, and for all callers together elsewhere | write two Limits, or add `tenant` to its `per`
    ");
}

#[test]
fn labels_of_endpoints_stand_over_those_of_their_provider() {
    let yaml = "kind: Provider
metadata: {name: own, labels: {residency: eu, tier: a}}
spec: {type: openai-compatible, endpoints: {x: {url: 'https://x.example/v1'}, y: {url: 'https://y.example/v1', labels: {residency: us}}}}
";
    let program = program(yaml);
    let labels: Vec<_> = program.endpoints.iter().map(|endpoint| (endpoint.name.as_str(), &endpoint.labels)).collect();
    assert_json_snapshot!(labels, @r#"
    [
      [
        "x",
        {
          "residency": "eu",
          "tier": "a"
        }
      ],
      [
        "y",
        {
          "residency": "us",
          "tier": "a"
        }
      ],
      [
        "a",
        {}
      ],
      [
        "b",
        {}
      ]
    ]
    "#);
}
