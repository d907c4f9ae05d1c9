//! A weight where there is nothing to share with.

use aigw_kinds::Repository;
use aigw_kinds::model::ModelSpec;
use aigw_kinds::written::Given;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "R106", name: "lone-weight" };
pub(crate) const LEVEL: Level = Level::Advice;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for model in repository.all::<ModelSpec>() {
        for (index, target) in model.spec.targets.iter().enumerate() {
            let pointer = format!("/spec/targets/{index}/weight");
            let alone = model.spec.targets.iter().filter(|other| other.priority == target.priority).count() == 1;
            if alone && target.weight != Given::Value(0) && view::written(model.doc, &pointer) {
                let message = format!(
                    "`{}` is the only target of priority {}, so its weight decides nothing",
                    target.target, target.priority
                );
                let help = "remove the weight, or give the targets that shall share with it the same priority";
                findings.push(Finding::advice(ID, model.doc.locate(&pointer), message).help(help));
            }
        }
    }
}
