#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

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

const ISSUER: &str = "kind: Authentication
metadata: {name: idp}
spec: {methods: {jwt: [
  {name: sso, issuer: 'https://id.example', audience: [aigw], undeclared: {roles: [a]}},
  {name: own, issuer: 'https://own.example', audience: [aigw], require: {tid: t-1}, undeclared: {tenant: two}}]}}
---
";

#[test]
fn claims_that_could_only_be_refused_are_errors() {
    let yaml = "kind: Tenant
metadata: {name: one}
spec: {claims: {tid: t-1}}
---
kind: Tenant
metadata: {name: two}
spec: {claims: {tid: t-2, groups: {contains: g}}}
---
kind: Tenant
metadata: {name: three}
spec: {claims: {groups: {contains: g}, tid: t-2, azp: x}}
---
kind: Tenant
metadata: {name: four}
spec: {claims: {'/a/b': {present: true}}}
---
kind: Tenant
metadata: {name: five}
spec: {claims: {'/a/b': x, '': y}}
---
kind: Consumer
metadata: {name: a}
spec: {tenant: two, credentials: [{jwt: {issuer: sso, claims: {azp: a, tid: t-1}}}, {jwt: {issuer: sso, claims: {azp: b}}}]}
---
kind: Consumer
metadata: {name: b}
spec: {credentials: [{jwt: {issuer: own, claims: {azp: b}}}]}
---
kind: Consumer
metadata: {name: c}
spec: {tenant: one, credentials: [{jwt: {issuer: own, claims: {azp: c}}}]}
";
    assert_snapshot!(findings(&format!("{ISSUER}{yaml}")), @"
    6:106 C032 these tokens are of the tenant `one` by their claims: all are refused | leave the tenant to the claims, or require others
    21:8 C037 tokens with these claims are of the tenant `two` too, and are always refused | name a claim that tells the two apart
    31:8 C037 tokens with these claims are of the tenant `four` too, and are always refused | name a claim that tells the two apart
    31:28 C027 `` is neither a claim nor a JSON Pointer | write a claim's name, or a JSON Pointer such as `/realm_access/roles`
    36:35 C032 these tokens are of the tenant `one` by their claims, and `a` is not: all are refused | write `tenant: one` at the Consumer, or other claims
    41:22 C032 these tokens are of the tenant `one` by their claims, and `b` is not: all are refused | write `tenant: one` at the Consumer, or other claims
    ");
    assert_snapshot!(findings(yaml.split("---\nkind: Consumer").next().unwrap()), @"
    4:8 C032 no Authentication takes tokens, so that nobody claims anything | write an issuer under `methods.jwt` of an Authentication, or remove `claims`
    9:8 C032 no Authentication takes tokens, so that nobody claims anything | write an issuer under `methods.jwt` of an Authentication, or remove `claims`
    14:8 C032 no Authentication takes tokens, so that nobody claims anything | write an issuer under `methods.jwt` of an Authentication, or remove `claims`
    14:8 C037 tokens with these claims are of the tenant `two` too, and are always refused | name a claim that tells the two apart
    19:8 C032 no Authentication takes tokens, so that nobody claims anything | write an issuer under `methods.jwt` of an Authentication, or remove `claims`
    24:8 C032 no Authentication takes tokens, so that nobody claims anything | write an issuer under `methods.jwt` of an Authentication, or remove `claims`
    24:8 C037 tokens with these claims are of the tenant `four` too, and are always refused | name a claim that tells the two apart
    24:28 C027 `` is neither a claim nor a JSON Pointer | write a claim's name, or a JSON Pointer such as `/realm_access/roles`
    ");
}

#[test]
fn claims_are_compiled_with_parameters_as_values() {
    let yaml = "kind: Gateway
metadata: {name: g}
spec: {parameters: {tid: {type: string, test: t-9}}}
---
kind: Tenant
metadata: {name: one}
spec: {claims: {tid: {param: tid}, scp: {contains: Chat}}}
";
    let tenants = program(&format!("{ISSUER}{yaml}").replace("tenant: two", "roles: [b]")).tenants;
    assert_json_snapshot!(tenants[0].claims, @r#"
    [
      {
        "claim": "tid",
        "test": {
          "equals": {
            "param": 0
          }
        }
      },
      {
        "claim": "scp",
        "test": {
          "contains": {
            "value": "Chat"
          }
        }
      }
    ]
    "#);
}
