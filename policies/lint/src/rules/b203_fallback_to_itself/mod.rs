//! A model that falls back to itself.

use aigw_kinds::Repository;
use aigw_kinds::model::ModelSpec;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

pub(crate) const ID: RuleId = RuleId { code: "B203", name: "fallback-to-itself" };
pub(crate) const LEVEL: Level = Level::Error;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for model in repository.all::<ModelSpec>() {
        for (index, _) in model.spec.fallback.iter().enumerate().filter(|(_, name)| **name == model.doc.name) {
            let place = model.doc.locate(&format!("/spec/fallback/{index}"));
            let message = format!("`{}` falls back to itself, whose targets have all failed by then", model.doc.name);
            findings.push(Finding::error(ID, place, message).help("remove it, or name another model"));
        }
    }
}
