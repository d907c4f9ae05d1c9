//! What is counted: points of policies, their kinds, and what must have happened at each.

use serde::Serialize;

/// A point of a program: something that happens or never does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Point {
    pub(crate) kind: PointKind,
    /// Path of its file, relative to the repository.
    pub(crate) file: String,
    pub(crate) line: u32,
    pub(crate) column: u32,
    /// What the author calls it.
    pub(crate) name: String,
    pub(crate) outcome: Outcome,
}

/// Kinds of points, in the order of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PointKind {
    /// A match of a route, for each operation that it leads to.
    Route,
    /// An Authentication policy, for each way it can decide.
    Authentication,
    /// A rule of an Authorization policy.
    Authorization,
    /// A condition: a `when`.
    Condition,
    /// A Validation, and each thing that it judges.
    Validation,
    /// A rule of a Limit.
    Limit,
    /// A target of a Model, or an endpoint of a route that serves `http`.
    Target,
    /// A fallback of a Model.
    Fallback,
    /// A version of a Prompt, or a Prompt without versions.
    Prompt,
    /// An error that clients can get.
    Error,
}

/// What must have happened at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A request met the match.
    Reached,
    /// A caller with a key passed.
    Key,
    /// A caller with a token passed.
    Token,
    /// A caller with a client certificate passed.
    Certificate,
    /// A caller without a credential passed.
    Anonymous,
    /// It refused.
    Refused,
    /// It found nothing wrong.
    Passed,
    /// It held, or applied.
    True,
    /// It did not hold, or did not apply.
    False,
    /// A request was counted and let on.
    Counted,
    /// A request was too many.
    Exceeded,
    /// It was called.
    Called,
    /// It was turned to, and called.
    Taken,
    /// It was applied to a request.
    Applied,
    /// A client got it.
    Told,
}

impl PointKind {
    /// Every kind, in the order of reports.
    pub const ALL: [Self; 10] = [
        Self::Route,
        Self::Authentication,
        Self::Authorization,
        Self::Condition,
        Self::Validation,
        Self::Limit,
        Self::Target,
        Self::Fallback,
        Self::Prompt,
        Self::Error,
    ];

    /// What many of them are called.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Route => "routes",
            Self::Authentication => "authentication",
            Self::Authorization => "authorization rules",
            Self::Condition => "conditions",
            Self::Validation => "validations",
            Self::Limit => "limits",
            Self::Target => "targets",
            Self::Fallback => "fallbacks",
            Self::Prompt => "prompts",
            Self::Error => "errors",
        }
    }
}

impl PointKind {
    /// What one of them is called, before its name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Route => "route",
            Self::Authentication => "authentication",
            Self::Authorization => "rule",
            Self::Condition => "when of",
            Self::Validation => "validation",
            Self::Limit => "limit",
            Self::Target => "target",
            Self::Fallback => "fallback",
            Self::Prompt => "prompt",
            Self::Error => "error",
        }
    }
}

impl Outcome {
    /// What is said where it did not happen.
    pub const fn never(self) -> &'static str {
        match self {
            Self::Reached => "never reached",
            Self::Key => "never let a key pass",
            Self::Token => "never let a token pass",
            Self::Certificate => "never let a certificate pass",
            Self::Anonymous => "never let a caller without a credential pass",
            Self::Refused => "never refused",
            Self::Passed => "never passed",
            Self::True => "never true",
            Self::False => "never false",
            Self::Counted => "never counted",
            Self::Exceeded => "never exceeded",
            Self::Called => "never called",
            Self::Taken => "never taken",
            Self::Applied => "never applied",
            Self::Told => "never told to a client",
        }
    }

    /// What is said of how often it happened, behind a number.
    pub const fn happened(self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::Key => "let a key pass",
            Self::Token => "let a token pass",
            Self::Certificate => "let a certificate pass",
            Self::Anonymous => "let a caller without a credential pass",
            Self::Refused => "refused",
            Self::Passed => "passed",
            Self::True => "true",
            Self::False => "false",
            Self::Counted => "counted",
            Self::Exceeded => "exceeded",
            Self::Called => "called",
            Self::Taken => "taken",
            Self::Applied => "applied",
            Self::Told => "told to a client",
        }
    }
}
