//! Routes: from as written to as compiled, and the table of everything that reaches one.

use std::collections::{BTreeMap, BTreeSet};

use aigw_core::Operation;

use crate::gateway::Attached;
use crate::lower::uses::{PolicyInUse, PolicyUses, policy_set};
use crate::lower::{At, Lowering, listed};
use crate::model::ModelSpec;
use crate::route::{DetachSpec, MatchRow, PathPattern, RoutePlan, RouteSpec, ServePlan, ties};
use crate::{AuthenticationId, Doc, Kind, Mode, ModelId, RouteId, Spec, TenantId, Typed, rules, validation};

/// Most rows of a program: ten thousand routes with twenty ways each. More would make a small folder a large program.
const MAX_ROWS: usize = 200_000;

/// Lowers every route and joins their rows into one table, in the order of precedence.
pub(crate) fn lower_all<'a>(lowering: &mut Lowering<'a>, attached: &Attached<'a>) -> (Vec<RoutePlan>, Vec<MatchRow>) {
    let mut rows: Vec<MatchRow> = Vec::new();
    let plans = lowering.each::<RouteSpec, _>(|lowering, typed| {
        let (plan, own) = lower(lowering, typed, attached)?;
        if rows.len().saturating_add(own.len()) > MAX_ROWS {
            let message = format!("the routes up to this one have more than {MAX_ROWS} ways to be reached");
            lowering.refuse(rules::TOO_MANY_WAYS, At::name(typed.doc).span(), message, "give routes fewer `hosts` and `matches`");
            return None;
        }
        rows.extend(own);
        Some(plan)
    });
    ties::sort_rows(&mut rows);
    ties::check(lowering, &rows, &plans);
    (plans, rows)
}

fn lower<'a>(
    lowering: &mut Lowering<'a>,
    typed: Typed<'a, RouteSpec>,
    attached: &Attached<'a>,
) -> Option<(RoutePlan, Vec<MatchRow>)> {
    let Typed { doc, spec } = typed;
    let at = At::spec(doc);
    let id = RouteId(lowering.id(Kind::Route, &doc.name)?);
    let serve = serve(lowering, spec, &at.key("serve"));
    let clear = spec.serve.http.is_some() == spec.serve.models.is_empty();
    let operations = if clear { operations(lowering, spec, &at) } else { BTreeSet::new() };
    let rows = if clear { super::rows::rows(lowering, typed, id, &operations) } else { Vec::new() };
    let own = lowering.policy_uses(&spec.policies, &at.key("policies"));
    let tenant = self::tenant(lowering, spec, &at);
    let joined = join(lowering, typed, attached, own);
    check_access(lowering, typed, &joined);
    let plan = RoutePlan {
        origin: lowering.origin(doc)?,
        labels: doc.labels.clone(),
        tenant,
        serve: serve?,
        authentication: authentications(&joined),
        anonymous: spec.anonymous,
        wider: policy_set(&joined.wider),
        own: policy_set(&joined.own),
        authorization_open: spec.authorization.is_some(),
        class: spec.class,
    };
    Some((plan, rows))
}

/// The tenant whose callers alone are served.
fn tenant<'a>(lowering: &mut Lowering<'a>, spec: &RouteSpec, at: &At<'a>) -> Option<TenantId> {
    let at = at.key("tenant");
    if spec.tenant.is_some() && spec.anonymous {
        let help = "remove `tenant` or `anonymous: true`";
        lowering.unfit(at.key_span(), "the route is `anonymous: true`, and nobody whom it does not know is of a tenant", help);
    }
    lowering.tenant(spec.tenant.as_ref(), &at)
}

fn authentications(joined: &Joined<'_>) -> Vec<AuthenticationId> {
    let ids = joined.all().filter(|policy| policy.doc.kind == Kind::Authentication).filter_map(|policy| policy.id);
    ids.map(AuthenticationId).collect()
}

/// The policies of a route by scope.
struct Joined<'a> {
    /// The Gateway's, then attached ones.
    wider: Vec<PolicyInUse<'a>>,
    /// The route's own; none of `wider`.
    own: Vec<PolicyInUse<'a>>,
    /// Whether some were not found: what they would have done is not said to be missing.
    lost: bool,
}

