//! Templates that no prompt names.

use std::collections::BTreeSet;

use aigw_kinds::Repository;
use aigw_kinds::prompt::PromptSpec;
use aigw_kinds::written::TextOrFile;
use aigw_source::{Finding, Findings, Level, RuleId, Sources, Span, nearest};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "C007", name: "unused-file" };
pub(crate) const LEVEL: Level = Level::Warning;

/// How the files end that are there for nothing but prompts.
const TEMPLATE: &str = ".j2";

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    if !view::is_complete(repository) {
        return;
    }
    let messages =
        repository.all::<PromptSpec>().flat_map(|prompt| prompt.spec.versions.values()).flat_map(|version| &version.messages);
    let used: BTreeSet<&str> = messages
        .filter_map(|message| match message.template()?.1 {
            TextOrFile::File(path) => Some(path.as_str()),
            TextOrFile::Text(_) => None,
        })
        .collect();
    let misspelt: Vec<&str> = used.iter().copied().filter(|path| !repository.files.contains_key(*path)).collect();
    for (path, file) in repository.files.iter().filter(|(path, _)| path.ends_with(TEMPLATE) && !used.contains(path.as_str())) {
        // A path that is misspelt is said already, where it is written.
        if misspelt.iter().any(|written| nearest(written, [path.as_str()]).is_some()) {
            continue;
        }
        let message = format!("no prompt names the template `{path}`");
        findings.push(
            Finding::warning(ID, Span::point(*file, 0), message).help("name it in a Prompt as `{file: PATH}`, or remove it"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::found_with;

    #[test]
    fn a_template_is_used_where_a_prompt_names_it() {
        let prompt = "apiVersion: aigw.dev/v1\nkind: Prompt\nmetadata: {name: p}\nspec: {versions: {v1: {messages: [{system: {file: a.j2}}, {request: {}}]}}}\n";
        let found = found_with(prompt, &[("a.j2", "You help."), ("b.j2", "You help too."), ("README.md", "# Policies")]);
        let messages: Vec<&str> = found.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(messages, ["no prompt names the template `b.j2`"]);
    }
}
