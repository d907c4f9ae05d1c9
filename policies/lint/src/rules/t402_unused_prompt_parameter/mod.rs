//! A parameter of a prompt that no template uses.

use std::collections::BTreeSet;

use aigw_expr::Template;
use aigw_kinds::Repository;
use aigw_kinds::prompt::PromptSpec;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view::{self, step};

pub(crate) const ID: RuleId = RuleId { code: "T402", name: "unused-prompt-parameter" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, sources: &Sources, findings: &mut Findings) {
    for prompt in repository.all::<PromptSpec>().filter(|prompt| !prompt.spec.parameters.properties.is_empty()) {
        let declared: Vec<&str> = prompt.spec.parameters.properties.keys().map(String::as_str).collect();
        let messages = view::messages(repository, sources, prompt.spec);
        let templates: Result<Vec<Template>, _> =
            messages.iter().map(|message| Template::compile(message.text, &declared)).collect();
        let written =
            prompt.spec.versions.values().flat_map(|version| &version.messages).filter(|message| message.template().is_some());
        // What cannot be read, or is not there, may use any of them; both are findings already.
        let Some(templates) = templates.ok().filter(|templates| templates.len() == written.count()) else { continue };
        let used: BTreeSet<&str> = templates.iter().flat_map(Template::used_variables).map(String::as_str).collect();
        for name in declared.iter().filter(|name| !used.contains(*name)) {
            let place = prompt.doc.locate_key(&format!("/spec/parameters/properties/{}", step(name)));
            let message = format!("no message of `{}` uses the parameter `{name}`", prompt.doc.name);
            findings.push(
                Finding::warning(ID, place, message).help(format!("write `{{{{ {name} }}}}` where it is meant, or remove it")),
            );
        }
    }
}
