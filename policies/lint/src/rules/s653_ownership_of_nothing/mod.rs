//! Entries of `ownership` that no file fits.

use std::collections::BTreeSet;

use aigw_kinds::Repository;
use aigw_kinds::gateway::Ownership;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "S653", name: "ownership-of-nothing" };
pub(crate) const LEVEL: Level = Level::Advice;

pub(crate) fn check(repository: &Repository, sources: &Sources, findings: &mut Findings) {
    if !view::is_complete(repository) {
        return;
    }
    let Some(gateway) = view::gateway(repository) else { return };
    let Some(ownership) = Ownership::of(&gateway.spec.ownership) else { return };
    let mut deciding = BTreeSet::new();
    for path in repository.paths(sources) {
        match ownership.decide(path) {
            Some(decided) => deciding.insert(decided.index),
            // A file without an owner is an error already, and its cause may be this very entry.
            None => return,
        };
    }
    let entries = ownership.entries();
    for (index, entry) in entries.iter().enumerate().filter(|(index, _)| !deciding.contains(index)) {
        // Behind a wider entry it is another finding.
        if entry.pattern.is_everything() || entries.iter().take(index).any(|earlier| earlier.pattern.covers(&entry.pattern)) {
            continue;
        }
        let message = format!("`{}` decides for no file", entry.spec.path);
        let place = gateway.doc.locate(&format!("/spec/ownership/{index}/path"));
        findings.push(Finding::advice(ID, place, message).help("mend the path, or remove the entry"));
    }
}
