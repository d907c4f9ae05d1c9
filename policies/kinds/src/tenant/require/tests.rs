use insta::assert_snapshot;

use crate::testing::findings;

/// Two regions, a model of each and one with both, and two tenants of which one needs Europe.
const WORLD: &str = "kind: Gateway
metadata: {name: g}
spec: {policies: [front-door]}
---
kind: Provider
metadata: {name: p}
spec: {type: openai-compatible, endpoints: {us: {url: 'https://us.example/v1', labels: {residency: us}}, eu: {url: 'https://eu.example/v1', labels: {residency: eu}}, old: {url: 'https://old.example/v1'}}}
---
kind: Model
metadata: {name: here}
spec: {targets: [{target: p/eu/m}]}
---
kind: Model
metadata: {name: both}
spec: {targets: [{target: p/us/m}, {target: p/eu/m}]}
---
kind: Tenant
metadata: {name: careful}
spec: {require: {provider: {residency: eu}}}
---
kind: Tenant
metadata: {name: other}
spec: {}
---
kind: Consumer
metadata: {name: a}
spec: {tenant: careful, roles: [app]}
---
kind: Consumer
metadata: {name: b}
spec: {tenant: other, roles: [app, wide]}
---
";

/// The findings of documents beside that world.
fn checked(more: &str) -> String {
    findings(&format!("{WORLD}{more}"))
}

#[test]
fn a_model_that_leads_nowhere_for_a_tenant_shows_every_path() {
    assert_snapshot!(checked("kind: Model
metadata: {name: far}
spec: {targets: [{target: p/us/m}, {target: p/old/m}, {target: p/eu/m, weight: 0}], fallback: [farther]}
---
kind: Model
metadata: {name: farther}
spec: {targets: [{target: p/us/n}]}
---
kind: Route
metadata: {name: r}
spec: {surfaces: [openai], serve: {models: [here, both, far, farther]}, authorization: open}
"), @"
    54:57 B213 callers of the tenant `careful` may ask `r` for `far`, and no target has what it requires: `r` → `far` → `p/us/m` lacks `residency: eu`; `r` → `far` → `p/old/m` lacks `residency: eu`; `r` → `far` → fallback `farther` → `p/us/n` lacks `residency: eu` | label an endpoint that has it, add a target, or do not let these callers ask
    54:62 B213 callers of the tenant `careful` may ask `r` for `farther`, and no target has what it requires: `r` → `farther` → `p/us/n` lacks `residency: eu` | label an endpoint that has it, add a target, or do not let these callers ask
    ");
}

#[test]
fn a_fallback_that_may_serve_is_enough() {
    let far = |route: &str| {
        checked(&format!(
            "kind: Model
metadata: {{name: far}}
spec: {{targets: [{{target: p/us/m}}], fallback: [here]}}
---
kind: Route
metadata: {{name: r}}
spec: {{surfaces: [openai], serve: {{models: [here, far]}}, authorization: open, {route}}}
"
        ))
    };
    assert_eq!(far(""), "");
}

#[test]
fn a_service_that_leads_nowhere_is_told_too() {
    assert_snapshot!(checked("kind: Route
metadata: {name: r}
spec: {serve: {http: p/us}, matches: [{path: /x}], authorization: open}
---
kind: Route
metadata: {name: s}
spec: {serve: {http: p}, matches: [{path: /y}], authorization: open}
"), @"44:22 B213 callers of the tenant `careful` may ask `r`, and no target has what it requires: `r` → `p/us` lacks `residency: eu` | label an endpoint that has it, add a target, or do not let these callers ask");
}

#[test]
fn a_route_in_a_product_is_asked_by_its_subscribers_alone() {
    let with = |product: &str, consumer: &str| {
        checked(&format!(
            "kind: Model
metadata: {{name: far}}
spec: {{targets: [{{target: p/us/m}}]}}
---
kind: Route
metadata: {{name: r}}
spec: {{surfaces: [openai], serve: {{models: [far, here]}}, authorization: open}}
---
kind: Product
metadata: {{name: offer}}
spec: {{routes: [r], {product}}}
---
kind: Subscription
metadata: {{name: s}}
spec: {{consumer: {consumer}, product: offer, state: approved, requestedBy: ann}}
"
        ))
        .lines()
        .count()
    };
    assert_eq!([with("", "a"), with("models: [here]", "a"), with("models: [far]", "a"), with("", "b")], [1, 0, 1, 0]);
}

#[test]
fn what_its_callers_cannot_ask_is_no_fault() {
    let with = |spec: &str, rules: &str| {
        checked(&format!(
            "kind: Model
metadata: {{name: far}}
spec: {{targets: [{{target: p/us/m}}]}}
---
kind: Authorization
metadata: {{name: who}}
spec: {{rules: [{rules}]}}
---
kind: Route
metadata: {{name: r}}
spec: {{surfaces: [openai], serve: {{models: [far, here]}}, policies: [who], {spec}}}
"
        ))
        .lines()
        .count()
    };
    for (faults, spec, rules) in [
        (1, "", "{name: x, allow: {}}"),
        (1, "", "{name: x, roles: [app], allow: {models: ['f*']}, when: 'now.hour < 6'}"),
        (1, "", "{name: x, allow: {}}, {name: y, deny: {models: [far]}, when: 'now.hour < 6'}"),
        (1, "", "{name: x, allow: {}}, {name: y, mode: shadow, deny: {models: [far]}}"),
        (1, "tenant: careful", "{name: x, allow: {}}"),
        (0, "tenant: other", "{name: x, allow: {}}"),
        (0, "", "{name: x, roles: [wide], allow: {}}"),
        (0, "", "{name: x, allow: {models: [here]}}"),
        (0, "", "{name: x, allow: {operations: [models]}}"),
        (0, "", "{name: x, allow: {}}, {name: y, roles: [app], deny: {models: [far]}}"),
    ] {
        assert_eq!(with(spec, rules), faults, "{spec} {rules}");
    }
}
