#![expect(clippy::unwrap_used, reason = "tests")]

use crate::testing::program;
use crate::{EndpointId, Identity, Labels, ModelId, Policies, TenantId};

use super::*;

const WORLD: &str = "kind: Provider
metadata: {name: p, labels: {residency: eu}}
spec: {type: openai-compatible, endpoints: {x: {url: 'https://x.example/v1'}, y: {url: 'https://y.example/v1', labels: {residency: us}}}}
---
kind: Model
metadata: {name: far}
spec: {targets: [{target: p/y/m}]}
---
kind: Model
metadata: {name: near}
spec: {targets: [{target: p/y/m}, {target: p/x/m}]}
---
kind: Tenant
metadata: {name: careful}
spec: {require: {provider: {residency: eu}}}
---
kind: Tenant
metadata: {name: other}
spec: {}
---
kind: Route
metadata: {name: r}
spec: {surfaces: [openai], serve: {models: [near]}, tenant: careful, policies: [front-door, all]}
---
kind: Route
metadata: {name: s}
spec: {surfaces: [openai], hosts: [s.example], serve: {models: [near]}, policies: [front-door, all]}
";

#[test]
fn requests_go_only_where_the_tenant_requires() {
    let program = program(WORLD);
    let [careful, other] = [0, 1].map(|id| Tenant::new(TenantId(id), &program, Policies::default()).unwrap());
    let seen = |tenant: &Tenant| {
        let endpoints = (0..4).map(|id| tenant.may_call(EndpointId(id))).collect::<Vec<_>>();
        let models = (0..4).map(|id| tenant.may_use(ModelId(id))).collect::<Vec<_>>();
        (endpoints, models)
    };
    // Endpoints are x and y of `p`, then two without labels; models are chat, embed, far and near.
    assert_eq!(seen(&careful), (vec![true, false, false, false], vec![false, false, false, true]));
    assert_eq!(seen(&other), (vec![true; 4], vec![true; 4]));
    assert!(!careful.may_call(EndpointId(9)) && Tenant::new(TenantId(2), &program, Policies::default()).is_none());
}

#[test]
fn a_route_of_a_tenant_serves_its_callers_alone() {
    let program = program(WORLD);
    let caller = |tenant| Identity {
        consumer: None,
        name: None,
        credential: "key".parse().unwrap(),
        tenant,
        subscription: None,
        roles: Vec::new(),
        labels: Labels::new(),
        claims: None,
    };
    for (route, tenant, passes) in
        [(0, Some(0), true), (0, Some(1), false), (0, None, false), (1, Some(0), true), (1, Some(1), true), (1, None, true)]
    {
        let judged = check_tenant(program.routes.get(route).unwrap(), Some(&caller(tenant.map(TenantId))));
        assert_eq!(judged.is_ok(), passes, "{route} {tenant:?}");
        // Whose route it is, is nobody else's business.
        assert!(judged.err().is_none_or(|refusal| !refusal.message.contains("careful")));
    }
    assert_eq!(check_tenant(program.routes.first().unwrap(), None).unwrap_err().code, ErrorCode::MissingCredentials);
    assert!(check_tenant(program.routes.get(1).unwrap(), None).is_ok());
}