impl<'a> Joined<'a> {
    fn all(&self) -> impl Iterator<Item = &PolicyInUse<'a>> {
        self.wider.iter().chain(&self.own)
    }
}

/// The policies of a route. What a wider scope has is not repeated.
fn join<'a>(
    lowering: &mut Lowering<'a>,
    typed: Typed<'a, RouteSpec>,
    attached: &Attached<'a>,
    own: PolicyUses<'a>,
) -> Joined<'a> {
    let Typed { doc, spec } = typed;
    let selected = attached.selected.iter().filter(|(selector, _)| selector.finds(&doc.name, &doc.labels));
    let scopes: Vec<&PolicyUses<'a>> = std::iter::once(&attached.everywhere).chain(selected.map(|(_, uses)| uses)).collect();
    let lost = own.lost || scopes.iter().any(|uses| uses.lost);
    let mut wider: Vec<PolicyInUse<'a>> = Vec::new();
    for policy in scopes.into_iter().flat_map(|uses| &uses.found) {
        if !wider.iter().any(|earlier| earlier.doc.name == policy.doc.name) {
            wider.push(policy.clone());
        }
    }
    let at = At::spec(doc).key("detach");
    for (index, detach) in spec.detach.iter().enumerate() {
        detach_policy(lowering, detach, &at.item(index), &mut wider);
    }
    // A policy of a wider scope is for the routes that it fits; one that the route itself names must fit.
    wider.retain(|policy| has_effect(policy, spec, lowering));
    let own = own.found.into_iter().filter(|policy| fits_as_own(lowering, spec, policy, &wider)).collect();
    Joined { wider, own, lost }
}

/// Whether a policy that the route itself names fits it, and is not there already.
fn fits_as_own<'a>(lowering: &mut Lowering<'a>, spec: &RouteSpec, policy: &PolicyInUse<'a>, wider: &[PolicyInUse<'a>]) -> bool {
    if let Some(why) = misfit(policy, spec, lowering) {
        lowering.unfit(policy.at.span(), format!("`{}` {why}", policy.doc.name), "remove it from this route");
        return false;
    }
    let Some(earlier) = wider.iter().find(|earlier| earlier.doc.name == policy.doc.name) else {
        return validation::lower::decides_beside(lowering, policy, wider);
    };
    let message = format!("the Gateway gives this route `{}` already", policy.doc.name);
    let finding = lowering.error(rules::DUPLICATE_NAME, policy.at.span(), message).label(earlier.at.span(), "here");
    lowering.push(finding.help("remove one of them"));
    false
}

/// Whether a policy can do anything on a route; of a validation some part is enough.
fn has_effect(policy: &PolicyInUse<'_>, spec: &RouteSpec, lowering: &Lowering<'_>) -> bool {
    match &policy.doc.spec {
        Some(Spec::Validation(validation)) => validation.concerns(&served(spec, lowering)),
        _ => misfit(policy, spec, lowering).is_none(),
    }
}

/// Why a policy, or a part of it, cannot do anything on a route.
fn misfit(policy: &PolicyInUse<'_>, spec: &RouteSpec, lowering: &Lowering<'_>) -> Option<&'static str> {
    let Some(written) = &policy.doc.spec else { return None };
    let http = spec.serve.http.is_some();
    match written {
        Spec::Prompt(_) if http => Some("is a prompt, and a route that serves `http` has none"),
        Spec::Prompt(prompt) if !prompt.versions.is_empty() && !does_chat(spec, lowering) => {
            Some("has messages, and the route serves no chat")
        }
        Spec::Limit(_) if http && lowering.late_limits.contains(policy.doc.name.as_str()) => {
            Some("is counted once the model is known, and a route that serves `http` has none")
        }
        Spec::Validation(validation) => validation.misfit(&served(spec, lowering)),
        _ => None,
    }
}

/// What may be asked for, as far as it can be read.
fn served(spec: &RouteSpec, lowering: &Lowering<'_>) -> Vec<Operation> {
    if spec.serve.http.is_some() {
        return vec![Operation::Http];
    }
    let models = spec.serve.models.iter().map(|name| lowering.repository.typed::<ModelSpec>(name));
    let done = models.flat_map(|model| match model {
        Some(model) => vec![model.spec.operation.into()],
        // It may do either.
        None => vec![Operation::Chat, Operation::Embeddings],
    });
    let written = |operation: &Operation| {
        spec.operations.is_empty() || spec.operations.iter().any(|written| Operation::from(*written) == *operation)
    };
    done.chain([Operation::Models]).filter(written).collect()
}

