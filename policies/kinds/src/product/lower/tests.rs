use insta::assert_snapshot;

use crate::testing::findings;

#[test]
fn a_product_holds_what_can_be_used_under_it() {
    let yaml = "kind: Tenant
metadata: {name: a}
spec: {}
---
kind: Tenant
metadata: {name: b}
spec: {}
---
kind: Route
metadata: {name: chats}
spec: {surfaces: [openai], serve: {models: [chat]}, policies: [front-door, all], tenant: a}
---
kind: Route
metadata: {name: open}
spec: {serve: {http: up}, matches: [{path: /x}], anonymous: true, authorization: open}
---
kind: Product
metadata: {name: p}
spec: {routes: [chats, open, chats, chat], models: [chat, embed, nobody], tenant: b, policies: [front-door, fair]}
---
kind: Product
metadata: {name: q}
spec: {routes: [chats], models: [embed]}
";
    assert_snapshot!(findings(yaml), @"
    24:17 C032 `chats` serves the tenant `a`, and the product is for `b` | remove the route, or give the product its tenant
    24:24 C032 `open` is `anonymous: true`, and only a consumer can subscribe to `p` | authenticate the callers of the route, or take it out of the product
    24:30 C031 `chats` stands twice in this list | remove one of them
    24:30 C032 `chats` serves the tenant `a`, and the product is for `b` | remove the route, or give the product its tenant
    24:37 C030 there is no Route `chat` | did you mean `chats`?
    24:66 R112 there is no Model `nobody` | there are `chat`, `embed`
    24:97 C032 `front-door` is an Authentication, and callers of a Product are known by then | attach it to the Gateway or to routes
    29:17 C032 `chats` serves none of the product's `models` | add a model that it serves, or remove the route
    29:34 C032 none of the product's routes serves `embed` | add a route that does, or remove the model
    ");
}

#[test]
fn dates_and_approval_say_something() {
    let check = |spec: &str| {
        findings(&format!(
            "kind: Route
metadata: {{name: r}}
spec: {{surfaces: [openai], serve: {{models: [chat]}}, policies: [front-door, all]}}
---
kind: Product
metadata: {{name: p}}
spec: {{routes: [r], {spec}}}
"
        ))
    };
    for (spec, expected) in [
        ("state: deprecated, deprecated: 2026-01-01, sunset: 2027-01-01, approval: {required: true, by: [ann]}", ""),
        ("state: retired", ""),
        ("deprecated: 2026-01-01", "`deprecated` says something of a product with `state: deprecated` only"),
        ("state: retired, sunset: 2026-01-01", "`sunset` says something of a product with `state: deprecated` only"),
        ("state: deprecated", "a deprecated product says since when"),
        ("state: deprecated, deprecated: 2026-01-02, sunset: 2026-01-02", "the product ends before it is deprecated"),
        ("approval: {required: true}", "an approval is required, and nobody may give it"),
        ("approval: {by: [ann]}", "nobody needs to approve, so that `by` says nothing"),
    ] {
        let found = check(spec);
        assert_eq!(found.is_empty(), expected.is_empty(), "{spec}: {found}");
        assert!(found.contains(expected), "{spec}: {found}");
    }
}
