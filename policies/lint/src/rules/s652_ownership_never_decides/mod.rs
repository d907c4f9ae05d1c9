//! Entries of `ownership` behind one that takes every file of theirs.

use aigw_kinds::Repository;
use aigw_kinds::gateway::{GatewaySpec, Ownership};
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

pub(crate) const ID: RuleId = RuleId { code: "S652", name: "ownership-never-decides" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for gateway in repository.all::<GatewaySpec>() {
        let Some(ownership) = Ownership::of(&gateway.spec.ownership) else { continue };
        let entries = ownership.entries();
        for (index, entry) in entries.iter().enumerate() {
            let Some(earlier) = entries.iter().take(index).position(|earlier| earlier.pattern.covers(&entry.pattern)) else {
                continue;
            };
            let place = |index: usize| gateway.doc.locate(&format!("/spec/ownership/{index}/path"));
            let message = format!("every file of `{}` belongs to an earlier entry", entry.spec.path);
            let finding = Finding::warning(ID, place(index), message).label(place(earlier), "this one decides first");
            findings.push(finding.help("put it before the wider entry"));
        }
    }
}
