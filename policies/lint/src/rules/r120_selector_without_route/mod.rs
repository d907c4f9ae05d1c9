//! A selector that finds no route.

use aigw_kinds::gateway::GatewaySpec;
use aigw_kinds::{Kind, Repository};
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "R120", name: "selector-without-route" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    if repository.of_kind(Kind::Route).next().is_none() || !view::is_complete(repository) {
        return;
    }
    for gateway in repository.all::<GatewaySpec>() {
        for (index, attach) in gateway.spec.attach.iter().enumerate() {
            if repository.of_kind(Kind::Route).any(|route| view::selects(&attach.routes, route)) {
                continue;
            }
            let policies = view::listed(attach.policies.iter().map(|used| used.name.as_str()));
            let place = gateway.doc.locate(&format!("/spec/attach/{index}/routes"));
            let message = format!("no route fits this selector, so {policies} are attached nowhere by it");
            findings.push(Finding::warning(ID, place, message).help("write labels that routes have, all of them on one route"));
        }
    }
}
