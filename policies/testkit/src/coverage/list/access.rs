//! Who may pass: authentication, and the rules of authorization.

use aigw_core::Operation;
use aigw_kinds::authorization::AuthorizationRule;
use aigw_kinds::consumer::ConsumerPlan;
use aigw_kinds::route::{RoutePlan, ServePlan};
use aigw_kinds::{AuthorizationId, ExpressionScope, Mode, Program, RouteId};

use super::{Lister, Rule, Sides, Sort, has_model, key};
use crate::coverage::point::{Outcome, PointKind};

impl Lister<'_> {
    pub(super) fn authentications(&mut self) {
        for plan in &self.program.authentications {
            let reads_keys = !plan.api_key_headers.is_empty();
            let ways = [
                (Outcome::Key, "key", reads_keys && !self.program.consumers.is_empty()),
                (Outcome::Anonymous, "anonymous", plan.anonymous),
                (Outcome::Refused, "refused", reads_keys || !plan.anonymous),
            ];
            let name = plan.origin.name.as_str();
            for (outcome, word, _) in ways.into_iter().filter(|(.., possible)| *possible) {
                let key = key(Sort::Authentication, &[name, word]);
                self.add_named(PointKind::Authentication, name, outcome, plan.origin.place, key);
            }
        }
    }

    pub(super) fn authorizations(&mut self) {
        let program = self.program;
        for (id, plan) in (0_u32..).map(AuthorizationId).zip(&program.authorizations) {
            let policy = plan.origin.name.as_str();
            let rules = plan.rules.iter().map(|rule| {
                let enabled = plan.mode != Mode::Disabled && rule.mode != Mode::Disabled;
                enabled.then(|| self.authorization_rule(policy, id, rule))
            });
            let rules = rules.collect();
            self.list.rules.push(rules);
        }
    }

    fn authorization_rule(&mut self, policy: &str, id: AuthorizationId, rule: &AuthorizationRule) -> Rule {
        let name = format!("{policy}/{}", rule.name);
        let yes = Some(self.add(PointKind::Authorization, name.clone(), Outcome::True, rule.place));
        let no = can_fail(self.program, id, rule);
        let no = no.then(|| self.add(PointKind::Authorization, name.clone(), Outcome::False, rule.place));
        let when = self.add_when(rule.when, &name, true);
        Rule { applies: Sides { yes, no }, when }
    }
}

/// Whether the rule is judged only when the model is known.
pub(super) fn is_late(program: &Program, rule: &AuthorizationRule) -> bool {
    let reads_model = rule.when.and_then(|id| id.of(program)).is_some_and(|when| when.scope == ExpressionScope::Resolve);
    !rule.models.is_empty() || reads_model
}

/// Whether some request that this program lets come so far could be one to which the rule does not apply. A rule that is used nowhere has both sides.
fn can_fail(program: &Program, policy: AuthorizationId, rule: &AuthorizationRule) -> bool {
    let routes = (0_u32..).map(RouteId).zip(&program.routes).filter(|(_, route)| route.authorization.contains(&policy));
    let mut asked = routes.flat_map(|(id, route)| {
        let operations = program.matches.iter().filter(move |row| row.route == id).map(|row| row.operation);
        operations.map(move |operation| (id, route, operation))
    });
    let late = is_late(program, rule);
    let judged = |operation: Operation| !late || operation != Operation::Http;
    let mut none = true;
    let fails = asked.any(|(id, route, operation)| {
        none &= !judged(operation);
        judged(operation) && !always_applies(program, rule, id, route, operation)
    });
    fails || none
}

fn always_applies(program: &Program, rule: &AuthorizationRule, id: RouteId, route: &RoutePlan, operation: Operation) -> bool {
    (rule.operations.is_empty() || rule.operations.contains(&operation))
        && (rule.routes.is_empty() || rule.routes.contains(&id))
        && (rule.roles.is_empty() || all_have_a_role(program, &rule.roles, route))
        && (rule.models.is_empty() || !has_model(operation) || all_models_fit(program, &rule.models, route, operation))
        && rule.http.is_empty()
        && rule.when.is_none()
}

fn all_have_a_role(program: &Program, roles: &[String], route: &RoutePlan) -> bool {
    let has = |consumer: &ConsumerPlan| roles.iter().any(|role| consumer.roles.contains(role));
    let known = route.authentication.iter().filter_map(|id| id.of(program));
    let anonymous = route.anonymous || known.clone().all(|plan| plan.anonymous);
    !anonymous && program.consumers.iter().all(has)
}

fn all_models_fit(program: &Program, names: &[String], route: &RoutePlan, operation: Operation) -> bool {
    let ServePlan::Models { models, .. } = &route.serve else { return true };
    let fits = |name: &str| {
        names.iter().any(|pattern| pattern.strip_suffix('*').map_or(pattern == name, |prefix| name.starts_with(prefix)))
    };
    let mut served = models.iter().filter_map(|id| id.of(program)).filter(|model| model.operation == operation);
    served.all(|model| fits(model.origin.name.as_str()))
}
