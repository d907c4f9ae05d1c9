#![expect(clippy::unwrap_used, reason = "tests")]

use aigw_core::ErrorCode::{self, *};
use http::HeaderValue;

use super::*;
use crate::ConsumerId;
use crate::testing::program;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// A route in three products, one in none, and a consumer for each way to be subscribed.
fn world() -> Program {
    let mut yaml = "kind: Route
metadata: {name: r}
spec: {surfaces: [openai], serve: {models: [chat]}, policies: [front-door, all]}
---
kind: Route
metadata: {name: free}
spec: {surfaces: [openai], hosts: [free.example], serve: {models: [chat]}, policies: [front-door, all]}
---
kind: Tenant
metadata: {name: t}
spec: {}
---
kind: Product
metadata: {name: gold}
spec: {routes: [r]}
---
kind: Product
metadata: {name: hidden}
spec: {routes: [r], tenant: t}
---
kind: Product
metadata: {name: old}
spec: {routes: [r], state: deprecated, deprecated: 2020-01-01, sunset: 2021-01-01}
"
    .to_owned();
    let consumers: [(&str, &[(&str, &str)]); 10] = [
        ("a-one", &[("gold", "approved")]),
        ("b-two", &[("gold", "approved"), ("gold", "approved, expires: 2099-01-01")]),
        ("c-none", &[]),
        ("d-pending", &[("gold", "cancelled"), ("gold", "requested"), ("gold", "suspended")]),
        ("e-rejected", &[("gold", "rejected")]),
        ("f-suspended", &[("gold", "suspended")]),
        ("g-cancelled", &[("gold", "cancelled")]),
        ("h-expired", &[("gold", "approved, expires: 2026-01-01")]),
        ("i-retired", &[("old", "approved")]),
        ("j-mixed", &[("gold", "suspended"), ("gold", "approved")]),
    ];
    for (name, subscriptions) in consumers {
        yaml += &format!("---\nkind: Consumer\nmetadata: {{name: {name}}}\nspec: {{}}\n");
        for (index, (product, state)) in subscriptions.iter().enumerate() {
            yaml += &format!(
                "---\nkind: Subscription\nmetadata: {{name: {name}-{index}}}\nspec: {{consumer: {name}, product: {product}, requestedBy: ann, state: {state}}}\n"
            );
        }
    }
    program(&yaml)
}

fn route(program: &Program, name: &str) -> RouteId {
    RouteId(u32::try_from(program.routes.iter().position(|route| route.origin.name.as_str() == name).unwrap()).unwrap())
}

fn selected(consumer: &str, header: Option<&str>, credential: Option<&str>) -> Result<Option<String>, (ErrorCode, String)> {
    let program = world();
    let (id, plan) =
        (0..).map(ConsumerId).zip(&program.consumers).find(|(_, plan)| plan.origin.name.as_str() == consumer).unwrap();
    let mut caller = Identity::clone(&Identity::of_consumer(id, plan, "key".parse().unwrap()));
    let named = |name: &str| program.subscriptions.iter().position(|own| own.origin.name.as_str() == name);
    caller.subscription = credential.and_then(named).map(|at| SubscriptionId(u32::try_from(at).unwrap()));
    let mut headers = HeaderMap::new();
    header.map(|name| headers.insert(SUBSCRIPTION, HeaderValue::from_str(name).unwrap()));
    let found = Subscriptions::new(&program).select(route(&program, "r"), Some(&caller), &headers, NOW, &program);
    let name = |found: Option<Subscribed<'_>>| found.map(|found| found.subscription.origin.name.to_string());
    found.map(name).map_err(|refusal| (refusal.code, refusal.message.into_owned()))
}

#[test]
fn what_is_missing_is_told_by_its_code() {
    for (consumer, code) in [
        ("c-none", SubscriptionRequired),
        ("d-pending", SubscriptionPending),
        ("e-rejected", SubscriptionRejected),
        ("f-suspended", SubscriptionSuspended),
        ("g-cancelled", SubscriptionCancelled),
        ("h-expired", SubscriptionExpired),
        ("i-retired", ProductRetired),
        ("b-two", SubscriptionAmbiguous),
    ] {
        assert_eq!(selected(consumer, None, None).unwrap_err().0, code, "{consumer}");
    }
    // What is open to the caller is offered; another tenant's products and retired ones are not.
    let (_, message) = selected("c-none", None, None).unwrap_err();
    assert_eq!(message, "this route serves subscribers only; it takes a subscription to `gold`");
    let (_, message) = selected("b-two", None, None).unwrap_err();
    assert!(message.ends_with("name one of `b-two-0` or `b-two-1` in the header `x-aigw-subscription`"), "{message}");
}

#[test]
fn the_credential_decides_then_the_header_then_the_only_one() {
    for (consumer, header, credential, expected) in [
        ("a-one", None, None, Ok("a-one-0")),
        ("j-mixed", None, None, Ok("j-mixed-1")),
        ("j-mixed", Some("j-mixed-1"), None, Ok("j-mixed-1")),
        ("j-mixed", Some("j-mixed-0"), None, Err(SubscriptionSuspended)),
        ("j-mixed", Some("j-mixed-1"), Some("j-mixed-0"), Err(SubscriptionSuspended)),
        ("b-two", Some("b-two-1"), None, Ok("b-two-1")),
        ("b-two", Some("b-two-1"), Some("b-two-0"), Ok("b-two-0")),
        // Nobody uses another's, whoever names it.
        ("c-none", Some("a-one-0"), None, Err(SubscriptionRequired)),
        ("a-one", Some("b-two-0"), None, Err(SubscriptionRequired)),
        ("a-one", Some(""), None, Err(SubscriptionRequired)),
        ("c-none", None, Some("a-one-0"), Err(SubscriptionRequired)),
    ] {
        let found = selected(consumer, header, credential).map_err(|(code, _)| code);
        assert_eq!(found, expected.map(|name| Some(name.to_owned())), "{consumer} {header:?} {credential:?}");
    }
}

#[test]
fn strangers_are_asked_who_they_are_and_other_routes_ask_for_nothing() {
    let program = world();
    let subscriptions = Subscriptions::new(&program);
    let select = |name: &str| subscriptions.select(route(&program, name), None, &HeaderMap::new(), NOW, &program);
    assert_eq!(select("r").unwrap_err().code, MissingCredentials);
    assert!(select("free").unwrap().is_none());
}

#[test]
fn a_deprecated_product_says_since_when_and_until_when() {
    let program = world();
    let notices: Vec<_> = program.products.iter().map(ProductPlan::notices).collect();
    let old = Some(("@1577836800".to_owned(), Some("Fri, 01 Jan 2021 00:00:00 GMT".to_owned())));
    assert_eq!(notices, [None, None, old]);
}
