//! Rules of Authorization policies: dropped, widened, with conditions turned round.

use aigw_kinds::authorization::{AuthorizationPlan, AuthorizationRule, Effect};
use aigw_kinds::route::ServePlan;
use aigw_kinds::{Mode, Program, RouteId};

use crate::mutation::maker::{Draft, Maker};
use crate::mutation::reach::{consumers, only_consumers};
use crate::mutation::{Concern, MutantKind};

pub(in crate::mutation) fn make(maker: &mut Maker<'_>) {
    for (policy, plan) in maker.program.authorizations.iter().enumerate() {
        let routes = maker.reach.authorizations.get(policy).cloned().unwrap_or_default();
        if plan.mode != Mode::Enforce || routes.is_empty() {
            continue;
        }
        for (index, rule) in plan.rules.iter().enumerate() {
            if decides(maker, plan, index) {
                Rule { policy, index, plan, rule, routes: &routes }.make(maker);
            }
        }
    }
}

struct Rule<'r> {
    policy: usize,
    index: usize,
    plan: &'r AuthorizationPlan,
    rule: &'r AuthorizationRule,
    routes: &'r [RouteId],
}

impl Rule<'_> {
    fn make(&self, maker: &mut Maker<'_>) {
        let (policy, index) = (self.policy, self.index);
        let name = self.name();
        let dropped = self.draft(MutantKind::DropRule, "", format!("the rule `{name}` is gone"));
        maker.add(dropped, move |program| {
            if let Some(plan) = program.authorizations.get_mut(policy) {
                plan.rules.remove(index);
            }
        });
        maker.negate(self.rule.when, |when| Draft {
            place: when.place,
            ..self.draft(
                MutantKind::NegateCondition,
                "",
                format!("the rule `{name}` applies where `{}` does not hold", when.text),
            )
        });
        self.widen(maker);
    }

    fn widen(&self, maker: &mut Maker<'_>) {
        let (rule, program) = (self.rule, maker.program);
        if !rule.roles.is_empty() && !self.every_caller(program) {
            self.widened(maker, "roles", "every role", |rule| rule.roles.clear());
        }
        if !rule.operations.is_empty() && !self.every_operation(maker) {
            self.widened(maker, "operations", "every operation", |rule| rule.operations.clear());
        }
        if !rule.models.is_empty() && !self.every_model(program) {
            self.widened(maker, "models", "every model", |rule| rule.models.clear());
        }
        if !rule.routes.is_empty() && !self.routes.iter().all(|route| rule.routes.contains(route)) {
            self.widened(maker, "routes", "every route", |rule| rule.routes.clear());
        }
        if !rule.http.is_empty() {
            self.widened(maker, "http", "every method and path", |rule| rule.http.clear());
        }
        if let Some(when) = rule.when {
            let place = maker.place_of(when);
            let name = format!("the rule `{}` applies whether its condition holds or not", self.name());
            let draft = Draft { place, ..self.draft(MutantKind::WidenRule, "/when", name) };
            self.changed(maker, draft, |rule| rule.when = None);
        }
    }

    fn widened(&self, maker: &mut Maker<'_>, field: &str, to: &str, change: fn(&mut AuthorizationRule)) {
        let name = format!("the rule `{}` applies to {to}", self.name());
        self.changed(maker, self.draft(MutantKind::WidenRule, &format!("/{field}"), name), change);
    }

    fn changed(&self, maker: &mut Maker<'_>, draft: Draft, change: fn(&mut AuthorizationRule)) {
        let (policy, index) = (self.policy, self.index);
        maker.add(draft, move |program| {
            let rule = program.authorizations.get_mut(policy).and_then(|plan| plan.rules.get_mut(index));
            rule.into_iter().for_each(change);
        });
    }

    fn draft(&self, kind: MutantKind, part: &str, name: String) -> Draft {
        let of = format!("{}{part}", self.name());
        Draft { kind, of, place: self.rule.place, name, concern: Concern::Routes(self.routes.to_vec()), mentions: Vec::new() }
    }

    fn name(&self) -> String {
        format!("{}/{}", self.plan.origin.name, self.rule.name)
    }

    /// Whether everybody who can come here has one of the roles.
    fn every_caller(&self, program: &Program) -> bool {
        let has = |id: aigw_kinds::ConsumerId| {
            id.of(program).is_some_and(|consumer| self.rule.roles.iter().any(|role| consumer.roles.contains(role)))
        };
        only_consumers(program, self.routes) && consumers(program).all(has)
    }

    fn every_operation(&self, maker: &Maker<'_>) -> bool {
        let asked =
            |route: &RouteId| maker.reach.of_route(*route).iter().all(|operation| self.rule.operations.contains(operation));
        self.routes.iter().all(asked)
    }

    /// Whether every model of the routes is named.
    fn every_model(&self, program: &Program) -> bool {
        let named = |name: &str| {
            let fits = |pattern: &String| pattern.strip_suffix('*').map_or(pattern == name, |prefix| name.starts_with(prefix));
            self.rule.models.iter().any(fits)
        };
        self.routes.iter().filter_map(|route| route.of(program)).all(|route| match &route.serve {
            ServePlan::Models { models, .. } => {
                models.iter().filter_map(|model| model.of(program)).all(|model| named(model.origin.name.as_str()))
            }
            // Where there never is a model, a rule about models says nothing.
            ServePlan::Http { .. } => false,
        })
    }
}

/// Whether a rule can decide anything: it is in force, and no other of its policy says the same, or more, without any condition.
fn decides(maker: &Maker<'_>, plan: &AuthorizationPlan, index: usize) -> bool {
    let Some(rule) = plan.rules.get(index).filter(|rule| rule.mode == Mode::Enforce) else { return false };
    let others = plan.rules.iter().enumerate().filter(|(other, plan)| *other != index && plan.mode == Mode::Enforce);
    !others.into_iter().any(|(_, other)| {
        let whole = is_unconditional(other) && (other.effect == rule.effect || other.effect == Effect::Deny);
        whole || is_alike(maker, other, rule)
    })
}

/// Whether a rule applies to everything.
pub(super) fn is_unconditional(rule: &AuthorizationRule) -> bool {
    let lists = rule.roles.is_empty() && rule.operations.is_empty() && rule.models.is_empty();
    lists && rule.routes.is_empty() && rule.http.is_empty() && rule.when.is_none()
}

fn is_alike(maker: &Maker<'_>, one: &AuthorizationRule, other: &AuthorizationRule) -> bool {
    let same = AuthorizationRule { name: one.name.clone(), place: one.place, when: one.when, ..other.clone() };
    same == *one && maker.text(one.when) == maker.text(other.when)
}
