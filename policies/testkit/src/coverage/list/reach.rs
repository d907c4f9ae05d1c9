//! What can be asked of a program, and what its rules of access can say to that: a point that no request could reach is none.

use std::collections::{BTreeMap, BTreeSet};

use aigw_core::Operation;
use aigw_kinds::authorization::AuthorizationRule;
use aigw_kinds::route::{RoutePlan, ServePlan};
use aigw_kinds::{ExpressionScope, PolicySet, Program, RouteId};

/// What can be asked, and the rules that judge it. Made once: policies and routes come in thousands.
pub(super) struct Reach<'p> {
    /// Every route with each operation that its rows lead to.
    pub(super) asked: Vec<Asked<'p>>,
    /// By policy, as written.
    pub(super) rules: Vec<Vec<Rule<'p>>>,
}

/// What can be asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'p> {
    program: &'p Program,
    id: RouteId,
    pub(super) route: &'p RoutePlan,
    pub(super) operation: Operation,
    /// Whether callers without a key come so far.
    anonymous: bool,
}

/// A rule of access.
#[derive(Clone, Copy)]
pub(super) struct Rule<'p> {
    pub(super) plan: &'p AuthorizationRule,
    /// Whether it is judged only when the model is known.
    pub(super) late: bool,
    /// Whether every consumer has a role that it names.
    everybody: bool,
}

impl<'p> Reach<'p> {
    pub(super) fn of(program: &'p Program) -> Self {
        let mut operations: BTreeMap<RouteId, BTreeSet<Operation>> = BTreeMap::new();
        for row in &program.matches {
            operations.entry(row.route).or_default().insert(row.operation);
        }
        let asked = operations.into_iter().filter_map(|(id, operations)| Some((id, id.of(program)?, operations)));
        let asked = asked.flat_map(|(id, route, operations)| {
            let mut policies = route.authentication.iter().filter_map(|id| id.of(program));
            let anonymous = route.anonymous || policies.all(|plan| plan.anonymous);
            operations.into_iter().map(move |operation| Asked { program, id, route, operation, anonymous })
        });
        let rules = program.authorizations.iter().map(|plan| plan.rules.iter().map(|rule| Rule::of(program, rule)).collect());
        Self { asked: asked.collect(), rules: rules.collect() }
    }
}

impl<'p> Rule<'p> {
    fn of(program: &Program, plan: &'p AuthorizationRule) -> Self {
        let reads_model = plan.when.and_then(|id| id.of(program)).is_some_and(|when| when.scope == ExpressionScope::Resolve);
        let everybody = program.consumers.iter().all(|consumer| plan.roles.iter().any(|role| consumer.roles.contains(role)));
        Self { plan, late: !plan.models.is_empty() || reads_model, everybody }
    }
}

impl Asked<'_> {
    /// Whether a request for this knows a model.
    pub(super) const fn has_model(&self) -> bool {
        matches!(self.operation, Operation::Chat | Operation::Embeddings)
    }

    /// Every set of policies that a request for this can be under.
    pub(super) fn policies(&self) -> impl Iterator<Item = &PolicySet> {
        self.program.policies_of(self.id, self.route)
    }

    /// Whether the rule is judged here at all: where there never is a model, a rule about models says nothing.
    pub(super) fn judges(&self, rule: &Rule<'_>) -> bool {
        !rule.late || self.operation != Operation::Http
    }

    /// Whether the rule may be about it.
    pub(super) fn may_concern(&self, rule: &Rule<'_>) -> bool {
        let plan = rule.plan;
        (plan.operations.is_empty() || plan.operations.contains(&self.operation))
            && (plan.routes.is_empty() || plan.routes.contains(&self.id))
    }

    /// Whether the rule is about it whoever asks, so that only the model and its `when` are left to judge.
    pub(super) fn always_concerns(&self, rule: &Rule<'_>) -> bool {
        let anybody = rule.plan.roles.is_empty() || rule.everybody && !self.anonymous;
        self.may_concern(rule) && anybody && rule.plan.http.is_empty()
    }

    /// Whether the rule applies whoever asks, and for whichever model.
    pub(super) fn always_applies(&self, rule: &Rule<'_>) -> bool {
        let names = &rule.plan.models;
        let any_model = names.is_empty() || !self.has_model() || self.all_models_fit(names);
        self.always_concerns(rule) && any_model && rule.plan.when.is_none()
    }

    fn all_models_fit(&self, names: &[String]) -> bool {
        let ServePlan::Models { models, .. } = &self.route.serve else { return true };
        let fits = |name: &str| {
            names.iter().any(|pattern| pattern.strip_suffix('*').map_or(pattern == name, |prefix| name.starts_with(prefix)))
        };
        let mut served = models.iter().filter_map(|id| id.of(self.program)).filter(|model| model.operation == self.operation);
        served.all(|model| fits(model.origin.name.as_str()))
    }
}
