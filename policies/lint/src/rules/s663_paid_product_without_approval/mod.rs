//! Products that cost money and that nobody needs to approve.

use aigw_kinds::model::ModelSpec;
use aigw_kinds::product::{ProductSpec, ProductState};
use aigw_kinds::route::RouteSpec;
use aigw_kinds::{Repository, Typed};
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view::{destination, model_destinations};

pub(crate) const ID: RuleId = RuleId { code: "S663", name: "paid-product-without-approval" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    let products = repository.all::<ProductSpec>();
    let products = products.filter(|product| product.spec.state != ProductState::Retired && !product.spec.approval.required);
    for product in products.filter(|product| costs(repository, product.spec)) {
        let message = format!("`{}` costs money, and nobody needs to approve a subscription to it", product.doc.name);
        let help = "write `approval: {required: true, by: [WHO]}`";
        findings.push(Finding::warning(ID, product.doc.name_span(), message).help(help));
    }
}

fn costs(repository: &Repository, product: &ProductSpec) -> bool {
    let routes = product.routes.iter().filter_map(|name| repository.typed::<RouteSpec>(name));
    let mut serves = routes.map(|route| &route.spec.serve);
    serves.any(|serve| {
        let in_product = |name: &&String| product.models.is_empty() || product.models.contains(name);
        let models = serve.models.iter().filter(in_product).filter_map(|name| repository.typed::<ModelSpec>(name));
        let is_paid = |model: Typed<'_, ModelSpec>| model_destinations(repository, model.spec).iter().any(|(_, to)| to.is_paid());
        models.into_iter().any(is_paid)
            || serve.http.as_ref().and_then(|http| destination(repository, http)).is_some_and(|to| to.is_paid())
    })
}
