//! Requests are limited, and streams that stay open are not.

use std::collections::{BTreeMap, BTreeSet};

use aigw_kinds::limit::LimitSpec;
use aigw_kinds::model::{ModelOperation, ModelSpec};
use aigw_kinds::{Doc, Mode, Repository};
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view::{self, Attached, Uses};

pub(crate) const ID: RuleId = RuleId { code: "Q313", name: "no-concurrency-limit" };
pub(crate) const LEVEL: Level = Level::Advice;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    let paid = paid_chat_models(repository);
    let mut lacking: BTreeMap<&str, (&Doc, &Doc)> = BTreeMap::new();
    for uses in view::routes(repository).iter().filter(|uses| streams(uses, &paid)) {
        let limits: Vec<&Doc> = uses.policies.iter().filter_map(enforced).collect();
        if limits.iter().any(|limit| counts(limit, Counted::Concurrency)) {
            continue;
        }
        // The widest limit of a route is the one to add to.
        if let Some(limit) = limits.iter().find(|limit| counts(limit, Counted::Requests)) {
            lacking.entry(&limit.name).or_insert((limit, uses.route.doc));
        }
    }
    for (name, (limit, route)) in lacking {
        let message = format!("`{name}` limits how many requests begin, and nothing limits how many are open at once");
        let finding = Finding::advice(ID, limit.locate_key("/spec/rules"), message)
            .label(route.name_span(), "answers of this route may stream for minutes")
            .help("add a rule such as `{name: open, concurrency: 20}`");
        findings.push(finding);
    }
}

/// Chat models with a target that somebody pays for.
fn paid_chat_models(repository: &Repository) -> BTreeSet<&str> {
    let chat = repository.all::<ModelSpec>().filter(|model| model.spec.operation == ModelOperation::Chat);
    let paid = chat.filter(|model| view::model_destinations(repository, model.spec).iter().any(|(_, to)| to.is_paid()));
    paid.map(|model| model.doc.name.as_str()).collect()
}

fn streams(uses: &Uses<'_>, paid: &BTreeSet<&str>) -> bool {
    uses.route.spec.serve.models.iter().any(|name| paid.contains(name.as_str()))
}

fn enforced<'a>(attached: &Attached<'a>) -> Option<&'a Doc> {
    let spec = attached.doc.spec_as::<LimitSpec>()?;
    (spec.mode == Mode::Enforce).then_some(attached.doc)
}

#[derive(Clone, Copy)]
enum Counted {
    Requests,
    Concurrency,
}

fn counts(limit: &Doc, what: Counted) -> bool {
    let Some(spec) = limit.spec_as::<LimitSpec>() else { return false };
    spec.rules.iter().filter(|rule| rule.mode == Mode::Enforce).any(|rule| match what {
        Counted::Requests => rule.requests.is_some(),
        Counted::Concurrency => rule.concurrency.is_some(),
    })
}
