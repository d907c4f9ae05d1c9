//! What came of a case: facts, for whoever draws them.

use aigw_core::{Millis, Record};
use aigw_kinds::Evaluation;
use aigw_source::Span;
use schemars::JsonSchema;
use serde::Serialize;

use crate::plan::Case;

/// What came of one case.
#[derive(Clone, Debug)]
pub struct Report {
    /// What failed; nothing where the case passed.
    pub failures: Vec<Failure>,
    /// The requests that failed, the first of them, with their decisions.
    pub traces: Vec<Trace>,
    /// How many requests were sent.
    pub requests: u64,
    /// Virtual time that passed.
    pub elapsed: Millis,
    /// The snapshots that were taken.
    pub snapshots: Vec<Snapshot>,
    /// Scripts that this row of a matrix never played; a failure where no row did.
    pub(crate) idle: Vec<Failure>,
}

/// One thing that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure.
    pub kind: FailureKind,
    /// What is wrong, in one line.
    pub message: String,
    /// Where the expectation, or what is to blame, stands.
    pub place: Span,
    /// What was expected, where something was.
    pub expected: Option<String>,
    /// What came instead.
    pub came: Option<String>,
    /// Both line by line, where they are long: `-` expected, `+` came, ` ` both.
    pub diff: Option<String>,
    /// The number of the trace that belongs to it.
    pub trace: Option<usize>,
}

/// Kinds of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// Something else came than was expected.
    Mismatch,
    /// No route matched, and the case does not say so.
    NoRoute,
    /// An upstream was called that the case does not speak of, or once too often.
    #[serde(rename = "unscripted-call")]
    Unscripted,
    /// An answer of the script was never asked for.
    UnusedScript,
    /// There is no such snapshot.
    NewSnapshot,
    /// A snapshot shows something else.
    Snapshot,
    /// The case could not be run: a fault of ours, or a program that cannot be loaded with its parameters.
    Broken,
}

/// A request with what was decided about it.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Which step of the case sent it, from 1.
    pub step: usize,
    /// Which of the step's requests it was, from 1.
    pub number: u64,
    /// The request in one line.
    pub request: String,
    /// The decisions.
    pub record: Record,
    /// What the expressions saw and gave, where they were watched.
    pub evaluations: Vec<Evaluation>,
    /// Each call that went upstream, in one line.
    pub calls: Vec<String>,
}

/// A snapshot that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Path of its file, relative to the folder of the policies.
    pub path: String,
    /// What it shows now.
    pub text: String,
    /// Whether the file shows the same.
    pub same: bool,
}

impl Report {
    /// Whether the case passed.
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// Settles what only all rows of a matrix together tell: a script that none of them played. `reports` are those of `cases`, in their order; rows of
/// which not all ran are left as they are.
pub fn settle(cases: &[&Case], reports: &mut [Report]) {
    let mut start = 0;
    while let Some(case) = cases.get(start) {
        let rows = case.rows.unwrap_or(1);
        let end = start.saturating_add(rows).min(cases.len());
        let whole =
            cases.get(start..end).is_some_and(|all| all.len() == rows && all.iter().all(|other| other.place == case.place));
        if let Some(reports) = reports.get_mut(start..end).filter(|_| whole && rows > 1) {
            settle_rows(reports);
        }
        start = if whole { end } else { start.saturating_add(1) };
    }
}

fn settle_rows(reports: &mut [Report]) {
    let idle_in_all = |failure: &Failure, reports: &[Report]| {
        reports.iter().all(|report| report.idle.iter().any(|other| other.place == failure.place))
    };
    let Some(first) = reports.first() else { return };
    let never: Vec<Failure> = first.idle.iter().filter(|failure| idle_in_all(failure, reports)).cloned().collect();
    if let Some(first) = reports.first_mut().filter(|first| first.failures.is_empty()) {
        first.failures.extend(never);
    }
}

impl FailureKind {
    /// As reports for machines name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mismatch => "mismatch",
            Self::NoRoute => "no-route",
            Self::Unscripted => "unscripted-call",
            Self::UnusedScript => "unused-script",
            Self::NewSnapshot => "new-snapshot",
            Self::Snapshot => "snapshot",
            Self::Broken => "broken",
        }
    }
}
