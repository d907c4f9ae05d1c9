//! The authorize phase, and what is judged again in the resolve phase once the model is known.
//!
//! A deny that applies decides; otherwise some rule must allow. Rules in shadow are recorded and decide nothing.

use std::sync::Arc;

use aigw_core::{ErrorCode, Operation, Phase, Verdict};
use aigw_expr::EvalError;

use crate::authorization::{AuthorizationPlan, AuthorizationRule, Effect, HttpMatch};
use crate::facts::Facts;
use crate::{
    AuthorizationId, Decider, Decision, ExpressionId, ExpressionScope, Expressions, Judged, Mode, ModelId, Program, Refusal,
    RouteId,
};

/// An authorization policy, ready.
#[derive(Clone, Debug)]
pub struct Authorization {
    id: AuthorizationId,
    shadow: bool,
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
struct Rule {
    index: u16,
    shadow: bool,
    effect: Effect,
    roles: Vec<String>,
    operations: Vec<Operation>,
    /// Whether it is for the model of that index; `None` for all.
    models: Option<Vec<bool>>,
    routes: Vec<RouteId>,
    http: Vec<HttpMatch>,
    when: Option<ExpressionId>,
    /// It can be judged only when the model is known.
    late: bool,
}

/// What a caller asks for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'f, 'a> {
    /// What is to be done.
    pub operation: Operation,
    /// By which route.
    pub route: RouteId,
    /// Whether that needs no rule that allows: denials count all the same.
    pub open: bool,
    /// The request and who sent it.
    pub facts: &'f Facts<'a>,
}

/// What the authorize phase leaves to the resolve phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Authorized {
    /// Some rule allows whatever the model, or none needs to.
    any_model: bool,
    /// Some rule is to be judged when the model is known.
    late_rules: bool,
}

impl Authorization {
    /// Makes a plan ready.
    pub fn new(id: AuthorizationId, plan: &AuthorizationPlan, program: &Program) -> Self {
        let rules = (0_u16..).zip(&plan.rules).filter(|(_, rule)| rule.mode != Mode::Disabled);
        let shadow = plan.mode == Mode::Shadow;
        Self { id, shadow, rules: rules.map(|(index, rule)| Rule::new(index, shadow, rule, program)).collect() }
    }

    /// Which one it is.
    pub const fn id(&self) -> AuthorizationId {
        self.id
    }
}

impl Rule {
    fn new(index: u16, shadow: bool, plan: &AuthorizationRule, program: &Program) -> Self {
        let named = |model: &crate::model::ModelPlan| plan.models.iter().any(|name| names(name, model.origin.name.as_str()));
        let models = (!plan.models.is_empty()).then(|| program.models.iter().map(named).collect());
        let reads_model = |id: ExpressionId| id.of(program).is_some_and(|when| when.scope == ExpressionScope::Resolve);
        Self {
            index,
            shadow: shadow || plan.mode == Mode::Shadow,
            effect: plan.effect,
            roles: plan.roles.clone(),
            operations: plan.operations.clone(),
            late: models.is_some() || plan.when.is_some_and(reads_model),
            models,
            routes: plan.routes.clone(),
            http: plan.http.clone(),
            when: plan.when,
        }
    }

    /// Whether it is about this request, whatever its `when` and its models say.
    fn concerns(&self, asked: &Asked<'_, '_>, operation: Operation) -> bool {
        let roles = || asked.facts.identity.as_ref().map(|caller| caller.roles.as_slice()).unwrap_or_default();
        (self.roles.is_empty() || self.roles.iter().any(|role| roles().contains(role))) && self.is_about(asked, operation)
    }

    /// The same, whatever roles the caller has.
    fn is_about(&self, asked: &Asked<'_, '_>, operation: Operation) -> bool {
        let facts = asked.facts;
        let http = |rule: &HttpMatch| {
            let method = rule.methods.is_empty() || rule.methods.iter().any(|method| method == facts.method.as_str());
            method && rule.path.as_ref().is_none_or(|path| path.matches(facts.path))
        };
        (self.operations.is_empty() || self.operations.contains(&operation))
            && (self.routes.is_empty() || self.routes.contains(&asked.route))
            && (self.http.is_empty() || (operation == Operation::Http && self.http.iter().any(http)))
    }

    /// What it decides, where it applies and is in force; recorded wherever it applies or could not tell.
    fn judge(
        &self,
        asked: &Asked<'_, '_>,
        expressions: &Expressions,
        by: Decider,
        phase: Phase,
        decisions: &mut Vec<Decision>,
    ) -> Option<Effect> {
        let (applies, failed) = self.applies(asked, expressions);
        let held = self.when.filter(|_| failed.is_none()).map(|_| applies);
        expressions.judged(Judged { by, applies, held });
        let verdict = match (applies, self.effect) {
            (true, Effect::Allow) => Verdict::Allowed,
            (true, Effect::Deny) => Verdict::Refused,
            (false, _) if failed.is_some() => Verdict::Passed,
            (false, _) => return None,
        };
        decisions.push(Decision::new(by, phase, verdict).in_shadow(self.shadow).when_failed(failed.as_ref()));
        (applies && !self.shadow).then_some(self.effect)
    }

    /// Whether it applies. A `when` that fails counts as what is safe, and is handed back.
    fn applies(&self, asked: &Asked<'_, '_>, expressions: &Expressions) -> (bool, Option<EvalError>) {
        match expressions.holds_if_any(self.when, asked.facts) {
            Ok(holds) => (holds, None),
            Err(error) => (self.effect == Effect::Deny, Some(error)),
        }
    }

    fn fits_model(&self, model: ModelId) -> bool {
        self.models.as_ref().is_none_or(|models| models.get(model.index()).copied().unwrap_or(false))
    }
}

