//! A fallback that asks those who have just failed.

use aigw_kinds::Repository;
use aigw_kinds::model::ModelSpec;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

pub(crate) const ID: RuleId = RuleId { code: "B217", name: "fallback-to-same-targets" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for model in repository.all::<ModelSpec>() {
        let own = |target: &str| model.spec.targets.iter().any(|mine| mine.target == target && mine.when.is_none());
        for (index, name) in model.spec.fallback.iter().enumerate().filter(|(_, name)| **name != model.doc.name) {
            let Some(other) = repository.typed::<ModelSpec>(name) else { continue };
            if other.spec.targets.iter().all(|target| own(&target.target)) {
                let message = format!("`{name}` has only targets of `{}`, which have failed by then", model.doc.name);
                let finding = Finding::warning(ID, model.doc.locate(&format!("/spec/fallback/{index}")), message)
                    .label(other.doc.locate("/spec/targets"), "its targets")
                    .help("name a model with other targets, or raise `retry.attempts`");
                findings.push(finding);
            }
        }
    }
}
