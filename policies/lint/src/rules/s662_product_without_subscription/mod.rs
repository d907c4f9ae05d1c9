//! Products that nobody has subscribed to.

use std::collections::BTreeSet;

use aigw_kinds::Repository;
use aigw_kinds::product::{ProductSpec, ProductState};
use aigw_kinds::subscription::SubscriptionSpec;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "S662", name: "product-without-subscription" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    if !view::is_complete(repository) {
        return;
    }
    let subscribed: BTreeSet<&str> = repository.all::<SubscriptionSpec>().map(|own| own.spec.product.as_str()).collect();
    let on_offer = repository.all::<ProductSpec>().filter(|product| product.spec.state != ProductState::Retired);
    for product in on_offer.filter(|product| !subscribed.contains(product.doc.name.as_str())) {
        let message =
            format!("nobody has subscribed to `{}`, so that its routes refuse whoever has nothing else", product.doc.name);
        let help = "write a Subscription, or remove the product until there is one";
        findings.push(Finding::warning(ID, product.doc.name_span(), message).help(help));
    }
}
