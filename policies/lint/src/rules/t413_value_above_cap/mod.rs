//! A prompt sets a parameter above its own cap.

use aigw_kinds::Repository;
use aigw_kinds::prompt::PromptSpec;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view::step;

pub(crate) const ID: RuleId = RuleId { code: "T413", name: "value-above-cap" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for prompt in repository.all::<PromptSpec>() {
        for (name, cap) in &prompt.spec.cap.0 {
            for (key, values) in [("set", &prompt.spec.set), ("default", &prompt.spec.default)] {
                let value = values.0.get(name).and_then(serde_json::Value::as_f64);
                let (Some(value), Some(most)) = (value, cap.as_f64()) else { continue };
                if value > most {
                    let place = prompt.doc.locate(&format!("/spec/{key}/{}", step(name)));
                    let finding =
                        Finding::warning(ID, place, format!("`{name}` of {value} is lowered to {cap} by the prompt's own cap"))
                            .label(prompt.doc.locate(&format!("/spec/cap/{}", step(name))), "the cap")
                            .help("lower the value, or raise the cap");
                    findings.push(finding);
                }
            }
        }
    }
}