fn does_chat(spec: &RouteSpec, lowering: &Lowering<'_>) -> bool {
    let chat = |name: &String| {
        lowering
            .repository
            .typed::<ModelSpec>(name)
            .is_none_or(|model| model.spec.operation == crate::model::ModelOperation::Chat)
    };
    spec.serve.models.iter().any(chat)
}

fn detach_policy<'a>(lowering: &mut Lowering<'a>, detach: &DetachSpec, at: &At<'a>, wider: &mut Vec<PolicyInUse<'a>>) {
    let at = at.key("policy");
    let Some(doc) = lowering.policy(&detach.policy, &at) else { return };
    let Some(index) = wider.iter().position(|policy| policy.doc.name == detach.policy) else {
        let message = format!("the Gateway does not give `{}` to this route", detach.policy);
        lowering.refuse(rules::NOT_DETACHABLE, at.span(), message, "remove it from `detach`");
        return;
    };
    if !is_detachable(doc) {
        let message = format!("`{}` is not detachable", detach.policy);
        let finding = lowering.error(rules::NOT_DETACHABLE, at.span(), message).label(doc.name_span(), "the policy");
        lowering.push(finding.help("whoever owns the policy may write `detachable: true` in its `spec`"));
        return;
    }
    wider.remove(index);
}

fn is_detachable(doc: &Doc) -> bool {
    match &doc.spec {
        Some(Spec::Authentication(spec)) => spec.detachable,
        Some(Spec::Authorization(spec)) => spec.detachable,
        Some(Spec::Validation(spec)) => spec.detachable,
        Some(Spec::Limit(spec)) => spec.detachable,
        Some(Spec::Prompt(spec)) => spec.detachable,
        Some(_) => false,
        None => true,
    }
}

/// Who may come in, and what they may do, is written, one way or the other.
fn check_access<'a>(lowering: &mut Lowering<'a>, typed: Typed<'a, RouteSpec>, policies: &Joined<'a>) {
    let Typed { doc, spec } = typed;
    let complete = !policies.lost && lowering.knows_all_names();
    let first = |kind: Kind| policies.all().find(|policy| policy.doc.kind == kind);
    let span = At::name(doc).span();
    match first(Kind::Authentication) {
        None if !spec.anonymous && complete => {
            let help = "attach an Authentication, here or on the Gateway, or write `anonymous: true`";
            lowering.refuse(rules::NO_AUTHENTICATION, span, format!("nothing authenticates the callers of `{}`", doc.name), help);
        }
        Some(policy) if spec.anonymous => {
            let message = format!("the route is `anonymous: true`, and `{}` authenticates its callers", policy.doc.name);
            let finding = lowering.error(rules::INVALID_COMBINATION, At::spec(doc).key("anonymous").key_span(), message);
            let finding = finding.label(policy.at.span(), "attached here");
            lowering.push(finding.help("detach the policy, or remove `anonymous: true`"));
        }
        _ => {}
    }
    let enforced = |policy: &&PolicyInUse<'_>| match &policy.doc.spec {
        Some(Spec::Authorization(authorization)) => authorization.mode == Mode::Enforce,
        _ => policy.doc.kind == Kind::Authorization,
    };
    match policies.all().find(enforced) {
        None if spec.authorization.is_none() && complete => {
            let help = "attach an Authorization with `mode: enforce`, here or on the Gateway, or write `authorization: open`";
            lowering.refuse(rules::NO_AUTHORIZATION, span, format!("nothing authorizes the callers of `{}`", doc.name), help);
        }
        Some(policy) if spec.authorization.is_some() => {
            let message = format!("the route is `authorization: open`, and `{}` authorizes its callers", policy.doc.name);
            let finding = lowering.error(rules::INVALID_COMBINATION, At::spec(doc).key("authorization").key_span(), message);
            let finding = finding.label(policy.at.span(), "attached here");
            lowering.push(finding.help("detach the policy, or remove `authorization: open`"));
        }
        _ => {}
    }
}

