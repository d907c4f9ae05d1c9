//! What came of a run, as programs read it: a file format of its own, versioned, with the schema `schemas/test-report.json`.
//!
//! Equal input gives equal results, byte for byte: there is no time of the wall in them, and no name of a machine.

use aigw_core::Record;
use schemars::JsonSchema;
use serde::Serialize;

use crate::mutation::MutationReport;
use crate::report::FailureKind;

/// The version of this shape. It changes where something is taken away or means something else; what is added does not change it.
pub const RESULTS_VERSION: u32 = 1;

/// What came of a run of `aigw test`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Results {
    /// Version of this shape: 1.
    pub version: u32,
    /// What came of all.
    pub status: RunStatus,
    /// What random choices followed; `--seed`.
    pub seed: u64,
    /// Everything counted.
    pub summary: Summary,
    /// Each case that ran, in the order of files and of what stands in them.
    pub cases: Vec<CaseResult>,
    /// Files of snapshots that no case takes, relative to the policy folder. Each is a failure; they are looked for where all cases run.
    pub orphans: Vec<String>,
    /// What is wrong with the policies or with test files. Where there is anything, no case ran.
    pub findings: Vec<FindingResult>,
    /// What came of `--mutate`, where it was asked for and every case passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mutation: Option<MutationReport>,
}

/// What came of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Every case passed.
    Passed,
    /// A case failed, or a snapshot is orphaned.
    Failed,
    /// Test files have errors; nothing ran.
    Invalid,
    /// The policies do not compile; nothing ran.
    NotCompiled,
    /// There is no case, or the filter matches none.
    NoTest,
}

/// A run in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Suites of which a case ran.
    pub suites: u64,
    /// Cases that ran.
    pub cases: u64,
    /// Those that passed.
    pub passed: u64,
    /// Those that failed.
    pub failed: u64,
    /// Cases that `--run` left out.
    pub left_out: u64,
    /// Requests that were sent.
    pub requests: u64,
    /// Virtual time that passed in all cases together, in milliseconds.
    pub virtual_ms: u64,
}

/// What came of one case.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CaseResult {
    /// The suite's name.
    pub suite: String,
    /// The case's name, with the row of its matrix. Suite and name together are unique.
    pub name: String,
    /// Where the case stands.
    pub place: Span,
    /// What came of it.
    pub status: CaseStatus,
    /// Requests that it sent.
    pub requests: u64,
    /// Virtual time that passed in it, in milliseconds.
    pub virtual_ms: u64,
    /// What failed; at most 20.
    pub failures: Vec<FailureResult>,
    /// The requests that failed, the first three of them, with their decisions. The first 200 cases that fail have them.
    pub traces: Vec<TraceResult>,
}

/// What came of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaseStatus {
    /// All that was expected came.
    Passed,
    /// Something did not.
    Failed,
}

/// A stretch of a file. Lines and columns count from 1, columns in characters, bytes from 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Span {
    /// Path relative to the policy folder, with `/`.
    pub file: String,
    /// Where it begins.
    pub line: u32,
    /// Where it begins.
    pub column: u32,
    /// Where it ends.
    pub end_line: u32,
    /// Where it ends.
    pub end_column: u32,
    /// Where it begins.
    pub byte: u32,
    /// Where it ends.
    pub end_byte: u32,
}

/// One thing that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailureResult {
    /// What kind of failure.
    pub kind: FailureKind,
    /// What is wrong, in one line.
    pub message: String,
    /// Where the expectation, or what is to blame, stands.
    pub place: Span,
    /// What was expected, where something was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What came instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub came: Option<String>,
    /// Both line by line, where they are long: `-` expected, `+` came, a blank both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
    /// Index into the case's `traces`, where the request's is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<usize>,
}

/// A request that failed, with what was decided about it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TraceResult {
    /// Which step of the case sent it, from 1.
    pub step: usize,
    /// Which of the step's requests it was, from 1.
    pub number: u64,
    /// The request in one line.
    pub request: String,
    /// The decisions, as the decision log of a gateway has them.
    pub record: Record,
    /// What the expressions saw and gave, in their order.
    pub evaluations: Vec<EvaluationResult>,
    /// Each call that went upstream, in one line.
    pub calls: Vec<String>,
}

/// An expression that was evaluated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EvaluationResult {
    /// Its text.
    pub expression: String,
    /// `file:line:column` of it.
    pub at: String,
    /// What it gave: JSON, `missing`, or `<hidden>` where it may hold a credential. At most 200 characters. Absent where it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gave: Option<String>,
    /// Why it gave nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// Each name it looked at and its value, in the order of first use.
    pub saw: Vec<SawResult>,
}

/// A name and the value that an expression saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SawResult {
    /// The name as the expression writes it.
    pub name: String,
    /// JSON of at most 200 characters, `missing`, or `<hidden>`.
    pub value: String,
}

/// Something that is wrong with the policies or with a test file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingResult {
    /// Its code, such as `V101`.
    pub code: String,
    /// Its name, such as `unknown-fixture`.
    pub name: String,
    /// What is wrong, in one line.
    pub message: String,
    /// Where.
    pub place: Span,
    /// How to mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// The JSON Schema of results.
pub fn results_schema() -> serde_json::Value {
    schemars::schema_for!(Results).to_value()
}
