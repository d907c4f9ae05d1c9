//! The decision record: one per request, whatever happened. It is the log line, the trace of tests and the input of replays.
//!
//! Names of the program are shared with it and not copied. It never holds a credential, a secret, a prompt or an answer. Its JSON Schema is `schemas/decision.json`.

mod line;

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{ErrorCode, Timestamp};

/// What was decided about one request, and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// When the request's head had been read; milliseconds since 1970.
    pub time: Timestamp,
    /// The id that the client got in `x-request-id`.
    pub request_id: String,
    /// Digest of the bundle that served the request: `sha256:` and 64 hex digits.
    pub bundle: Arc<str>,
    /// The request's method.
    pub method: String,
    /// The request's path without its query.
    pub path: String,
    /// The caller's address, after trusted proxies.
    pub ip: String,
    /// The route's name, once matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<Arc<str>>,
    /// `file:line:column` of the route's match that the request met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route_at: Option<Arc<str>>,
    /// `chat`, `embeddings`, `models` or `http`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<Cow<'static, str>>,
    /// The consumer's name, once authenticated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumer: Option<Arc<str>>,
    /// The caller's tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<Arc<str>>,
    /// The product that the request was under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<Arc<str>>,
    /// The subscription that the request was under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<Arc<str>>,
    /// The name (never the value) of the credential that proved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<Arc<str>>,
    /// The model document that served, once resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Arc<str>>,
    /// The model document that the client meant, where a fallback was turned to instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback_from: Option<Arc<str>>,
    /// Whether the client asked for a stream.
    pub stream: bool,
    /// Each policy that took part, in order.
    pub policies: Vec<PolicyVerdict>,
    /// Each limit that was counted and what remained.
    pub limits: Vec<LimitState>,
    /// Each send to a target, in order.
    pub attempts: Vec<Attempt>,
    /// Each target that was passed over, and why; a target of less priority that was not needed is not among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Skipped>,
    /// Usage that the target reported, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<UsageRecord>,
    /// What came of the request.
    pub outcome: Outcome,
    /// The status that the client got; 0 where none could be sent.
    pub status: u16,
    /// The code of the refusal or failure, also of one inside a stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<ErrorCode>,
    /// Time in each phase that ran, in microseconds, and `total`; from the request's head to the answer's last byte.
    pub timings: Vec<(Cow<'static, str>, u64)>,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Answered completely.
    Completed,
    /// Refused by a policy or a bound before any target was called.
    Refused,
    /// Failed at or behind a target.
    Failed,
    /// The client left first.
    #[default]
    Cancelled,
}

impl Outcome {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What one policy decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyVerdict {
    /// The policy document's name.
    pub policy: Arc<str>,
    /// The rule inside it, where one decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<Arc<str>>,
    /// The phase, as written in the documentation.
    pub phase: Cow<'static, str>,
    /// What it decided.
    pub verdict: Verdict,
    /// True where the policy is in shadow: this is what it would have done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shadow: bool,
    /// `file:line:column` of the deciding rule.
    pub at: Arc<str>,
    /// What else there is to know: `when_failed` with its reason, the version of a prompt, the difference a shadow would have made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What a policy decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It let the request on.
    Allowed,
    /// It refused.
    Refused,
    /// It changed the request.
    Changed,
    /// It took part and changed nothing.
    Passed,
}

impl Verdict {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Refused => "refused",
            Self::Changed => "changed",
            Self::Passed => "passed",
        }
    }
}

/// A limit after it was counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LimitState {
    /// `policy/rule`.
    pub limit: Arc<str>,
    /// What remained after this request.
    pub remaining: u64,
    /// True where the limit is in shadow and counts in counters of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shadow: bool,
}

/// One send to a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// `provider/endpoint/model`.
    pub target: Arc<str>,
    /// The model document that it was for, where that is a fallback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Arc<str>>,
    /// The target's status; absent where no answer came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Microseconds from sending to the answer's head, or to the failure.
    pub micros: u64,
    /// What came of it.
    pub outcome: AttemptOutcome,
    /// Why it failed, where it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A target that was passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Skipped {
    /// `provider/endpoint/model`.
    pub target: Arc<str>,
    /// Why.
    pub reason: SkipReason,
    /// Why its `when` could not be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Why a target was passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// Its `when` does not hold.
    WhenFalse,
    /// Its `when` could not be told, which makes it ineligible.
    WhenFailed,
    /// The secret that is its key has no value here.
    SecretMissing,
    /// There is no valid token of its managed identity now.
    TokenMissing,
    /// It lacks a label that the caller's tenant requires.
    TenantRequires,
    /// It asked to be left alone, for this or an earlier request.
    CoolingDown,
    /// Its provider's retry budget is spent.
    RetryBudget,
    /// The request would have ended before its pause.
    TimeSpent,
    /// No request can be written for it: its key cannot stand in a header, or its path is none.
    Unsendable,
}

impl SkipReason {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WhenFalse => "when_false",
            Self::WhenFailed => "when_failed",
            Self::SecretMissing => "secret_missing",
            Self::TokenMissing => "token_missing",
            Self::TenantRequires => "tenant_requires",
            Self::CoolingDown => "cooling_down",
            Self::RetryBudget => "retry_budget",
            Self::TimeSpent => "time_spent",
            Self::Unsendable => "unsendable",
        }
    }
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// Its answer went to the client.
    Served,
    /// Another attempt followed.
    Retried,
    /// Its failure went to the client.
    Failed,
    /// The client left while it ran.
    Cancelled,
}

impl AttemptOutcome {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::Retried => "retried",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Tokens as the target reported them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsageRecord {
    /// All prompt tokens, cached ones included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    /// Prompt tokens read from the provider's cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cached_input_tokens: Option<u64>,
    /// All completion tokens, reasoning included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    /// Completion tokens spent on reasoning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_tokens: Option<u64>,
}
