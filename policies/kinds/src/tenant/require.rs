//! What a tenant requires, along every path that its requests can take: a request that could only end nowhere is an error before it is sent.

use std::collections::BTreeSet;

use aigw_core::Operation;
use aigw_source::{Finding, Findings};

use crate::authorization::{AuthorizationRule, Effect};
use crate::consumer::ConsumerPlan;
use crate::model::{ModelPlan, TargetPlan};
use crate::product::ProductPlan;
use crate::route::{RoutePlan, ServePlan};
use crate::tenant::TenantPlan;
use crate::{
    ConsumerId, EndpointId, Kind, Mode, ModelId, PolicySet, ProductId, Program, Repository, RouteId, Setting, TenantId, rules,
};

/// More paths than these in one message help nobody.
const MOST_PATHS: usize = 6;

/// Checks every tenant that requires something. The program has no other fault.
pub(crate) fn check(program: &Program, repository: &Repository, findings: &mut Findings) {
    let tenants = (0_u32..).map(TenantId).zip(&program.tenants).filter(|(_, tenant)| !tenant.require.is_empty());
    for (id, tenant) in tenants {
        let check = Check::new(program, id, tenant);
        for (route_id, route) in (0_u32..).map(RouteId).zip(&program.routes) {
            if route.tenant.is_none_or(|own| own == id) {
                check.route(route_id, route, repository, findings);
            }
        }
    }
}

struct Check<'p> {
    program: &'p Program,
    tenant: &'p TenantPlan,
    /// Its callers.
    callers: Vec<(ConsumerId, &'p ConsumerPlan)>,
    /// Whether tokens make callers of it whom no Consumer stands for, of whatever roles.
    undeclared: bool,
    /// Whether a request for the model of that index has somewhere to go, at its own targets or at those of a fallback.
    served: Vec<bool>,
}

/// What a caller asks for.
struct Asked<'p> {
    route: RouteId,
    operation: Operation,
    model: Option<&'p ModelPlan>,
}

impl<'p> Check<'p> {
    fn new(program: &'p Program, id: TenantId, tenant: &'p TenantPlan) -> Self {
        let callers = (0_u32..).map(ConsumerId).zip(&program.consumers).filter(|(_, consumer)| consumer.tenant == Some(id));
        let served = program.models.iter().map(|model| tenant.is_served_by(model, program)).collect();
        Self { program, tenant, callers: callers.collect(), undeclared: makes_callers(program, id), served }
    }

    fn route(&self, id: RouteId, route: &RoutePlan, repository: &Repository, findings: &mut Findings) {
        match &route.serve {
            ServePlan::Models { models, .. } => {
                let unserved =
                    models.iter().enumerate().filter(|(_, model)| !self.served.get(model.index()).is_some_and(|served| *served));
                for (index, model) in unserved.filter_map(|(index, model)| Some((index, model.of(self.program)?))) {
                    if self.may_ask(route, &Asked { route: id, operation: model.operation, model: Some(model) }) {
                        let message = format!("`{}` for `{}`", route.origin.name, model.origin.name);
                        self.report(
                            &message,
                            route,
                            &format!("/spec/serve/models/{index}"),
                            self.paths(route, model),
                            repository,
                            findings,
                        );
                    }
                }
            }
            ServePlan::Http { endpoints, .. } => {
                let nowhere = !endpoints.iter().any(|endpoint| self.tenant.may_call(*endpoint, self.program));
                if nowhere && self.may_ask(route, &Asked { route: id, operation: Operation::Http, model: None }) {
                    let lead = format!("`{}`", route.origin.name);
                    let paths = endpoints.iter().map(|endpoint| self.path(&lead, *endpoint, None)).collect();
                    self.report(&lead, route, "/spec/serve/http", paths, repository, findings);
                }
            }
        }
    }

    /// Whether some caller of the tenant may come so far: some rule may allow, and no rule is sure to deny.
    fn may_ask(&self, route: &RoutePlan, asked: &Asked<'_>) -> bool {
        let sets: Vec<&PolicySet> = self.program.policies_of(asked.route, route).collect();
        let in_force = || {
            let policies = sets.iter().flat_map(|set| &set.authorization).filter_map(|id| id.of(self.program));
            let policies = policies.filter(|policy| policy.mode == Mode::Enforce);
            policies.flat_map(|policy| &policy.rules).filter(|rule| rule.mode == Mode::Enforce)
        };
        let offered = self.program.products.iter().any(|product| product.has_route(asked.route));
        let undeclared = (self.undeclared && !offered).then_some(None);
        self.callers(asked).into_iter().map(Some).chain(undeclared).any(|roles| {
            let fits = |rule: &AuthorizationRule| concerns(rule, asked, roles);
            let allows = |rule: &&AuthorizationRule| rule.effect == Effect::Allow && fits(rule);
            let denies = |rule: &&AuthorizationRule| {
                let sure = roles.is_some() || rule.roles.is_empty();
                rule.effect == Effect::Deny && rule.when.is_none() && rule.http.is_empty() && sure && fits(rule)
            };
            (route.authorization_open || in_force().any(|rule| allows(&rule))) && !in_force().any(|rule| denies(&rule))
        })
    }