fn serve<'a>(lowering: &mut Lowering<'a>, spec: &'a RouteSpec, at: &At<'a>) -> Option<ServePlan> {
    let written = &spec.serve;
    match (&written.http, written.models.is_empty()) {
        (Some(_), false) => {
            let help = "make it two routes";
            lowering.unfit(at.key("models").key_span(), "a route serves either `models` or `http`", help);
            None
        }
        (None, true) => {
            lowering.unfit(at.key_span(), "the route serves nothing", "write `models: [NAME]` or `http: PROVIDER`");
            None
        }
        (Some(http), true) => serve_http(lowering, spec, http, at),
        (None, false) => serve_models(lowering, spec, at),
    }
}

fn serve_http<'a>(lowering: &mut Lowering<'a>, spec: &'a RouteSpec, http: &'a str, at: &At<'a>) -> Option<ServePlan> {
    if spec.serve.default.is_some() {
        lowering.unfit(at.key("default").key_span(), "`default` is a model, and `http` has none", "remove it");
    }
    let (provider, endpoint) = http.split_once('/').map_or((http, None), |(provider, endpoint)| (provider, Some(endpoint)));
    let at_http = at.key("http");
    let found = lowering.provider_endpoints(provider, endpoint, &at_http)?;
    if let (Some(endpoint), false) = (endpoint, found.named) {
        let message = format!("the provider `{provider}` has no endpoint `{endpoint}`");
        let known: Vec<String> = found.spec.endpoints.keys().map(|name| format!("{provider}/{name}")).collect();
        lowering.unknown(rules::UNKNOWN_PROVIDER, at_http.span(), message, http, known.iter().map(String::as_str));
        return None;
    }
    if found.spec.r#type == crate::provider::ProviderType::Mock {
        let message = format!("`{provider}` is a mock, which answers only for models");
        lowering.unfit(at_http.span(), message, "name a provider with an address");
    }
    if let Some(path) = &spec.serve.path {
        let at = at.key("path");
        let pattern = lowering.path(path, &at);
        let takes_rest = |path: &Option<String>| path.as_ref().is_some_and(|path| path.ends_with("/*"));
        if matches!(pattern, Some(PathPattern::Prefix(_))) && spec.matches.iter().any(|entry| !takes_rest(&entry.path)) {
            let message = format!("the `*` of `{path}` takes what the `*` of a match took, and not every match has one");
            lowering.unfit(at.span(), message, "end every `path` in `matches` with `/*`, or make it two routes");
        }
        if matches!(pattern, Some(PathPattern::Captures(_))) {
            let message = format!("`{path}` has captures, which nothing fills");
            lowering.unfit(at.span(), message, "write a path, or one with `/*` at its end");
        }
    }
    Some(ServePlan::Http { provider: found.id, endpoints: found.endpoints, path: spec.serve.path.clone() })
}

fn serve_models<'a>(lowering: &mut Lowering<'a>, spec: &'a RouteSpec, at: &At<'a>) -> Option<ServePlan> {
    if spec.serve.path.is_some() {
        lowering.unfit(at.key("path").key_span(), "`path` is for `http`; models have their own paths", "remove it");
    }
    let at_models = at.key("models");
    let mut models = Vec::new();
    for (index, name) in spec.serve.models.iter().enumerate() {
        let at = at_models.item(index);
        if spec.serve.models.iter().take(index).any(|earlier| earlier == name) {
            lowering.refuse(
                rules::DUPLICATE_NAME,
                at.span(),
                format!("`{name}` stands twice in this list"),
                "remove one of them",
            );
        }
        models.extend(lowering.reference(Kind::Model, name, &at).map(ModelId));
        check_fallback(lowering, spec, name, &at);
    }
    check_model_names(lowering, spec, &at_models);
    let default = match &spec.serve.default {
        Some(name) => Some(default_model(lowering, spec, name, &at.key("default"))?),
        None => None,
    };
    Some(ServePlan::Models { models, default })
}

