//! What several rules need to know of a repository: which policies a route is under, where a target leads, where expressions stand.

mod attached;
mod expressions;
mod prompts;
mod request;
mod rows;
mod strings;
mod targets;

use aigw_kinds::gateway::{BoundsSpec, GatewaySpec};
use aigw_kinds::{Doc, Kind, Mode, Repository, Spec, Typed};

pub(crate) use attached::{Attached, Uses, policy_names, routes, selects, uses};
pub(crate) use expressions::{conditions, reads};
pub(crate) use prompts::{Message, messages};
pub(crate) use request::request;
pub(crate) use rows::{Matcher, Place, Row, rows};
pub(crate) use strings::visit_strings;
pub(crate) use targets::{Destination, destination, model_destinations, written};

/// Whether every document could be read. Where one could not, nothing can be said to be missing or unused.
pub(crate) fn is_complete(repository: &Repository) -> bool {
    repository.documents.iter().all(|doc| doc.spec.is_some() && !doc.name.is_empty())
}

/// The documents whose labels limits take numbers from.
pub(crate) fn label_holders(repository: &Repository) -> impl Iterator<Item = &Doc> {
    let holds = |doc: &&Doc| matches!(doc.kind, Kind::Subscription | Kind::Consumer | Kind::Tenant);
    repository.documents.iter().filter(holds)
}

/// The Gateway, where there is one that could be read.
pub(crate) fn gateway(repository: &Repository) -> Option<Typed<'_, GatewaySpec>> {
    repository.all::<GatewaySpec>().next()
}

/// The bounds of the Gateway, or their defaults.
pub(crate) fn bounds(repository: &Repository) -> BoundsSpec {
    gateway(repository).map_or_else(BoundsSpec::default, |gateway| gateway.spec.bounds.clone())
}

/// Whether a policy is in force, in shadow or disabled.
pub(crate) fn mode(doc: &Doc) -> Mode {
    match &doc.spec {
        Some(Spec::Authorization(spec)) => spec.mode,
        Some(Spec::Validation(spec)) => spec.mode,
        Some(Spec::Limit(spec)) => spec.mode,
        Some(Spec::Prompt(spec)) => spec.mode,
        _ => Mode::Enforce,
    }
}

/// A key as a step of a JSON Pointer.
pub(crate) fn step(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Names in back-ticks, with commas.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
