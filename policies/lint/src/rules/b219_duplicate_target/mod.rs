//! The same target twice in one priority.

use std::collections::BTreeMap;

use aigw_kinds::Repository;
use aigw_kinds::model::ModelSpec;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

pub(crate) const ID: RuleId = RuleId { code: "B219", name: "duplicate-target" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for model in repository.all::<ModelSpec>() {
        let mut first = BTreeMap::new();
        for (index, target) in model.spec.targets.iter().enumerate() {
            let place = model.doc.locate(&format!("/spec/targets/{index}/target"));
            match first.get(&(target.priority, &target.target, &target.when)) {
                None => drop(first.insert((target.priority, &target.target, &target.when), place)),
                Some(earlier) => {
                    let message = format!("`{}` stands twice in priority {}", target.target, target.priority);
                    let help = "join the two, with the sum of their weights; to try one target again, raise `retry.attempts`";
                    findings.push(Finding::warning(ID, place, message).label(*earlier, "the first time").help(help));
                }
            }
        }
    }
}
