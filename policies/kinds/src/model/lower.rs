//! A model: from as written to as compiled.

use aigw_core::Operation;
use aigw_source::rules::INVALID_VALUE;
use aigw_source::{Span, nearest};

use crate::lower::references::Wanted;
use crate::lower::uses::shown;
use crate::lower::{At, Lowering, listed};
use crate::model::{ModelPlan, ModelSpec, RetryPlan, RetrySpec, TargetPlan, TargetSpec};
use crate::provider::{MOCK_ENDPOINT, ProviderSpec, ProviderType};
use crate::{Doc, EndpointId, ExpressionScope, ExpressionType, Kind, ModelId, ProviderId, Typed, rules};

/// Longest name that clients may write, in bytes.
const MAX_NAME: usize = 256;

/// Lowers one model.
pub(crate) fn lower<'a>(lowering: &mut Lowering<'a>, typed: Typed<'a, ModelSpec>) -> Option<ModelPlan> {
    let Typed { doc, spec } = typed;
    let at = At::spec(doc);
    let operation: Operation = spec.operation.into();
    let targets = at.key("targets");
    let mut plans: Vec<TargetPlan> = Vec::new();
    for (index, target) in spec.targets.iter().enumerate() {
        plans.extend(lower_target(lowering, target, &targets.item(index)));
    }
    plans.sort_by_key(|target| target.priority);
    let sticky = spec.sticky.as_ref().and_then(|sticky| {
        lowering.expression(&sticky.expr, &at.key("sticky").key("expr"), ExpressionScope::Resolve, ExpressionType::Text)
    });
    Some(ModelPlan {
        origin: lowering.origin(doc)?,
        names: names(lowering, doc, spec, &at.key("names")),
        operation,
        targets: plans,
        sticky,
        retry: retry(lowering, &spec.retry, &at.key("retry")),
        fallback: fallback(lowering, doc, spec, &at.key("fallback")),
    })
}

fn names<'a>(lowering: &mut Lowering<'a>, doc: &Doc, spec: &ModelSpec, at: &At<'a>) -> Vec<String> {
    if spec.names.is_empty() {
        return vec![doc.name.clone()];
    }
    for (index, name) in spec.names.iter().enumerate() {
        let at = at.item(index);
        if spec.names.iter().take(index).any(|earlier| earlier == name) {
            lowering.refuse(
                rules::DUPLICATE_NAME,
                at.span(),
                format!("`{name}` stands twice in this list"),
                "remove one of them",
            );
        }
        check_pattern(lowering, name, at.span());
    }
    spec.names.clone()
}

/// A name is exact, or has one `*` at its end.
pub(crate) fn check_pattern(lowering: &mut Lowering<'_>, name: &str, span: Span) -> bool {
    let plain = name.strip_suffix('*').unwrap_or(name);
    let sound = !name.is_empty()
        && name.len() <= MAX_NAME
        && !plain.contains('*')
        && !name.chars().any(|c| c.is_control() || c.is_whitespace());
    if !sound {
        let message = format!("`{}` is not a model's name", shown(&name.into()).trim_matches('"'));
        lowering.refuse(
            INVALID_VALUE,
            span,
            message,
            "write a name without spaces; a `*` may stand at its end and stands for anything",
        );
    }
    sound
}

fn fallback<'a>(lowering: &mut Lowering<'a>, doc: &Doc, spec: &ModelSpec, at: &At<'a>) -> Vec<ModelId> {
    let mut ids = Vec::new();
    for (index, name) in spec.fallback.iter().enumerate() {
        let at = at.item(index);
        let Some(id) = lowering.reference(Kind::Model, name, &at) else { continue };
        let repository = lowering.repository;
        let other = repository.typed::<ModelSpec>(name);
        if let Some(other) = other.filter(|other| other.spec.operation != spec.operation) {
            let message = format!("`{name}` does something else than `{}`", doc.name);
            let finding =
                lowering.error(rules::INVALID_COMBINATION, at.span(), message).label(other.doc.name_span(), "its document");
            lowering.push(finding.help("a fallback has the same `operation`"));
        }
        if spec.fallback.iter().take(index).any(|earlier| earlier == name) {
            lowering.refuse(
                rules::DUPLICATE_NAME,
                at.span(),
                format!("`{name}` stands twice in this list"),
                "remove one of them",
            );
        }
        ids.push(ModelId(id));
    }
    ids
}

fn retry<'a>(lowering: &mut Lowering<'a>, spec: &RetrySpec, at: &At<'a>) -> RetryPlan {
    if spec.backoff.base > spec.backoff.max {
        let message = format!("the first pause, {}, is longer than the longest, {}", spec.backoff.base, spec.backoff.max);
        lowering.unfit(at.key("backoff").span(), message, "make `base` at most `max`");
    }
    RetryPlan {
        attempts: spec.attempts,
        retry_on: spec.retry_on.iter().map(|word| word.0).collect(),
        backoff_base: spec.backoff.base,
        backoff_max: spec.backoff.max,
        budget: spec.budget,
    }
}