/// Whether a name as rules write it, exact or with one `*` at its end, means this model.
fn names(pattern: &str, model: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == model, |prefix| model.starts_with(prefix))
}

/// The authorize phase: operation, route and, for `http` routes, method and path. Rules about models are left to [`authorize_model`].
///
/// # Errors
/// 403 where a rule denies, or none can allow.
pub fn authorize<'p>(
    policies: impl Iterator<Item = &'p Arc<Authorization>> + Clone,
    asked: &Asked<'_, '_>,
    expressions: &Expressions,
    decisions: &mut Vec<Decision>,
) -> Result<Authorized, Refusal> {
    let mut authorized = Authorized { any_model: asked.open, late_rules: false };
    let mut possible = false;
    // Where there never is a model, a rule about models says nothing.
    let speaks = |rule: &Rule| !rule.late || asked.operation != Operation::Http;
    for (policy, rule) in rules(policies.clone()).filter(|(_, rule)| speaks(rule)) {
        let by = Decider::AuthorizationRule(policy, rule.index);
        if !rule.concerns(asked, asked.operation) {
            expressions.judged(Judged::aside(by));
            continue;
        }
        if rule.late {
            authorized.late_rules = true;
            possible |= rule.effect == Effect::Allow && !rule.shadow;
            continue;
        }
        match rule.judge(asked, expressions, by, Phase::Authorize, decisions) {
            Some(Effect::Deny) => return Err(denied(asked)),
            Some(Effect::Allow) => authorized.any_model = true,
            None => {}
        }
    }
    if authorized.any_model || possible {
        return Ok(authorized);
    }
    record_unallowed(policies.clone(), Phase::Authorize, decisions);
    Err(unallowed(policies, asked))
}

/// What is left to judge once the model is known: rules that name models, or read what only now is known.
///
/// # Errors
/// 403 where a rule denies the model, or none allows it.
pub fn authorize_model<'p>(
    policies: impl Iterator<Item = &'p Arc<Authorization>> + Clone,
    asked: &Asked<'_, '_>,
    model: ModelId,
    authorized: Authorized,
    expressions: &Expressions,
    decisions: &mut Vec<Decision>,
) -> Result<(), Refusal> {
    if !authorized.late_rules {
        return Ok(());
    }
    let refusal = || Refusal::new(ErrorCode::ModelNotAllowed, "this caller may not use this model").about("model");
    let mut allowed = authorized.any_model;
    let late = |rule: &Rule| rule.late && rule.concerns(asked, asked.operation);
    for (policy, rule) in rules(policies.clone()).filter(|(_, rule)| late(rule)) {
        let by = Decider::AuthorizationRule(policy, rule.index);
        if !rule.fits_model(model) {
            expressions.judged(Judged::aside(by));
            continue;
        }
        match rule.judge(asked, expressions, by, Phase::Resolve, decisions) {
            Some(Effect::Deny) => return Err(refusal()),
            Some(Effect::Allow) => allowed = true,
            None => {}
        }
    }
    if allowed {
        return Ok(());
    }
    record_unallowed(policies, Phase::Resolve, decisions);
    Err(refusal())
}

/// Whether the caller may use a model, for the list of models: both list it and use it for `operation`, which is what it does. Records nothing.
pub fn may_use<'p>(
    policies: impl Iterator<Item = &'p Arc<Authorization>> + Clone,
    asked: &Asked<'_, '_>,
    model: ModelId,
    operation: Operation,
    expressions: &Expressions,
) -> bool {
    let applying = |operation: Operation, effect: Effect| {
        rules(policies.clone()).any(|(_, rule)| {
            !rule.shadow
                && rule.effect == effect
                && rule.fits_model(model)
                && rule.concerns(asked, operation)
                && rule.applies(asked, expressions).0
        })
    };
    let passes = |operation| !applying(operation, Effect::Deny) && (asked.open || applying(operation, Effect::Allow));
    passes(asked.operation) && (operation == asked.operation || passes(operation))
}

fn rules<'p>(policies: impl Iterator<Item = &'p Arc<Authorization>>) -> impl Iterator<Item = (AuthorizationId, &'p Rule)> {
    policies.flat_map(|policy| policy.rules.iter().map(|rule| (policy.id, rule)))
}

fn denied(asked: &Asked<'_, '_>) -> Refusal {
    Refusal::new(ErrorCode::NotAuthorized, format!("this caller may not ask for `{}` here", asked.operation.as_str()))
}

/// Names what is missing: a role, where some role would do, and nothing of who has it.
fn unallowed<'p>(policies: impl Iterator<Item = &'p Arc<Authorization>>, asked: &Asked<'_, '_>) -> Refusal {
    let mut allowing = rules(policies)
        .map(|(_, rule)| rule)
        .filter(|rule| rule.effect == Effect::Allow && !rule.shadow && rule.is_about(asked, asked.operation))
        .peekable();
    // Where a role is not what is missing, it is the `when` of a rule, which is nobody else's business.
    if allowing.peek().is_none() || allowing.any(|rule| rule.concerns(asked, asked.operation)) {
        return denied(asked);
    }
    let message = format!("this caller has none of the roles that may ask for `{}` here", asked.operation.as_str());
    Refusal::new(ErrorCode::NotAuthorized, message)
}

/// Names every policy that could have allowed.
fn record_unallowed<'p>(policies: impl Iterator<Item = &'p Arc<Authorization>>, phase: Phase, decisions: &mut Vec<Decision>) {
    let enforced = policies.filter(|policy| !policy.shadow);
    decisions.extend(
        enforced.map(|policy| Decision::new(Decider::Authorization(policy.id), phase, Verdict::Refused).noting("no rule allows")),
    );
}

#[cfg(test)]
mod tests;
