#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

use crate::SubscriptionId;
use crate::testing::{findings, program};

const WORLD: &str = "kind: Authentication
metadata: {name: more}
spec: {methods: {mtls: {ca: partners}, jwt: [{name: idp, issuer: 'https://id.example', audience: [aigw]}]}}
---
kind: Tenant
metadata: {name: a}
spec: {}
---
kind: Consumer
metadata: {name: app}
spec: {tenant: a, credentials: [{apiKey: {id: k, sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, subscription: s}},
  {jwt: {issuer: idp, claims: {azp: a}, subscription: s}}, {mtls: {subject: CN=a, subscription: s}}]}
---
kind: Consumer
metadata: {name: stranger}
spec: {}
---
kind: Route
metadata: {name: r}
spec: {surfaces: [openai], serve: {models: [chat]}, policies: [front-door, all]}
---
kind: Route
metadata: {name: own}
spec: {surfaces: [openai], hosts: [own.example], serve: {models: [chat]}, policies: [front-door, all], tenant: a}
---
kind: Product
metadata: {name: gold}
spec: {routes: [r], approval: {required: true, by: [platform, bob]}}
---
kind: Product
metadata: {name: free}
spec: {routes: [r]}
---
kind: Product
metadata: {name: gone}
spec: {routes: [r], state: retired}
---
kind: Product
metadata: {name: inner}
spec: {routes: [own]}
---
kind: Product
metadata: {name: house}
spec: {routes: [own], tenant: a}
---
kind: Subscription
metadata: {name: s}
spec: {";

#[test]
fn a_subscription_is_approved_by_who_may_and_lets_its_consumer_in_somewhere() {
    let good = "consumer: app, product: gold, state: approved, requestedBy: ann, approvedBy: bob, approvedAt: 2026-01-01";
    let program = program(&format!("{WORLD}{good}}}\n"));
    assert_eq!(program.subscriptions.len(), 1);
    let app = program.consumers.iter().find(|consumer| consumer.origin.name.as_str() == "app").unwrap();
    let under = [app.keys[0].subscription, app.tokens[0].subscription, app.certificates[0].subscription];
    assert_eq!(under, [Some(SubscriptionId(0)); 3]);
    let may_not = "consumer: app, product: gold, requestedBy: ann, approvedAt: 2026-01-01";
    for (spec, expected) in [
        ("consumer: app, product: free, state: approved, requestedBy: ann".to_owned(), ""),
        ("consumer: app, product: free, state: approved, requestedBy: ann, approvedBy: eve".to_owned(), ""),
        ("consumer: app, product: gold, state: requested, requestedBy: ann".to_owned(), ""),
        ("consumer: app, product: gone, state: cancelled, requestedBy: ann".to_owned(), ""),
        ("consumer: app, product: house, state: approved, requestedBy: ann".to_owned(), ""),
        (
            "consumer: app, product: gold, state: approved, requestedBy: ann".to_owned(),
            "`gold` requires approval, and this does not say who",
        ),
        (
            "consumer: app, product: gold, state: suspended, requestedBy: ann".to_owned(),
            "`gold` requires approval, and this does not say who",
        ),
        (format!("{may_not}, state: approved, approvedBy: ann"), "`ann` approved what they had asked for themselves"),
        (
            "consumer: app, product: free, state: approved, requestedBy: ann, approvedBy: ann".to_owned(),
            "`ann` approved what they had asked",
        ),
        (format!("{may_not}, state: approved, approvedBy: eve"), "`eve` may not approve it | that may `platform`, `bob`"),
        (
            format!("{may_not}, state: requested, approvedBy: bob"),
            "the subscription is `requested`, and says that it was approved",
        ),
        (format!("{may_not}, state: rejected"), "the subscription is `rejected`, and says that it was approved"),
        (
            format!("{may_not}, state: approved, approvedBy: bob, expires: 2025-12-31"),
            "the subscription expired before it was approved",
        ),
        (
            "consumer: app, product: gone, state: approved, requestedBy: ann".to_owned(),
            "`gone` is retired, and this subscription is `approved`",
        ),
        ("consumer: app, product: gold, state: lent, requestedBy: ann".to_owned(), "lent"),
        ("consumer: nobody, product: none, state: requested, requestedBy: ann".to_owned(), "there is no Consumer `nobody`"),
        (
            "consumer: stranger, product: house, state: requested, requestedBy: ann".to_owned(),
            "`house` is for consumers of the tenant `a`",
        ),
        (
            "consumer: stranger, product: inner, state: requested, requestedBy: ann".to_owned(),
            "no route of `inner` serves callers of the tenant of",
        ),
        (
            "consumer: stranger, product: free, state: requested, requestedBy: ann".to_owned(),
            "the subscription `s` is of `stranger`",
        ),
    ] {
        let found = findings(&format!("{WORLD}{spec}}}\n"));
        assert_eq!(found.is_empty(), expected.is_empty(), "{spec}: {found}");
        assert!(found.contains(expected), "{spec}: {found}");
        let every = if expected.starts_with("the subscription `s` is of") { 3 } else { 1 };
        assert!(expected.is_empty() || found.matches(expected).count() == every, "{spec}: {found}");
    }
}
