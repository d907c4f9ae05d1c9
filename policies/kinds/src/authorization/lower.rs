//! An authorization policy: from as written to as compiled.

use aigw_core::Operation;

use crate::authorization::{
    AskedHttpSpec, AskedSpec, AuthorizationPlan, AuthorizationRule, AuthorizationRuleSpec, AuthorizationSpec, Effect, HttpMatch,
};
use crate::lower::uses::check_unique_names;
use crate::lower::{At, Lowering};
use crate::model::check_pattern;
use crate::{ExpressionScope, ExpressionType, Kind, Mode, RouteId, Typed};

/// Lowers one authorization policy.
pub(crate) fn lower<'a>(lowering: &mut Lowering<'a>, typed: Typed<'a, AuthorizationSpec>) -> Option<AuthorizationPlan> {
    let Typed { doc, spec } = typed;
    let at = At::spec(doc).key("rules");
    check_unique_names(
        lowering,
        "rules",
        spec.rules.iter().enumerate().map(|(index, rule)| (&rule.name, at.item(index).key("name"))),
    );
    let mut rules = Vec::new();
    for (index, rule) in spec.rules.iter().enumerate() {
        let before = lowering.expressions.len();
        let plan = lower_rule(lowering, rule, &at.item(index));
        if rule.mode == Mode::Disabled {
            lowering.expressions.truncate(before);
        } else {
            rules.extend(plan);
        }
    }
    Some(AuthorizationPlan { origin: lowering.origin(doc)?, mode: spec.mode, rules })
}

fn lower_rule<'a>(lowering: &mut Lowering<'a>, spec: &'a AuthorizationRuleSpec, at: &At<'a>) -> Option<AuthorizationRule> {
    let (effect, asked, key) = match (&spec.allow, &spec.deny) {
        (Some(asked), None) => (Effect::Allow, asked, "allow"),
        (None, Some(asked)) => (Effect::Deny, asked, "deny"),
        (None, None) => {
            let message = format!("the rule `{}` neither allows nor denies", spec.name);
            lowering.unfit(at.key("name").span(), message, "write `allow: {…}` or `deny: {…}`");
            return None;
        }
        (Some(_), Some(_)) => {
            let message = format!("the rule `{}` both allows and denies", spec.name);
            lowering.unfit(at.key("deny").key_span(), message, "make it two rules");
            return None;
        }
    };
    // What reads the body or the model is judged once they are known.
    let scopes = [ExpressionScope::Admit, ExpressionScope::Resolve];
    let when = spec.when.as_ref().and_then(|when| lowering.expression_in(when, &at.key("when"), &scopes, ExpressionType::Bool));
    let at_asked = at.key(key);
    check_asked(lowering, asked, &at_asked);
    Some(AuthorizationRule {
        name: spec.name.clone(),
        mode: spec.mode,
        roles: spec.roles.iter().map(ToString::to_string).collect(),
        effect,
        operations: asked.operations.clone(),
        models: models(lowering, asked, &at_asked.key("models")),
        routes: routes(lowering, asked, &at_asked.key("routes")),
        http: http(lowering, &asked.http, &at_asked.key("http")),
        when: when.map(|(id, _)| id),
        place: lowering.place(at.span()),
    })
}

/// What no request can be at once.
fn check_asked<'a>(lowering: &mut Lowering<'a>, asked: &AskedSpec, at: &At<'a>) {
    let only_http = !asked.operations.is_empty() && asked.operations.iter().all(|operation| *operation == Operation::Http);
    let no_http = !asked.operations.is_empty() && !asked.operations.contains(&Operation::Http);
    if !asked.http.is_empty() && no_http {
        let help = "add `http` to `operations`, or leave `operations` out";
        lowering.unfit(at.key("http").key_span(), "`http` is about requests that `operations` leaves out", help);
    }
    if !asked.models.is_empty() && (only_http || !asked.http.is_empty()) {
        let help = "make it two rules";
        lowering.unfit(at.key("models").key_span(), "requests of `http` routes have no model", help);
    }
}

fn models<'a>(lowering: &mut Lowering<'a>, asked: &AskedSpec, at: &At<'a>) -> Vec<String> {
    for (index, name) in asked.models.iter().enumerate() {
        let at = at.item(index);
        if check_pattern(lowering, name, at.span()) && !name.ends_with('*') {
            lowering.reference(Kind::Model, name, &at);
        }
    }
    asked.models.clone()
}

fn routes<'a>(lowering: &mut Lowering<'a>, asked: &AskedSpec, at: &At<'a>) -> Vec<RouteId> {
    let names = asked.routes.iter().enumerate();
    names.filter_map(|(index, name)| lowering.reference(Kind::Route, name, &at.item(index)).map(RouteId)).collect()
}

fn http<'a>(lowering: &mut Lowering<'a>, asked: &[AskedHttpSpec], at: &At<'a>) -> Vec<HttpMatch> {
    let mut matches = Vec::new();
    for (index, spec) in asked.iter().enumerate() {
        let path = match &spec.path {
            Some(path) => lowering.path(path, &at.item(index).key("path")),
            None => None,
        };
        let mut methods: Vec<String> = spec.methods.iter().map(|method| method.as_str().to_owned()).collect();
        methods.sort();
        methods.dedup();
        matches.push(HttpMatch { methods, path });
    }
    matches
}

#[cfg(test)]
mod tests;
