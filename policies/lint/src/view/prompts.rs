//! The templates of prompts.

use aigw_kinds::Repository;
use aigw_kinds::prompt::PromptSpec;
use aigw_kinds::written::TextOrFile;
use aigw_source::Sources;

use super::step;

/// A message of a prompt.
#[derive(Debug, Clone)]
pub(crate) struct Message<'a> {
    /// Its version.
    pub(crate) version: &'a str,
    /// Its role.
    pub(crate) role: &'static str,
    /// Its template.
    pub(crate) text: &'a str,
    /// Where the template or its file's path stands, as a pointer.
    pub(crate) pointer: String,
}

/// The messages of a prompt but the caller's, in order; those whose file is missing are left out.
pub(crate) fn messages<'a>(repository: &Repository, sources: &'a Sources, prompt: &'a PromptSpec) -> Vec<Message<'a>> {
    let mut all = Vec::new();
    for (version, spec) in &prompt.versions {
        for (index, message) in spec.messages.iter().enumerate() {
            let Some((role, template)) = message.template() else { continue };
            let pointer = format!("/spec/versions/{}/messages/{index}/{role}", step(version.as_str()));
            let text = match template {
                TextOrFile::Text(text) => text.as_str(),
                TextOrFile::File(path) => match repository.files.get(path) {
                    Some(file) => &sources.file(*file).text,
                    None => continue,
                },
            };
            all.push(Message { version: version.as_str(), role, text, pointer });
        }
    }
    all
}
