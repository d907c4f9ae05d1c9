//! What came of every attempt to activate a bundle.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Attempts that `/status` still shows.
const KEPT: usize = 20;

/// One attempt to activate a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActivationRecord {
    /// When it began; RFC 3339.
    pub time: String,
    /// Where the bundle came from.
    pub source: String,
    /// The content's digest, once it was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The bundle's sequence number, once it was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// What came of it.
    pub result: ActivationResult,
    /// Why it was not activated: a stable code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// How long it took.
    pub durations: Durations,
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActivationResult {
    /// The bundle is in force.
    Activated,
    /// Its content was in force already.
    Unchanged,
    /// It is not, and what was in force still is. Trying the same again gives the same.
    Refused,
    /// It is not, since something around it failed. It is tried again.
    Failed,
}

/// How long an attempt took, in microseconds. What was not reached is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Durations {
    /// Reading it, or compiling it.
    pub fetch_micros: u64,
    /// Verifying it.
    pub verify_micros: u64,
    /// Loading it, with its parameters and secrets, up to the swap.
    pub load_micros: u64,
    /// The whole, remembering included.
    pub total_micros: u64,
}

impl ActivationResult {
    /// As written in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Activated => "activated",
            Self::Unchanged => "unchanged",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// The last attempts, and the count of all.
#[derive(Debug, Default)]
pub(crate) struct History(Mutex<Attempts>);

#[derive(Debug, Default)]
struct Attempts {
    last: VecDeque<ActivationRecord>,
    counts: BTreeMap<(ActivationResult, String), u64>,
}

impl History {
    /// One more.
    pub(crate) fn push(&self, record: ActivationRecord) {
        let mut attempts = self.lock();
        let reason = record.reason.clone().unwrap_or_default();
        let count = attempts.counts.entry((record.result, reason)).or_default();
        *count = count.saturating_add(1);
        attempts.last.truncate(KEPT - 1);
        attempts.last.push_front(record);
    }

    /// The last ones, newest first.
    pub(crate) fn last(&self) -> Vec<ActivationRecord> {
        self.lock().last.iter().cloned().collect()
    }

    /// Whether the newest attempt left things as they should be.
    pub(crate) fn is_well(&self) -> bool {
        use ActivationResult::{Activated, Unchanged};
        self.lock().last.front().is_some_and(|record| matches!(record.result, Activated | Unchanged))
    }

    /// How many there were, by result and reason.
    pub(crate) fn counts(&self) -> BTreeMap<(ActivationResult, String), u64> {
        self.lock().counts.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Attempts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
