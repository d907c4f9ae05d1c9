//! A subscription: from as written to as compiled.

use crate::consumer::ConsumerSpec;
use crate::lower::{At, Lowering};
use crate::product::{ProductSpec, ProductState};
use crate::route::RouteSpec;
use crate::subscription::{SubscriptionPlan, SubscriptionSpec, SubscriptionState};
use crate::{ConsumerId, Kind, ProductId, Typed, rules};

/// Lowers one subscription.
pub(crate) fn lower<'a>(lowering: &mut Lowering<'a>, typed: Typed<'a, SubscriptionSpec>) -> Option<SubscriptionPlan> {
    let Typed { doc, spec } = typed;
    let at = At::spec(doc);
    let consumer = lowering.reference(Kind::Consumer, spec.consumer.as_str(), &at.key("consumer"));
    let product = lowering.reference(Kind::Product, spec.product.as_str(), &at.key("product"));
    check_approval(lowering, spec, &at);
    check_product(lowering, spec, &at);
    check_tenant(lowering, spec, &at);
    Some(SubscriptionPlan {
        origin: lowering.origin(doc)?,
        labels: doc.labels.clone(),
        consumer: ConsumerId(consumer?),
        product: ProductId(product?),
        state: spec.state,
        expires: spec.expires.map(|moment| moment.0),
    })
}

/// Who approves is not who asked, is one who may, and is named where that is asked for.
fn check_approval<'a>(lowering: &mut Lowering<'a>, spec: &SubscriptionSpec, at: &At<'a>) {
    let mut refuse = |key: &str, message: String, help: &str| {
        let at = at.key(key);
        let span = if at.node().is_some() { at.span() } else { at.key_span() };
        lowering.refuse(rules::APPROVAL_NOT_KEPT, span, message, help);
    };
    let was_approved =
        matches!(spec.state, SubscriptionState::Approved | SubscriptionState::Suspended | SubscriptionState::Cancelled);
    if !was_approved && (spec.approved_by.is_some() || spec.approved_at.is_some()) {
        let key = if spec.approved_by.is_some() { "approvedBy" } else { "approvedAt" };
        let message = format!("the subscription is `{}`, and says that it was approved", spec.state.as_str());
        refuse(key, message, "write `state: approved`, or remove what says so");
    }
    if spec.approved_by.as_ref() == Some(&spec.requested_by) {
        let message = format!("`{}` approved what they had asked for themselves", spec.requested_by);
        refuse("approvedBy", message, "let somebody else approve it");
    }
    if let (Some(at), Some(end)) = (spec.approved_at, spec.expires)
        && end.0 <= at.0
    {
        refuse("expires", "the subscription expired before it was approved".to_owned(), "choose a later day");
    }
    let Some(product) = lowering.repository.typed::<ProductSpec>(spec.product.as_str()) else { return };
    let approval = &product.spec.approval;
    let mut refuse = |key: &str, message: String, help: String| {
        let finding = lowering.error(rules::APPROVAL_NOT_KEPT, at.key(key).span(), message);
        let finding = finding.label(At::spec(product.doc).key("approval").key_span(), "what the product asks for");
        lowering.push(finding.help(help));
    };
    let needed = approval.required && matches!(spec.state, SubscriptionState::Approved | SubscriptionState::Suspended);
    if needed && (spec.approved_by.is_none() || spec.approved_at.is_none()) {
        let message = format!("`{}` requires approval, and this does not say who gave it and when", product.doc.name);
        refuse("state", message, "write `approvedBy` and `approvedAt`".to_owned());
    }
    if let Some(by) = spec.approved_by.as_ref().filter(|by| approval.required && !approval.by.contains(by)) {
        let who: Vec<&str> = approval.by.iter().map(String::as_str).collect();
        refuse("approvedBy", format!("`{by}` may not approve it"), format!("that may {}", crate::lower::listed(&who)));
    }
}

fn check_product<'a>(lowering: &mut Lowering<'a>, spec: &SubscriptionSpec, at: &At<'a>) {
    let Some(product) = lowering.repository.typed::<ProductSpec>(spec.product.as_str()) else { return };
    let open = matches!(spec.state, SubscriptionState::Requested | SubscriptionState::Approved);
    if open && product.spec.state == ProductState::Retired {
        let message = format!("`{}` is retired, and this subscription is `{}`", product.doc.name, spec.state.as_str());
        let finding = lowering.error(rules::INVALID_COMBINATION, at.key("product").span(), message);
        let finding = finding.label(At::spec(product.doc).key("state").span(), "retired here");
        lowering.push(finding.help("cancel the subscription, or subscribe to another product"));
    }
}

/// A subscription that could let its consumer in nowhere.
fn check_tenant<'a>(lowering: &mut Lowering<'a>, spec: &SubscriptionSpec, at: &At<'a>) {
    let repository = lowering.repository;
    let product = repository.typed::<ProductSpec>(spec.product.as_str());
    let consumer = repository.typed::<ConsumerSpec>(spec.consumer.as_str());
    let Some((product, consumer)) = product.zip(consumer) else { return };
    let own = consumer.spec.tenant.as_ref();
    let message = match &product.spec.tenant {
        Some(tenant) if own != Some(tenant) => {
            format!("`{}` is for consumers of the tenant `{tenant}`, and `{}` is not one", product.doc.name, consumer.doc.name)
        }
        _ => {
            let serves = |name: &String| {
                let route = repository.typed::<RouteSpec>(name);
                route.is_none_or(|route| route.spec.tenant.is_none() || route.spec.tenant.as_ref() == own)
            };
            if product.spec.routes.iter().any(serves) {
                return;
            }
            format!("no route of `{}` serves callers of the tenant of `{}`", product.doc.name, consumer.doc.name)
        }
    };
    lowering.unfit(at.key("product").span(), message, "subscribe to another product, or let another consumer subscribe");
}

#[cfg(test)]
mod tests;
