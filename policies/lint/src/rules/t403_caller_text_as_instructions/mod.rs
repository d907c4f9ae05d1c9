//! What callers write becomes an instruction to the model.

use std::collections::BTreeMap;

use aigw_expr::{NameId, NameRef, Template};
use aigw_kinds::Repository;
use aigw_kinds::prompt::{PromptParameterSpec, PromptParameterType, PromptSpec};
use aigw_kinds::written::WithValue;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view::{self, Attached, Message, step};

pub(crate) const ID: RuleId = RuleId { code: "T403", name: "caller-text-as-instructions" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, sources: &Sources, findings: &mut Findings) {
    let mut instructions: BTreeMap<&str, Instructions<'_>> = BTreeMap::new();
    for attached in view::uses(repository) {
        let Some(prompt) = attached.doc.spec_as::<PromptSpec>() else { continue };
        for (parameter, value) in &attached.used.with {
            let WithValue::Expr(text) = value else { continue };
            let takes_anything = prompt.parameters.properties.get(parameter).is_some_and(is_free_text);
            if !takes_anything || !view::reads(text).iter().any(is_written_by_caller) {
                continue;
            }
            let used =
                instructions.entry(&attached.doc.name).or_insert_with(|| used_in_instructions(repository, sources, prompt));
            findings.extend(used.get(parameter).map(|message| finding(&attached, parameter, message)));
        }
    }
}

/// The parameters that system and developer messages use, each with the first such message.
type Instructions<'a> = BTreeMap<String, Message<'a>>;

fn used_in_instructions<'a>(repository: &Repository, sources: &'a Sources, prompt: &'a PromptSpec) -> Instructions<'a> {
    let declared: Vec<&str> = prompt.parameters.properties.keys().map(String::as_str).collect();
    let mut used = BTreeMap::new();
    for message in view::messages(repository, sources, prompt) {
        if !matches!(message.role, "system" | "developer") {
            continue;
        }
        // What does not compile is a finding already.
        let Ok(template) = Template::compile(message.text, &declared) else { continue };
        for parameter in template.used_variables() {
            used.entry(parameter.clone()).or_insert_with(|| message.clone());
        }
    }
    used
}

fn finding(attached: &Attached<'_>, parameter: &str, message: &Message<'_>) -> Finding {
    let place = attached.by.locate(&format!("{}/with/{}/expr", attached.pointer(), step(parameter)));
    let text =
        format!("the caller writes `{parameter}`, and `{}` makes it part of a {} message", attached.doc.name, message.role);
    Finding::warning(ID, place, text)
        .label(attached.doc.locate(&message.pointer), format!("in version `{}`", message.version))
        .note("a model follows its system and developer messages: whoever writes there can tell it to forget the rest")
        .help("put it in a user message, or let its declaration take only known values with `enum` or `pattern`")
}

fn is_free_text(parameter: &PromptParameterSpec) -> bool {
    parameter.r#type == PromptParameterType::String && parameter.r#enum.is_empty() && parameter.pattern.is_none()
}

fn is_written_by_caller(read: &NameRef) -> bool {
    matches!(read.name, NameId::RequestHeaders | NameId::RequestQuery | NameId::RequestBody | NameId::RequestPath)
}
