//! What is wrong with a file, where, why, and how to put it right.

use crate::sources::Span;

/// How bad a finding is, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// It will misbehave at run time, or cannot be understood: nothing is built.
    Error,
    /// It is probably not what was meant.
    Warning,
    /// It could be better.
    Advice,
}

/// The stable name of a rule: `C001 unknown-key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId {
    /// A letter and three digits; never reused.
    pub code: &'static str,
    /// The same in words, with hyphens.
    pub name: &'static str,
}

/// A place and what is to be said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// Shown beside it; empty where the finding's message says it all.
    pub text: String,
}

/// A replacement of bytes; `span` may be a point, `text` may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What goes.
    pub span: Span,
    /// What comes.
    pub text: String,
}

/// Edits that put a finding right; all or none of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What the edits do, as an order: ``rename to `tokens` ``.
    pub message: String,
    /// The edits; they do not overlap, and may be in several files.
    pub edits: Vec<Edit>,
}

impl Fix {
    /// A fix of any edits.
    #[must_use]
    pub fn new(message: impl Into<String>, edits: Vec<Edit>) -> Self {
        Self { message: message.into(), edits }
    }

    /// A fix that replaces one span.
    #[must_use]
    pub fn replace(message: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        Self::new(message, vec![Edit { span, text: text.into() }])
    }
}

/// Longest text of a finding, in characters. Texts quote what people wrote, and that may be a file's only line; what it begins and ends with tells it
/// apart, and every report stays readable.
const MAX_TEXT: usize = 2_000;

/// One thing that is wrong. Messages are one line, lower case, without a full stop, with input in back-ticks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule that says so.
    pub rule: RuleId,
    /// How bad.
    pub level: Level,
    /// What is wrong.
    pub message: String,
    /// Where.
    pub primary: Label,
    /// Other places that matter, in any file.
    pub labels: Vec<Label>,
    /// Why, one line each.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Option<String>,
    /// A request that shows the fault.
    pub counterexample: Option<String>,
    /// Edits that put it right.
    pub fix: Option<Fix>,
}

impl Finding {
    /// A finding of any level.
    #[must_use]
    pub fn new(level: Level, rule: RuleId, span: Span, message: impl Into<String>) -> Self {
        Self {
            rule,
            level,
            message: bounded(message.into()),
            primary: Label { span, text: String::new() },
            labels: Vec::new(),
            notes: Vec::new(),
            help: None,
            counterexample: None,
            fix: None,
        }
    }

    /// An error.
    #[must_use]
    pub fn error(rule: RuleId, span: Span, message: impl Into<String>) -> Self {
        Self::new(Level::Error, rule, span, message)
    }

    /// A warning.
    #[must_use]
    pub fn warning(rule: RuleId, span: Span, message: impl Into<String>) -> Self {
        Self::new(Level::Warning, rule, span, message)
    }

    /// An advice.
    #[must_use]
    pub fn advice(rule: RuleId, span: Span, message: impl Into<String>) -> Self {
        Self::new(Level::Advice, rule, span, message)
    }

    /// Sets the text beside the primary place.
    #[must_use]
    pub fn here(mut self, text: impl Into<String>) -> Self {
        self.primary.text = bounded(text.into());
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: bounded(text.into()) });
        self
    }

    /// Adds a reason.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(bounded(text.into()));
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(bounded(text.into()));
        self
    }

    /// Shows a request that meets the fault.
    #[must_use]
    pub fn counterexample(mut self, text: impl Into<String>) -> Self {
        self.counterexample = Some(text.into());
        self
    }

    /// Adds the edits that put it right.
    #[must_use]
    pub fn fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    /// The primary span.
    #[must_use]
    pub fn span(&self) -> Span {
        self.primary.span
    }
}

/// The text, without its middle where it is too long.
fn bounded(text: String) -> String {
    // Bytes are at least as many as characters, and quick to count.
    if text.len() <= MAX_TEXT {
        return text;
    }
    let characters = text.chars().count();
    if characters <= MAX_TEXT {
        return text;
    }
    let half = MAX_TEXT / 2;
    text.chars().take(half).chain(['…']).chain(text.chars().skip(characters - half)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_lose_their_middle_and_short_ones_nothing() {
        let short = "ü".repeat(MAX_TEXT);
        assert_eq!(bounded(short.clone()), short);
        let long = bounded(format!("begin{}end", "ü".repeat(1 << 19)));
        assert!(long.starts_with("beginü") && long.ends_with("üend") && long.contains("ü…ü"));
        assert_eq!(long.chars().count(), MAX_TEXT + 1);
    }
}
