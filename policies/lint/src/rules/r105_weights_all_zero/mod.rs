//! All targets of one priority have weight 0.

use std::collections::BTreeMap;

use aigw_kinds::Repository;
use aigw_kinds::model::ModelSpec;
use aigw_kinds::written::Given;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

pub(crate) const ID: RuleId = RuleId { code: "R105", name: "weights-all-zero" };
pub(crate) const LEVEL: Level = Level::Error;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for model in repository.all::<ModelSpec>() {
        let mut groups: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (index, target) in model.spec.targets.iter().enumerate() {
            groups.entry(target.priority).or_default().push(index);
        }
        let is_zero = |index: &usize| model.spec.targets.get(*index).is_some_and(|target| target.weight == Given::Value(0));
        for (priority, group) in groups.iter().filter(|(_, group)| group.iter().all(is_zero)) {
            let mut places = group.iter().map(|index| model.doc.locate(&format!("/spec/targets/{index}/weight")));
            let Some(first) = places.next() else { continue };
            let message = format!("every target of priority {priority} has weight 0, so none of them can be chosen");
            let finding = Finding::error(ID, first, message).help("give one of them a weight, or remove them all");
            findings.push(places.fold(finding, |finding, place| finding.label(place, "and here")));
        }
    }
}