    /// The roles of the callers that come so far, each set once: on a route that is in a product, its subscribers.
    fn callers(&self, asked: &Asked<'_>) -> BTreeSet<&'p [String]> {
        let program = self.program;
        let holding: Vec<ProductId> = (0_u32..)
            .map(ProductId)
            .zip(&program.products)
            .filter(|(_, product)| product.has_route(asked.route))
            .map(|(id, _)| id)
            .collect();
        let has_model = |product: &ProductPlan| {
            let mut models = product.models.iter().filter_map(|id| id.of(program));
            product.models.is_empty() || asked.model.is_none_or(|model| models.any(|own| own.origin == model.origin))
        };
        let leads_here = |product: ProductId| holding.contains(&product) && product.of(program).is_some_and(has_model);
        let subscribed = |id: ConsumerId| program.subscriptions.iter().any(|own| own.consumer == id && leads_here(own.product));
        let comes = |id: ConsumerId| holding.is_empty() || subscribed(id);
        self.callers.iter().filter(|(id, _)| comes(*id)).map(|(_, plan)| plan.roles.as_slice()).collect()
    }

    /// Where a request for a model could go, and why it may not.
    fn paths(&self, route: &RoutePlan, model: &ModelPlan) -> Vec<String> {
        let lead = format!("`{}` → `{}`", route.origin.name, model.origin.name);
        let mut paths: Vec<String> = self.targets(&lead, model);
        for fallback in model.fallback.iter().filter_map(|id: &ModelId| id.of(self.program)) {
            paths.extend(self.targets(&format!("{lead} → fallback `{}`", fallback.origin.name), fallback));
        }
        paths
    }

    fn targets(&self, lead: &str, model: &ModelPlan) -> Vec<String> {
        let called = model.targets.iter().filter(|target| is_called(target));
        let places = called.flat_map(|target| target.endpoints.iter().map(move |endpoint| (endpoint, &target.model)));
        places.map(|(endpoint, model)| self.path(lead, *endpoint, Some(model))).collect()
    }

    fn path(&self, lead: &str, endpoint: EndpointId, model: Option<&str>) -> String {
        let Some(plan) = endpoint.of(self.program) else { return lead.to_owned() };
        let provider = plan.provider.of(self.program).map_or("", |provider| provider.origin.name.as_str());
        let model = model.map(|model| format!("/{model}")).unwrap_or_default();
        let missing: Vec<String> = self.tenant.missing(&plan.labels).map(|(name, value)| format!("`{name}: {value}`")).collect();
        format!("{lead} → `{provider}/{}{model}` lacks {}", plan.name, missing.join(", "))
    }

    fn report(
        &self,
        what: &str,
        route: &RoutePlan,
        pointer: &str,
        mut paths: Vec<String>,
        repository: &Repository,
        findings: &mut Findings,
    ) {
        let Some(doc) = repository.find(Kind::Route, route.origin.name.as_str()) else { return };
        let name = &self.tenant.origin.name;
        let more = paths.len().saturating_sub(MOST_PATHS);
        paths.truncate(MOST_PATHS);
        if more > 0 {
            paths.push(format!("and {more} more"));
        }
        let message =
            format!("callers of the tenant `{name}` may ask {what}, and no target has what it requires: {}", paths.join("; "));
        let mut finding = Finding::error(rules::REQUIREMENT_UNMET, doc.locate(pointer), message);
        if let Some(tenant) = repository.find(Kind::Tenant, name.as_str()) {
            finding = finding.label(tenant.locate("/spec/require/provider"), "required here");
        }
        findings.push(finding.help("label an endpoint that has it, add a target, or do not let these callers ask"));
    }
}

impl TenantPlan {
    /// Whether its requests may go to an endpoint.
    pub fn may_call(&self, endpoint: EndpointId, program: &Program) -> bool {
        endpoint.of(program).is_some_and(|endpoint| self.takes(&endpoint.labels))
    }

    /// Whether a request for a model has somewhere to go: one of its own targets, or one of a fallback.
    pub fn is_served_by(&self, model: &ModelPlan, program: &Program) -> bool {
        let has_target = |model: &ModelPlan| {
            let called = model.targets.iter().filter(|target| is_called(target));
            called.flat_map(|target| &target.endpoints).any(|endpoint| self.may_call(*endpoint, program))
        };
        has_target(model) || model.fallback.iter().filter_map(|id| id.of(program)).any(has_target)
    }
}

/// What has no share is never called; what a parameter gives is not known yet.
const fn is_called(target: &TargetPlan) -> bool {
    !matches!(target.weight, Setting::Value(0))
}

/// Whether some issuer's tokens make callers of a tenant without a Consumer.
fn makes_callers(program: &Program, id: TenantId) -> bool {
    let claims = id.of(program).is_some_and(|tenant| !tenant.claims.is_empty());
    let mut undeclared = program.issuers.iter().filter_map(|issuer| issuer.undeclared.as_ref());
    undeclared.any(|caller| caller.tenant.map_or(claims, |own| own == id))
}

/// Whether a rule is about this, whatever its `when`, its methods and paths say.
fn concerns(rule: &AuthorizationRule, asked: &Asked<'_>, roles: Option<&[String]>) -> bool {
    let named =
        |pattern: &str, model: &str| pattern.strip_suffix('*').map_or(pattern == model, |prefix| model.starts_with(prefix));
    let fits_model = |model: &ModelPlan| rule.models.iter().any(|name| named(name, model.origin.name.as_str()));
    (rule.roles.is_empty() || roles.is_none_or(|roles| rule.roles.iter().any(|role| roles.contains(role))))
        && (rule.operations.is_empty() || rule.operations.contains(&asked.operation))
        && (rule.routes.is_empty() || rule.routes.contains(&asked.route))
        && (rule.models.is_empty() || asked.model.is_some_and(fits_model))
        && (rule.http.is_empty() || asked.operation == Operation::Http)
}

#[cfg(test)]
mod tests;