fn lower_target<'a>(lowering: &mut Lowering<'a>, spec: &'a TargetSpec, at: &At<'a>) -> Option<TargetPlan> {
    let when = spec
        .when
        .as_ref()
        .and_then(|when| lowering.expression(when, &at.key("when"), ExpressionScope::Resolve, ExpressionType::Bool));
    let weight = lowering.setting(&spec.weight, &at.key("weight"), Wanted::Integer);
    let at_name = at.key("target");
    let Some((provider, rest)) = spec.target.split_once('/').filter(|(_, rest)| !rest.is_empty()) else {
        let message = format!("`{}` is not a target", spec.target);
        lowering.refuse(INVALID_VALUE, at_name.span(), message, "write `provider/model` or `provider/endpoint/model`");
        return None;
    };
    let found = lowering.provider_endpoints(provider, rest.split_once('/').map(|(endpoint, _)| endpoint), &at_name)?;
    let model = match rest.split_once('/') {
        Some((_, model)) if found.named => model,
        _ => rest,
    };
    let wire_model = wire_model(lowering, found.spec, provider, model, &at_name)?;
    Some(TargetPlan {
        provider: found.id,
        endpoints: found.endpoints,
        model: model.to_owned(),
        wire_model,
        priority: spec.priority,
        weight: weight?,
        when,
        place: lowering.place(at.span()),
    })
}

/// What the provider calls the model, which it must list where it lists any.
fn wire_model(lowering: &mut Lowering<'_>, provider: &ProviderSpec, name: &str, model: &str, at: &At<'_>) -> Option<String> {
    if model.is_empty() {
        lowering.refuse(
            INVALID_VALUE,
            at.span(),
            "the target names no model",
            "write `provider/model` or `provider/endpoint/model`",
        );
        return None;
    }
    match provider.models.get(model) {
        Some(entry) => Some(entry.deployment.clone().unwrap_or_else(|| model.to_owned())),
        None if provider.models.is_empty() => Some(model.to_owned()),
        None => {
            unlisted_model(lowering, provider, name, model, at.span());
            None
        }
    }
}

fn unlisted_model(lowering: &mut Lowering<'_>, provider: &ProviderSpec, name: &str, model: &str, span: Span) {
    let finding = lowering.error(rules::UNKNOWN_MODEL, span, format!("the provider `{name}` has no model `{model}`"));
    let endpoints = provider.endpoints.keys().map(aigw_core::Name::as_str);
    let endpoint = model.split_once('/').and_then(|(first, rest)| Some((nearest(first, endpoints)?, rest)));
    let known: Vec<&str> = provider.models.keys().map(String::as_str).collect();
    let meant = match endpoint {
        Some((endpoint, rest)) => Some(format!("{name}/{endpoint}/{rest}")),
        None => nearest(model, known.iter().copied()).map(|model| format!("{name}/{model}")),
    };
    lowering.push(match meant {
        Some(meant) => finding.help(format!("did you mean `{meant}`?")),
        None => finding.help(format!("it has {}", listed(&known))),
    });
}

/// A provider that is referred to, and the endpoints that are meant.
pub(crate) struct FoundProvider<'a> {
    /// Its index.
    pub(crate) id: ProviderId,
    /// As written.
    pub(crate) spec: &'a ProviderSpec,
    /// Those that are meant; never empty in a sound repository.
    pub(crate) endpoints: Vec<EndpointId>,
    /// Whether an endpoint was named.
    pub(crate) named: bool,
}

impl<'a> Lowering<'a> {
    /// The provider of a name; with `endpoint` only that endpoint where the provider has it, else all of them.
    pub(crate) fn provider_endpoints(
        &mut self,
        provider: &str,
        endpoint: Option<&str>,
        at: &At<'a>,
    ) -> Option<FoundProvider<'a>> {
        let part = self.inner(at, 0..provider.len());
        let id = ProviderId(self.reference_at(Kind::Provider, provider, part)?);
        let spec = self.repository.typed::<ProviderSpec>(provider)?.spec;
        let own = self.endpoints_of.get(&id).cloned().unwrap_or_default();
        let named: Option<&str> = endpoint.filter(|name| has_endpoint(spec, name));
        let is_meant = |id: &EndpointId| named.is_none_or(|name| self.endpoint_name(*id) == Some(name));
        let endpoints = own.into_iter().filter(is_meant).collect();
        Some(FoundProvider { id, spec, endpoints, named: named.is_some() })
    }
}

impl Lowering<'_> {
    fn endpoint_name(&self, id: EndpointId) -> Option<&str> {
        self.endpoints.get(id.index()).map(|plan| plan.name.as_str())
    }
}

/// Whether a provider has an endpoint of this name.
pub(crate) fn has_endpoint(spec: &ProviderSpec, name: &str) -> bool {
    match spec.r#type {
        ProviderType::Mock => name == MOCK_ENDPOINT,
        _ => spec.endpoints.keys().any(|own| own.as_str() == name),
    }
}

#[cfg(test)]
mod tests;
