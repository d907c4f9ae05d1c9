//! Policies where they are used, and all that a route is under.

use aigw_kinds::gateway::RouteSelector;
use aigw_kinds::product::ProductSpec;
use aigw_kinds::route::RouteSpec;
use aigw_kinds::tenant::TenantSpec;
use aigw_kinds::written::PolicyUse;
use aigw_kinds::{Doc, Mode, Repository, Typed};

/// A policy where it is used.
#[derive(Debug, Clone)]
pub(crate) struct Attached<'a> {
    /// The policy.
    pub(crate) doc: &'a Doc,
    /// As written.
    pub(crate) used: &'a PolicyUse,
    /// The document that uses it.
    pub(crate) by: &'a Doc,
    /// Index into the Gateway's `attach`; `None` for a document's own list.
    attach: Option<usize>,
    index: usize,
}

impl<'a> Attached<'a> {
    /// Where the use stands, as a pointer into `by`.
    pub(crate) fn pointer(&self) -> String {
        let index = self.index;
        self.attach.map_or_else(|| format!("/spec/policies/{index}"), |attach| format!("/spec/attach/{attach}/policies/{index}"))
    }
}

/// All policies of one route.
#[derive(Debug)]
pub(crate) struct Uses<'a> {
    /// The route.
    pub(crate) route: Typed<'a, RouteSpec>,
    /// The policies that are not disabled: the Gateway's, attached ones, its own; without those that it detaches.
    pub(crate) policies: Vec<Attached<'a>>,
}

fn listed<'a>(repository: &'a Repository, by: &'a Doc, attach: Option<usize>, uses: &'a [PolicyUse]) -> Vec<Attached<'a>> {
    let attached = uses.iter().enumerate().filter_map(|(index, used)| {
        let doc = repository.policy(&used.name)?;
        Some(Attached { doc, used, by, attach, index })
    });
    attached.collect()
}

/// What the Gateway attaches by selectors.
fn selected(repository: &Repository) -> Vec<(&RouteSelector, Vec<Attached<'_>>)> {
    let Some(gateway) = super::gateway(repository) else { return Vec::new() };
    let attach = gateway.spec.attach.iter().enumerate();
    let of = attach.map(|(index, attach)| (&attach.routes, listed(repository, gateway.doc, Some(index), &attach.policies)));
    of.collect()
}

/// Every policy in use, wherever that is.
pub(crate) fn uses(repository: &Repository) -> Vec<Attached<'_>> {
    let mut all = Vec::new();
    if let Some(gateway) = super::gateway(repository) {
        all.extend(listed(repository, gateway.doc, None, &gateway.spec.policies));
    }
    all.extend(selected(repository).into_iter().flat_map(|(_, attached)| attached));
    for tenant in repository.all::<TenantSpec>() {
        all.extend(listed(repository, tenant.doc, None, &tenant.spec.policies));
    }
    for product in repository.all::<ProductSpec>() {
        all.extend(listed(repository, product.doc, None, &product.spec.policies));
    }
    for route in repository.all::<RouteSpec>() {
        all.extend(listed(repository, route.doc, None, &route.spec.policies));
    }
    all
}

/// The names of all policies in use, whether they exist or not.
pub(crate) fn policy_names(repository: &Repository) -> Vec<&str> {
    let gateway = super::gateway(repository).map(|gateway| gateway.spec);
    let global = gateway
        .iter()
        .flat_map(|gateway| gateway.policies.iter().chain(gateway.attach.iter().flat_map(|attach| &attach.policies)));
    let own = repository.all::<RouteSpec>().flat_map(|route| &route.spec.policies);
    let tenants = repository.all::<TenantSpec>().flat_map(|tenant| &tenant.spec.policies);
    let products = repository.all::<ProductSpec>().flat_map(|product| &product.spec.policies);
    global.chain(tenants).chain(products).chain(own).map(|used| used.name.as_str()).collect()
}

/// Whether a selector finds a route.
pub(crate) fn selects(selector: &RouteSelector, route: &Doc) -> bool {
    let labels = selector.labels.iter().all(|(name, value)| route.labels.get(name) == Some(value));
    labels && (selector.names.is_empty() || selector.names.contains(&route.name))
}

/// Every route with its policies.
pub(crate) fn routes(repository: &Repository) -> Vec<Uses<'_>> {
    let everywhere =
        super::gateway(repository).map_or_else(Vec::new, |gateway| listed(repository, gateway.doc, None, &gateway.spec.policies));
    let selected = selected(repository);
    let of = repository.all::<RouteSpec>().map(|route| {
        let mut policies = everywhere.clone();
        for (_, attached) in selected.iter().filter(|(selector, _)| selects(selector, route.doc)) {
            policies.extend(attached.iter().cloned());
        }
        policies.extend(listed(repository, route.doc, None, &route.spec.policies));
        policies.retain(|attached| {
            let detached = route.spec.detach.iter().any(|detach| detach.policy == attached.doc.name);
            !detached && super::mode(attached.doc) != Mode::Disabled
        });
        Uses { route, policies }
    });
    of.collect()
}
