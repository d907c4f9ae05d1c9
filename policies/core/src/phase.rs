//! The fixed order in which a request meets its policies.

use serde::{Deserialize, Serialize};

/// A phase of a request. Within a phase the wider scope runs first (Gateway, then Route), then list order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The route, from host, path, method, headers and query; never from the body.
    Match,
    /// The identity.
    Authenticate,
    /// Operation and route against the identity.
    Authorize,
    /// Limits whose key is known without the body.
    Admit,
    /// The body is read, bounded and scanned.
    Validate,
    /// The model, whether this caller may use it, and limits keyed by it.
    Resolve,
    /// Messages and parameters.
    Prompt,
    /// The target: choose, send, retry, fall back.
    Call,
    /// Real usage, once, whatever happened.
    Settle,
    /// One decision record, always.
    Record,
}

/// Every phase in the order in which it runs.
pub const PHASES: [Phase; 10] = [
    Phase::Match,
    Phase::Authenticate,
    Phase::Authorize,
    Phase::Admit,
    Phase::Validate,
    Phase::Resolve,
    Phase::Prompt,
    Phase::Call,
    Phase::Settle,
    Phase::Record,
];

impl Phase {
    /// The phase as it is written in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Authenticate => "authenticate",
            Self::Authorize => "authorize",
            Self::Admit => "admit",
            Self::Validate => "validate",
            Self::Resolve => "resolve",
            Self::Prompt => "prompt",
            Self::Call => "call",
            Self::Settle => "settle",
            Self::Record => "record",
        }
    }
}
