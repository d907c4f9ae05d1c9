//! What callers write becomes an instruction to the model.

use aigw_expr::{NameId, NameRef, Template};
use aigw_kinds::Repository;
use aigw_kinds::prompt::{PromptParameterSpec, PromptParameterType, PromptSpec};
use aigw_kinds::written::WithValue;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view::{self, Attached, Message, step};

pub(crate) const ID: RuleId = RuleId { code: "T403", name: "caller-text-as-instructions" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, sources: &Sources, findings: &mut Findings) {
    for attached in view::uses(repository) {
        let Some(prompt) = attached.doc.spec_as::<PromptSpec>() else { continue };
        for (parameter, value) in &attached.used.with {
            let WithValue::Expr(text) = value else { continue };
            let takes_anything = prompt.parameters.properties.get(parameter).is_some_and(is_free_text);
            if !takes_anything || !view::reads(text).iter().any(is_written_by_caller) {
                continue;
            }
            let messages = view::messages(repository, sources, prompt);
            if let Some(message) = messages.iter().find(|message| instructs_with(message, parameter, prompt)) {
                findings.push(finding(&attached, parameter, message));
            }
        }
    }
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

fn instructs_with(message: &Message<'_>, parameter: &str, prompt: &PromptSpec) -> bool {
    let declared: Vec<&str> = prompt.parameters.properties.keys().map(String::as_str).collect();
    matches!(message.role, "system" | "developer")
        && Template::compile(message.text, &declared).is_ok_and(|template| template.used_variables().contains(parameter))
}
