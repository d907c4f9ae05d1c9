//! Providers, models and policies that nothing refers to.

use std::collections::BTreeSet;

use aigw_kinds::model::ModelSpec;
use aigw_kinds::route::RouteSpec;
use aigw_kinds::{Doc, Kind, Mode, Repository};
use aigw_source::{Finding, Findings, Level, RuleId, Sources, nearest};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "B201", name: "unused-document" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    // Without routes this is a library of parts that others use.
    if !view::is_complete(repository) || repository.of_kind(Kind::Route).next().is_none() {
        return;
    }
    let used = used(repository);
    let misspelt: Vec<&str> =
        used.iter().filter(|(kind, name)| repository.find(*kind, name).is_none()).map(|(_, name)| *name).collect();
    for doc in &repository.documents {
        let Some(why) = why_unused(doc) else { continue };
        let is_used = used.contains(&(doc.kind, doc.name.as_str()));
        // A name that is misspelt is said already, where it is written.
        let is_meant = || misspelt.iter().any(|name| nearest(name, [doc.name.as_str()]).is_some());
        if !is_used && view::mode(doc) != Mode::Disabled && !is_meant() {
            let message = format!("the {} `{}` is used nowhere: {why}", doc.kind, doc.name);
            findings.push(Finding::warning(ID, doc.name_span(), message).help("use it, or remove the document"));
        }
    }
}

/// What makes a document of this kind unused; `None` for kinds that stand for themselves.
fn why_unused(doc: &Doc) -> Option<&'static str> {
    match doc.kind {
        Kind::Provider => Some("no target leads to it"),
        Kind::Model => Some("no route serves it"),
        kind if kind.is_policy() => Some("no `policies` names it"),
        _ => None,
    }
}

/// Whatever is referred to, whether it exists or not; a policy that does not is taken for a Limit.
fn used(repository: &Repository) -> BTreeSet<(Kind, &str)> {
    let mut used = BTreeSet::new();
    for route in repository.all::<RouteSpec>() {
        used.extend(route.spec.serve.models.iter().map(|name| (Kind::Model, name.as_str())));
        used.extend(route.spec.serve.http.iter().map(|target| (Kind::Provider, provider(target))));
    }
    for model in repository.all::<ModelSpec>() {
        used.extend(model.spec.targets.iter().map(|target| (Kind::Provider, provider(&target.target))));
        used.extend(model.spec.fallback.iter().map(|name| (Kind::Model, name.as_str())));
    }
    for name in view::policy_names(repository) {
        let kind = repository.policy(name).map_or(Kind::Limit, |doc| doc.kind);
        used.insert((kind, name));
    }
    used
}

fn provider(target: &str) -> &str {
    target.split('/').next().unwrap_or_default()
}
