//! What a rule is.

use aigw_kinds::Repository;
use aigw_source::{Findings, Level, RuleId, Sources};

/// A kind of finding: its code, what it means, and who says so.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Code and name.
    pub id: RuleId,
    /// How bad its findings are.
    pub level: Level,
    /// What it means, why it matters and what to do, as Markdown paragraphs.
    pub explanation: &'static str,
    /// What raises it and what does not.
    pub examples: Examples,
    /// Who raises it.
    pub raised_by: RaisedBy,
}

/// A file that raises a rule, and one that does not.
#[derive(Debug, Clone, Copy)]
pub enum Examples {
    /// Both as YAML, each a whole repository in one file.
    Yaml {
        /// Raises this rule and no other.
        bad: &'static str,
        /// Raises nothing.
        good: &'static str,
    },
    /// Both as files of tests, whose first line names the policies that they are about.
    Suite {
        /// Raises this rule and no other.
        bad: &'static str,
        /// Raises nothing.
        good: &'static str,
    },
    /// One YAML file cannot show it.
    Words(
        /// Why it cannot, to follow "no example:".
        &'static str,
    ),
}

/// Who raises a rule.
#[derive(Debug, Clone, Copy)]
pub enum RaisedBy {
    /// This crate, by looking at the whole repository.
    Check(fn(&Repository, &Sources, &mut Findings)),
    /// Another crate, by its folder below `policies/`.
    Elsewhere(&'static str),
}

impl Rule {
    /// The level in a word.
    #[must_use]
    pub const fn level(&self) -> &'static str {
        match self.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Advice => "advice",
        }
    }

    /// Whether `# aigw: allow` may silence it. What keeps a repository from being understood cannot be wished away.
    #[must_use]
    pub const fn can_be_silenced(&self) -> bool {
        match self.raised_by {
            RaisedBy::Check(_) => true,
            // The compiler's own warnings are about the comments that silence.
            RaisedBy::Elsewhere(by) => !matches!(self.level, Level::Error) && !matches!(by.as_bytes(), b"compile"),
        }
    }
}
