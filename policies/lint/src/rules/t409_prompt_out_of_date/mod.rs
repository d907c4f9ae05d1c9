//! A date or the name of a model inside a prompt.

use aigw_kinds::Repository;
use aigw_kinds::prompt::PromptSpec;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "T409", name: "prompt-out-of-date" };
pub(crate) const LEVEL: Level = Level::Advice;

/// How the names of models begin that providers replace every few months, each before a digit.
const FAMILIES: [&str; 7] = ["gpt-", "claude-", "gemini-", "llama-", "mistral-", "o1-", "o3-"];
/// What a date follows that is meant to be today's, in small letters.
const TODAY: [&str; 5] = ["today is ", "today's date is ", "the current date is ", "the current year is ", "it is now "];
const MONTHS: [&str; 12] =
    ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];

pub(crate) fn check(repository: &Repository, sources: &Sources, findings: &mut Findings) {
    for prompt in repository.all::<PromptSpec>() {
        for message in view::messages(repository, sources, prompt.spec) {
            let text = message.text.to_lowercase();
            let (what, help) = if let Some(model) = model(&text) {
                (
                    format!("the message names the model `{model}`, and another one may answer"),
                    "say what the model shall do, not which it is",
                )
            } else if let Some(date) = date(&text) {
                (
                    format!("the message says that it is `{date}`, and goes on saying so"),
                    "give the date as a parameter, with `with: {today: {expr: …}}`",
                )
            } else {
                continue;
            };
            findings.push(Finding::advice(ID, prompt.doc.locate(&message.pointer), what).help(help));
        }
    }
}

fn model(text: &str) -> Option<&str> {
    let words = text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '.'));
    let is_model = |word: &&str| {
        FAMILIES.iter().any(|family| word.strip_prefix(family).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())))
    };
    words.map(|word| word.trim_end_matches(['.', '-'])).find(is_model)
}

fn date(text: &str) -> Option<&str> {
    TODAY.iter().find_map(|phrase| {
        let after = text.split_once(phrase)?.1;
        let rest = after.split(['.', '\n', ';']).next()?.trim();
        let is_date = rest.starts_with(|c: char| c.is_ascii_digit()) && rest.contains(['-', '/', '2'])
            || MONTHS.iter().any(|month| rest.starts_with(month));
        (is_date && rest.bytes().any(|b| b.is_ascii_digit())).then(|| rest.split_at_checked(20).map_or(rest, |(start, _)| start))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_known_by_their_version() {
        assert_eq!(model("you are gpt-4o, a large model."), Some("gpt-4o"));
        assert_eq!(model("you run on claude-3.5."), Some("claude-3.5"));
        assert_eq!(model("never say that you are a gpt-like or llama-based model"), None);
    }

    #[test]
    fn dates_are_known_by_what_stands_before_them() {
        assert_eq!(date("today is 2025-03-01. answer"), Some("2025-03-01"));
        assert_eq!(date("the current date is march 3, 2025"), Some("march 3, 2025"));
        assert_eq!(date("the contract of 2019-01-01 applies"), None);
        assert_eq!(date("today is {{ today }}."), None);
        assert_eq!(date("today is a good day"), None);
    }
}
