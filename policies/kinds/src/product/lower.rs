//! A product: from as written to as compiled.

use std::collections::BTreeSet;

use crate::lower::uses::policy_set;
use crate::lower::{At, Lowering};
use crate::product::{ProductPlan, ProductSpec, ProductState};
use crate::route::RouteSpec;
use crate::tenant::lower::refuse_authentication;
use crate::{Doc, Kind, ModelId, RouteId, Typed, rules};

/// Lowers one product.
pub(crate) fn lower<'a>(lowering: &mut Lowering<'a>, typed: Typed<'a, ProductSpec>) -> Option<ProductPlan> {
    let Typed { doc, spec } = typed;
    let at = At::spec(doc);
    let mut routes = routes(lowering, doc, spec, &at.key("routes"));
    let mut models = models(lowering, spec, &at.key("models"));
    check_routes_do_something(lowering, spec, &at.key("routes"));
    routes.sort();
    models.sort();
    check_dates(lowering, spec, &at);
    check_approval(lowering, spec, &at.key("approval"));
    let tenant = lowering.tenant(spec.tenant.as_ref(), &at.key("tenant"));
    check_tenant(lowering, spec, &at);
    let uses = lowering.policy_uses(&spec.policies, &at.key("policies")).found;
    let policies: Vec<_> = uses.into_iter().filter(|policy| !refuse_authentication(lowering, policy, Kind::Product)).collect();
    Some(ProductPlan {
        origin: lowering.origin(doc)?,
        labels: doc.labels.clone(),
        routes,
        models,
        tenant,
        state: spec.state,
        deprecated: spec.deprecated.map(|moment| moment.0),
        sunset: spec.sunset.map(|moment| moment.0),
        policies: policy_set(&policies),
    })
}

fn routes<'a>(lowering: &mut Lowering<'a>, doc: &'a Doc, spec: &ProductSpec, at: &At<'a>) -> Vec<RouteId> {
    let mut ids = Vec::new();
    for (index, name) in spec.routes.iter().enumerate() {
        let at = at.item(index);
        if !stands_once(lowering, &spec.routes, index, &at) {
            continue;
        }
        ids.extend(lowering.reference(Kind::Route, name, &at).map(RouteId));
        let anonymous = lowering.repository.typed::<RouteSpec>(name).filter(|route| route.spec.anonymous);
        if let Some(route) = anonymous {
            let message = format!("`{name}` is `anonymous: true`, and only a consumer can subscribe to `{}`", doc.name);
            let finding = lowering.error(rules::INVALID_COMBINATION, at.span(), message);
            let finding = finding.label(At::spec(route.doc).key("anonymous").key_span(), "anybody comes in here");
            lowering.push(finding.help("authenticate the callers of the route, or take it out of the product"));
        }
    }
    ids
}

/// A model that none of the product's routes serves could never be used under it.
fn models<'a>(lowering: &mut Lowering<'a>, spec: &ProductSpec, at: &At<'a>) -> Vec<ModelId> {
    let repository = lowering.repository;
    let routes: Vec<Option<Typed<'_, RouteSpec>>> = spec.routes.iter().map(|name| repository.typed(name)).collect();
    let unreadable = routes.iter().any(Option::is_none);
    let served: BTreeSet<&str> =
        routes.into_iter().flatten().flat_map(|route| &route.spec.serve.models).map(String::as_str).collect();
    let mut ids = Vec::new();
    for (index, name) in spec.models.iter().enumerate() {
        let at = at.item(index);
        if !stands_once(lowering, &spec.models, index, &at) {
            continue;
        }
        let Some(id) = lowering.reference(Kind::Model, name, &at) else { continue };
        if !unreadable && !served.contains(name.as_str()) {
            let message = format!("none of the product's routes serves `{name}`");
            lowering.unfit(at.span(), message, "add a route that does, or remove the model");
        }
        ids.push(ModelId(id));
    }
    ids
}

/// A route all of whose models the product leaves out could only refuse.
fn check_routes_do_something<'a>(lowering: &mut Lowering<'a>, spec: &ProductSpec, at: &At<'a>) {
    if spec.models.is_empty() {
        return;
    }
    for (index, name) in spec.routes.iter().enumerate() {
        let Some(route) = lowering.repository.typed::<RouteSpec>(name) else { continue };
        let models = &route.spec.serve.models;
        if !models.is_empty() && !models.iter().any(|model| spec.models.contains(model)) {
            let message = format!("`{name}` serves none of the product's `models`");
            lowering.unfit(at.item(index).span(), message, "add a model that it serves, or remove the route");
        }
    }
}

fn stands_once<'a>(lowering: &mut Lowering<'a>, names: &[String], index: usize, at: &At<'a>) -> bool {
    let Some(name) = names.get(index) else { return false };
    let twice = names.iter().take(index).any(|earlier| earlier == name);
    if twice {
        let message = format!("`{name}` stands twice in this list");
        lowering.refuse(rules::DUPLICATE_NAME, at.span(), message, "remove one of them");
    }
    !twice
}

fn check_dates<'a>(lowering: &mut Lowering<'a>, spec: &ProductSpec, at: &At<'a>) {
    let deprecated = spec.state == ProductState::Deprecated;
    for (key, written) in [("deprecated", spec.deprecated.is_some()), ("sunset", spec.sunset.is_some())] {
        if written && !deprecated {
            let message = format!("`{key}` says something of a product with `state: deprecated` only");
            lowering.unfit(at.key(key).key_span(), message, "remove it, or write `state: deprecated`");
        }
    }
    if deprecated && spec.deprecated.is_none() {
        let help = "write `deprecated: DAY`, which every answer then says";
        lowering.unfit(at.key("state").span(), "a deprecated product says since when", help);
    }
    if let (Some(since), Some(end)) = (spec.deprecated, spec.sunset)
        && end.0 <= since.0
    {
        lowering.unfit(at.key("sunset").span(), "the product ends before it is deprecated", "give callers time in between");
    }
}

fn check_approval<'a>(lowering: &mut Lowering<'a>, spec: &ProductSpec, at: &At<'a>) {
    let approval = &spec.approval;
    if approval.required && approval.by.is_empty() {
        lowering.unfit(at.key_span(), "an approval is required, and nobody may give it", "write `by: [WHO]`");
    }
    if !approval.required && !approval.by.is_empty() {
        let help = "write `required: true`, or remove `by`";
        lowering.unfit(at.key("by").key_span(), "nobody needs to approve, so that `by` says nothing", help);
    }
}

/// Only those may subscribe whom the routes serve.
fn check_tenant<'a>(lowering: &mut Lowering<'a>, spec: &ProductSpec, at: &At<'a>) {
    let Some(own) = &spec.tenant else { return };
    for (index, name) in spec.routes.iter().enumerate() {
        let Some(route) = lowering.repository.typed::<RouteSpec>(name) else { continue };
        if let Some(other) = route.spec.tenant.as_ref().filter(|other| *other != own) {
            let message = format!("`{name}` serves the tenant `{other}`, and the product is for `{own}`");
            lowering.unfit(at.key("routes").item(index).span(), message, "remove the route, or give the product its tenant");
        }
    }
}

#[cfg(test)]
mod tests;
