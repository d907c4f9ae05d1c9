//! System and developer messages in one prompt.

use aigw_kinds::Repository;
use aigw_kinds::prompt::PromptSpec;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "T405", name: "mixed-instruction-roles" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, sources: &Sources, findings: &mut Findings) {
    for prompt in repository.all::<PromptSpec>() {
        let messages = view::messages(repository, sources, prompt.spec);
        for message in messages.iter().filter(|message| message.role == "developer") {
            let system = messages.iter().find(|other| other.version == message.version && other.role == "system");
            let Some(system) = system else { continue };
            let text = format!(
                "version `{}` has a developer and a system message, and upstreams that know one refuse or merge the other",
                message.version
            );
            let finding = Finding::warning(ID, prompt.doc.locate_key(&message.pointer), text)
                .label(prompt.doc.locate_key(&system.pointer), "the system message")
                .help("use one of the two roles; reasoning models take a system message for a developer message");
            findings.push(finding);
        }
    }
}
