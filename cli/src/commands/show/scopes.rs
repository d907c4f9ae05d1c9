//! Where a route's policies come from, and whom it serves.

use aigw_kinds::consumer::ConsumerPlan;
use aigw_kinds::route::RoutePlan;
use aigw_kinds::{PolicySet, ProductId, Program, RouteId, TenantId};

use super::Sheet;

/// What one scope brings.
pub(super) struct Scope<'p> {
    /// To follow a line: nothing for the Gateway and the route itself, which every caller has.
    note: String,
    policies: &'p PolicySet,
}

/// The scopes of a route's requests, the widest first; those of one consumer where it is asked for.
pub(super) fn of<'p>(program: &'p Program, route: &'p RoutePlan, id: RouteId, consumer: Option<&ConsumerPlan>) -> Vec<Scope<'p>> {
    let mut scopes = vec![Scope { note: String::new(), policies: &route.wider }];
    for (own, tenant) in (0_u32..).map(TenantId).zip(&program.tenants) {
        let serves = route.tenant.is_none_or(|only| only == own);
        if serves && consumer.is_none_or(|consumer| consumer.tenant == Some(own)) {
            scopes.push(Scope { note: format!(" [tenant {}]", tenant.origin.name), policies: &tenant.policies });
        }
    }
    for (own, product) in (0_u32..).map(ProductId).zip(&program.products).filter(|(_, product)| product.has_route(id)) {
        let mut subscribers = program.subscriptions.iter().filter(|plan| plan.product == own);
        let mut is_own = |consumer: &ConsumerPlan| {
            subscribers.any(|plan| plan.consumer.of(program).is_some_and(|of| of.origin == consumer.origin))
        };
        if consumer.is_none_or(&mut is_own) {
            scopes.push(Scope { note: format!(" [product {}]", product.origin.name), policies: &product.policies });
        }
    }
    scopes.push(Scope { note: String::new(), policies: &route.own });
    scopes
}

/// Every policy of one sort, with the scope that it comes from; one that stands in several counts in the widest.
pub(super) fn each<'s, I: PartialEq + 's, P>(
    scopes: &'s [Scope<'s>],
    ids: impl Fn(&'s PolicySet) -> &'s [I],
    plan: impl Fn(&'s I) -> Option<P>,
) -> Vec<(&'s str, P)> {
    let mut seen: Vec<&I> = Vec::new();
    let mut found = Vec::new();
    for (scope, id) in scopes.iter().flat_map(|scope| ids(scope.policies).iter().map(move |id| (scope.note.as_str(), id))) {
        if !seen.contains(&id) {
            seen.push(id);
            found.extend(plan(id).map(|plan| (scope, plan)));
        }
    }
    found
}

impl Sheet<'_> {
    /// Whom the route serves: callers of a tenant, subscribers of a product.
    pub(super) fn served(&mut self, route: &RoutePlan, id: RouteId, consumer: Option<&ConsumerPlan>) {
        let program = self.program;
        if let Some(tenant) = route.tenant.and_then(|id| id.of(program)) {
            self.line(format!("  only callers of the tenant {}", tenant.origin.name), route.origin.place);
        }
        for (own, product) in (0_u32..).map(ProductId).zip(&program.products).filter(|(_, product)| product.has_route(id)) {
            let state = format!("{:?}", product.state).to_lowercase();
            self.line(format!("  only subscribers: {} ({state})", product.origin.name), product.origin.place);
            for plan in program.subscriptions.iter().filter(|plan| plan.product == own) {
                let Some(of) = plan.consumer.of(program) else { continue };
                if consumer.is_none_or(|consumer| consumer.origin == of.origin) {
                    let text = format!("    {}: {}, {}", plan.origin.name, of.origin.name, plan.state.as_str());
                    self.line(text, plan.origin.place);
                }
            }
        }
    }
}
