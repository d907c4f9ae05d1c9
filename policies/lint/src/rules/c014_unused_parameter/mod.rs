//! Declared parameters that nothing takes its value from.

use std::collections::BTreeSet;

use aigw_kinds::Repository;
use aigw_kinds::gateway::GatewaySpec;
use aigw_source::{Finding, Findings, Level, RuleId, Sources, nearest};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "C014", name: "unused-parameter" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    let mut used = BTreeSet::new();
    for doc in &repository.documents {
        view::visit_strings(&doc.node.root, "", &mut |text, _, under| {
            if under == "param" && text != under {
                used.insert(text);
            }
        });
    }
    for gateway in repository.all::<GatewaySpec>() {
        let misspelt: Vec<&str> =
            used.iter().copied().filter(|name| !gateway.spec.parameters.keys().any(|own| own.as_str() == *name)).collect();
        for name in gateway.spec.parameters.keys().filter(|name| !used.contains(name.as_str())) {
            // A name that is misspelt is said already, where it is written.
            if misspelt.iter().any(|written| nearest(written, [name.as_str()]).is_some()) {
                continue;
            }
            let place = gateway.doc.locate_key(&format!("/spec/parameters/{}", view::step(name.as_str())));
            let message = format!("nothing takes its value from the parameter `{name}`, which every environment must set");
            findings.push(
                Finding::warning(ID, place, message).help(format!("write `{{param: {name}}}` where it is meant, or remove it")),
            );
        }
    }
}
