//! What a line of the audit trail holds. `schemas/audit.json` is made from it.

use aigw_kinds::Changes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reload::ActivationResult;

/// One line of the audit trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuditLine {
    /// The version of lines: 1.
    pub version: u32,
    /// Its number in the file, from 1, without gaps.
    pub sequence: u64,
    /// When; RFC 3339, UTC.
    pub time: String,
    /// SHA-256 of the line before, its line break not counted, in hex; 64 zeros for the first.
    pub previous: String,
    /// SHA-256 of what lies between the line before and this one: part of a line that a process could not finish.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub torn: Option<String>,
    /// Events before this one that could not be written.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lost: u64,
    /// Refused calls before this one that were not written, since there were too many.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub omitted: u64,
    /// What happened.
    pub event: AuditEvent,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "type", deny_unknown_fields)]
pub enum AuditEvent {
    /// A process began.
    Start {
        /// The gateway's version.
        gateway: String,
        /// Where its policies come from.
        source: String,
        /// Where clients connect.
        listen: String,
        /// Where its admin plane is.
        admin: String,
    },
    /// A process ended in order. One that was killed leaves none.
    Stop {
        /// `drained`, `interrupted` (the drain limit came first) or `forced`.
        reason: String,
    },
    /// A process was told by a signal to look at the source.
    Signal {
        /// `SIGHUP`.
        name: String,
    },
    /// An attempt to activate policies is over.
    Activation(Box<Activation>),
    /// Somebody asked the admin plane for something.
    AdminCall(AdminCall),
}

/// An attempt to activate policies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Activation {
    /// Why it was made.
    pub trigger: Trigger,
    /// Where the bundle came from.
    pub source: String,
    /// What came of it.
    pub result: ActivationResult,
    /// Why it was not activated: a stable code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The digest of the content that was in force before; none where none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The digest of the content that is in force now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// What was signed about the bundle; none where it could not be verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<AuditBundle>,
    /// How its documents differ from those in force before; none where there is nothing to compare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
}

/// Why an attempt was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Trigger {
    /// The process began.
    Start,
    /// The process began, its source gave nothing, and what was good before was taken.
    LastGood,
    /// The source changed.
    Change,
    /// An attempt before failed for a reason that may pass.
    Retry,
    /// A call to the admin plane: that of an `adminCall` before.
    Call,
    /// A signal: that of a `signal` before.
    Signal,
}

/// What was signed about a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditBundle {
    /// Its name.
    pub name: String,
    /// The channel that it was signed for.
    pub channel: String,
    /// Its sequence number.
    pub sequence: u64,
    /// Its content's digest.
    pub digest: String,
    /// When it was signed; RFC 3339.
    pub issued: String,
    /// When its validity ends; RFC 3339.
    pub expires: String,
    /// The keys that signed, as the trust root calls them.
    pub signers: Vec<String>,
    /// What it was built from, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<AuditProvenance>,
}

/// What a bundle was built from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditProvenance {
    /// The repository.
    pub repository: String,
    /// The commit: who wrote and who approved it, the repository knows.
    pub commit: String,
    /// Whether the working copy had changes that the commit does not hold.
    pub dirty: bool,
}

/// A call to the admin plane. Queries, headers and bodies are not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdminCall {
    /// The caller's address.
    pub peer: String,
    /// The method.
    pub method: String,
    /// The path, where it is one of the admin plane's; else `other`.
    pub path: String,
    /// How the caller proved that it may.
    pub auth: AdminAuth,
    /// What came of it.
    pub outcome: AdminOutcome,
    /// The code that the caller was told, where it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// How a caller of the admin plane proved that it may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum AdminAuth {
    /// By the token.
    Token,
    /// No token is demanded, since the admin plane can be reached from this machine alone.
    Loopback,
    /// Not at all.
    None,
}

/// What came of a call to the admin plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum AdminOutcome {
    /// It was carried out; what came of that stands in the event that follows.
    Accepted,
    /// It was not.
    Refused,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}
