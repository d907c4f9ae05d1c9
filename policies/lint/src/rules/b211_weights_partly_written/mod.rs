//! Some targets of a priority have a weight and some do not.

use aigw_kinds::Repository;
use aigw_kinds::model::ModelSpec;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "B211", name: "weights-partly-written" };
pub(crate) const LEVEL: Level = Level::Advice;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for model in repository.all::<ModelSpec>() {
        let has_weight = |index: usize| view::written(model.doc, &format!("/spec/targets/{index}/weight"));
        for (index, target) in model.spec.targets.iter().enumerate().filter(|(index, _)| !has_weight(*index)) {
            let of_group = |(_, other): &(usize, &aigw_kinds::model::TargetSpec)| other.priority == target.priority;
            let other = model.spec.targets.iter().enumerate().filter(of_group).find(|(other, _)| has_weight(*other));
            let Some((other, _)) = other else { continue };
            let message = format!("`{}` has no weight, so it weighs 1 beside targets whose weight is written", target.target);
            let finding = Finding::advice(ID, model.doc.locate(&format!("/spec/targets/{index}")), message)
                .label(model.doc.locate(&format!("/spec/targets/{other}/weight")), "this one is written")
                .help("write the weight of every target of the group");
            findings.push(finding);
        }
    }
}
