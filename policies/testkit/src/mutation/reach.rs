//! Which routes each thing has a say in: what has none cannot be noticed, and what has some can be noticed there alone.

use std::collections::BTreeSet;

use aigw_core::{Operation, Phase};
use aigw_kinds::route::{RoutePlan, ServePlan};
use aigw_kinds::{ConsumerId, Program, RouteId};

/// Routes by the index of what has a say in them.
pub(super) struct Reach {
    /// What may be asked for, by route; nothing where no request can reach it.
    pub(super) operations: Vec<BTreeSet<Operation>>,
    pub(super) authorizations: Vec<Vec<RouteId>>,
    pub(super) validations: Vec<Vec<RouteId>>,
    pub(super) limits: Vec<Vec<RouteId>>,
    pub(super) prompts: Vec<Vec<RouteId>>,
    pub(super) models: Vec<Vec<RouteId>>,
    pub(super) providers: Vec<Vec<RouteId>>,
}

impl Reach {
    pub(super) fn new(program: &Program) -> Self {
        let mut operations = vec![BTreeSet::new(); program.routes.len()];
        for row in &program.matches {
            if let Some(operations) = operations.get_mut(row.route.index()) {
                operations.insert(row.operation);
            }
        }
        let mut reach = Self {
            operations,
            authorizations: vec![Vec::new(); program.authorizations.len()],
            validations: vec![Vec::new(); program.validations.len()],
            limits: vec![Vec::new(); program.limits.len()],
            prompts: vec![Vec::new(); program.prompts.len()],
            models: vec![Vec::new(); program.models.len()],
            providers: vec![Vec::new(); program.providers.len()],
        };
        for (id, route) in (0..).map(RouteId).zip(&program.routes) {
            reach.add(program, id, route);
        }
        reach
    }

    fn add(&mut self, program: &Program, id: RouteId, route: &RoutePlan) {
        let operations = self.of_route(id).clone();
        if operations.is_empty() {
            return;
        }
        let sets = || program.policies_of(id, route);
        sets().flat_map(|set| &set.authorization).for_each(|policy| enter(&mut self.authorizations, policy.index(), id));
        sets().flat_map(|set| &set.validations).for_each(|validation| enter(&mut self.validations, validation.index(), id));
        let serves = operations.contains(&Operation::Chat) || operations.contains(&Operation::Embeddings);
        for limit in sets().flat_map(|set| &set.limits) {
            // Where there never is a model, what waits for one is not counted.
            if serves || limit.of(program).is_some_and(|plan| plan.phase != Phase::Resolve) {
                enter(&mut self.limits, limit.index(), id);
            }
        }
        if operations.contains(&Operation::Chat) {
            sets().flat_map(|set| &set.prompts).for_each(|used| enter(&mut self.prompts, used.prompt.index(), id));
        }
        match &route.serve {
            ServePlan::Models { models, .. } => {
                let called = models.iter().filter_map(|model| Some((model.index(), model.of(program)?)));
                for (index, model) in called.filter(|(_, model)| operations.contains(&model.operation)) {
                    enter(&mut self.models, index, id);
                    model.targets.iter().for_each(|target| enter(&mut self.providers, target.provider.index(), id));
                }
            }
            ServePlan::Http { provider, .. } => enter(&mut self.providers, provider.index(), id),
        }
    }

    /// What may be asked for on a route.
    pub(super) fn of_route(&self, id: RouteId) -> &BTreeSet<Operation> {
        const NONE: &BTreeSet<Operation> = &BTreeSet::new();
        self.operations.get(id.index()).unwrap_or(NONE)
    }

    /// Every route that a request can reach.
    pub(super) fn all(&self) -> Vec<RouteId> {
        (0..).map(RouteId).zip(&self.operations).filter(|(_, operations)| !operations.is_empty()).map(|(id, _)| id).collect()
    }
}

/// Routes come in their order, so that one that is there already is the last.
fn enter(table: &mut [Vec<RouteId>], index: usize, route: RouteId) {
    if let Some(routes) = table.get_mut(index).filter(|routes| routes.last() != Some(&route)) {
        routes.push(route);
    }
}

/// Whether these routes let nobody in but declared consumers.
pub(super) fn only_consumers(program: &Program, routes: &[RouteId]) -> bool {
    routes
        .iter()
        .filter_map(|id| id.of(program))
        .all(|route| route.authentication.iter().filter_map(|id| id.of(program)).any(|policy| !policy.anonymous))
}

/// Every consumer.
pub(super) fn consumers(program: &Program) -> impl Iterator<Item = ConsumerId> {
    (0..).map(ConsumerId).zip(&program.consumers).map(|(id, _)| id)
}
