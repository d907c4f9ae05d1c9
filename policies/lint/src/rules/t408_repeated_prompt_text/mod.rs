//! The same long text in several prompts.

use std::collections::BTreeMap;

use aigw_kinds::prompt::PromptSpec;
use aigw_kinds::written::TextOrFile;
use aigw_kinds::{Doc, Repository};
use aigw_source::{Finding, Findings, Level, RuleId, Sources, Span};

use crate::view::step;

pub(crate) const ID: RuleId = RuleId { code: "T408", name: "repeated-prompt-text" };
pub(crate) const LEVEL: Level = Level::Advice;

/// Shorter texts are alike by chance, and no trouble to keep alike.
const LONG: usize = 120;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    let mut first: BTreeMap<&str, (&Doc, Span)> = BTreeMap::new();
    for prompt in repository.all::<PromptSpec>() {
        for (version, spec) in &prompt.spec.versions {
            for (index, message) in spec.messages.iter().enumerate() {
                let Some((role, TextOrFile::Text(text))) = message.template() else { continue };
                if text.trim().len() < LONG {
                    continue;
                }
                let pointer = format!("/spec/versions/{}/messages/{index}/{role}", step(version.as_str()));
                let place = prompt.doc.locate(&pointer);
                let (other, earlier) = *first.entry(text.trim()).or_insert((prompt.doc, place));
                // Versions of one prompt are alike on purpose.
                if other.name != prompt.doc.name {
                    let finding = Finding::advice(ID, place, format!("this text stands in the prompt `{}` too", other.name))
                        .label(earlier, "here");
                    findings.push(finding.help("put it in a template file that both name as `{file: PATH}`, or in a prompt of its own that both routes use"));
                }
            }
        }
    }
}