fn default_model<'a>(lowering: &mut Lowering<'a>, spec: &'a RouteSpec, name: &'a str, at: &At<'a>) -> Option<ModelId> {
    let id = lowering.reference(Kind::Model, name, at)?;
    let served = &spec.serve.models;
    // One of them that is misspelt may be this one: that is said already, and the default is right.
    let is_misspelt =
        |model: &String| lowering.repository.find(Kind::Model, model).is_none() && aigw_source::nearest(model, [name]).is_some();
    if !served.iter().any(|model| model == name || is_misspelt(model)) {
        let message = format!("`{name}` is not one of the route's `models`");
        lowering.unknown(rules::UNKNOWN_MODEL, at.span(), message, name, spec.serve.models.iter().map(String::as_str));
    }
    Some(ModelId(id))
}

/// The model that was authorised is the model that is called: a fallback must be served by the route too.
fn check_fallback<'a>(lowering: &mut Lowering<'a>, spec: &RouteSpec, name: &str, at: &At<'a>) {
    let repository = lowering.repository;
    let Some(model) = repository.typed::<ModelSpec>(name) else { return };
    for (index, fallback) in model.spec.fallback.iter().enumerate() {
        if repository.find(Kind::Model, fallback).is_some() && !spec.serve.models.contains(fallback) {
            let message = format!("`{name}` falls back to `{fallback}`, which this route does not serve");
            let span = At::spec(model.doc).key("fallback").item(index).span();
            let finding = lowering.error(rules::FALLBACK_NOT_SERVED, at.span(), message).label(span, "the fallback");
            lowering.push(
                finding.help(format!("add `{fallback}` to `models`: a fallback goes only where the route lets its callers go")),
            );
        }
    }
}

/// Within a route a name means one model.
fn check_model_names<'a>(lowering: &mut Lowering<'a>, spec: &RouteSpec, at: &At<'a>) {
    let repository = lowering.repository;
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (index, name) in spec.serve.models.iter().enumerate().filter(|(_, name)| seen.insert(*name)) {
        let Some(model) = repository.typed::<ModelSpec>(name) else { continue };
        let own = [model.doc.name.as_str()];
        let written: Vec<&str> = model.spec.names.iter().map(String::as_str).collect();
        let names = if written.is_empty() { own.as_slice() } else { written.as_slice() };
        for client_name in names {
            match owners.get(client_name) {
                Some(owner) if *owner != model.doc.name => {
                    let message = format!("`{client_name}` means both `{owner}` and `{name}` on this route");
                    let help = "serve one of them, or take the name from the other";
                    lowering.refuse(rules::AMBIGUOUS_MODEL_NAME, at.item(index).span(), message, help);
                }
                _ => drop(owners.insert(client_name, &model.doc.name)),
            }
        }
    }
}

/// What may be asked for: as written, or what the models do and their list.
fn operations<'a>(lowering: &mut Lowering<'a>, spec: &RouteSpec, at: &At<'a>) -> BTreeSet<Operation> {
    let at = at.key("operations");
    if spec.serve.http.is_some() {
        if !spec.operations.is_empty() {
            lowering.unfit(at.key_span(), "a route that serves `http` has no `operations`", "remove it");
        }
        return BTreeSet::from([Operation::Http]);
    }
    let models: Vec<Option<Typed<'_, ModelSpec>>> =
        spec.serve.models.iter().map(|name| lowering.repository.typed(name)).collect();
    let unreadable = models.iter().any(Option::is_none);
    let done: BTreeSet<Operation> = models.into_iter().flatten().map(|model| model.spec.operation.into()).collect();
    if spec.operations.is_empty() {
        return done.into_iter().chain([Operation::Models]).collect();
    }
    for (index, operation) in spec.operations.iter().enumerate() {
        let operation: Operation = (*operation).into();
        if operation != Operation::Models && !unreadable && !done.contains(&operation) {
            let names: Vec<&str> = spec.serve.models.iter().map(String::as_str).collect();
            let message = format!("none of {} does `{}`", listed(&names), operation.as_str());
            lowering.refuse(
                rules::OPERATION_WITHOUT_MODEL,
                at.item(index).span(),
                message,
                "serve a model that does, or remove the operation",
            );
        }
    }
    spec.operations.iter().map(|operation| (*operation).into()).collect()
}

#[cfg(test)]
mod tests;
