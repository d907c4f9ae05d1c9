//! Reports as the results that are written: places as lines and columns, expressions by their texts.

use std::collections::BTreeSet;

use aigw_kinds::{Evaluation, Given, Program};
use aigw_source::{Finding, Sources};
use aigw_testkit::results::{
    CaseResult, CaseStatus, EvaluationResult, FailureResult, FindingResult, RESULTS_VERSION, Results, RunStatus, SawResult, Span,
    Summary, TraceResult,
};
use aigw_testkit::{Case, Failure, Report, Trace};

use super::session::{Faults, Session};
use crate::exit::Exit;

/// The results of a run. `left_out` is the number of cases that were not chosen.
pub(crate) fn results(session: &Session, cases: &[&Case], reports: &[Report], orphans: Vec<String>) -> Results {
    let results: Vec<CaseResult> = cases.iter().zip(reports).map(|(case, report)| of_case(session, case, report)).collect();
    let failed = reports.iter().filter(|report| !report.passed()).count();
    let suites: BTreeSet<&str> = cases.iter().map(|case| case.suite.as_str()).collect();
    let summary = Summary {
        suites: count(suites.len()),
        cases: count(cases.len()),
        passed: count(reports.len().saturating_sub(failed)),
        failed: count(failed),
        left_out: count(session.suites.cases.len().saturating_sub(cases.len())),
        requests: reports.iter().map(|report| report.requests).sum(),
        virtual_ms: reports.iter().map(|report| report.elapsed.as_millis()).fold(0, u64::saturating_add),
    };
    let status = if failed == 0 && orphans.is_empty() { RunStatus::Passed } else { RunStatus::Failed };
    Results {
        version: RESULTS_VERSION,
        status,
        seed: session.settings.seed,
        summary,
        cases: results,
        orphans,
        findings: Vec::new(),
        mutation: None,
    }
}

/// The results where nothing ran, since something is wrong with the policies or the tests.
pub(super) fn of_faults(faults: &Faults, seed: u64) -> Results {
    let status = if faults.exit == Exit::NotCompiled { RunStatus::NotCompiled } else { RunStatus::Invalid };
    let findings = faults.findings.iter().map(|finding| of_finding(&faults.sources, finding)).collect();
    Results { findings, ..nothing(status, seed) }
}

/// The results where there was nothing to run.
pub(super) fn of_no_test(seed: u64, left_out: usize) -> Results {
    let summary = Summary { left_out: count(left_out), ..Summary::default() };
    Results { summary, ..nothing(RunStatus::NoTest, seed) }
}

fn nothing(status: RunStatus, seed: u64) -> Results {
    Results {
        version: RESULTS_VERSION,
        status,
        seed,
        summary: Summary::default(),
        cases: Vec::new(),
        orphans: Vec::new(),
        findings: Vec::new(),
        mutation: None,
    }
}

fn of_case(session: &Session, case: &Case, report: &Report) -> CaseResult {
    let sources = &session.suites.sources;
    CaseResult {
        suite: case.suite.clone(),
        name: case.name.clone(),
        place: of_span(sources, case.place),
        status: if report.passed() { CaseStatus::Passed } else { CaseStatus::Failed },
        requests: report.requests,
        virtual_ms: report.elapsed.as_millis(),
        failures: report.failures.iter().map(|failure| of_failure(sources, failure)).collect(),
        traces: report.traces.iter().map(|trace| of_trace(&session.program, trace)).collect(),
    }
}

fn of_failure(sources: &Sources, failure: &Failure) -> FailureResult {
    FailureResult {
        kind: failure.kind,
        message: failure.message.clone(),
        place: of_span(sources, failure.place),
        expected: failure.expected.clone(),
        came: failure.came.clone(),
        diff: failure.diff.clone(),
        trace: failure.trace,
    }
}

fn of_trace(program: &Program, trace: &Trace) -> TraceResult {
    TraceResult {
        step: trace.step,
        number: trace.number,
        request: trace.request.clone(),
        record: trace.record.clone(),
        evaluations: trace.evaluations.iter().filter_map(|evaluation| of_evaluation(program, evaluation)).collect(),
        calls: trace.calls.clone(),
    }
}

fn of_evaluation(program: &Program, evaluation: &Evaluation) -> Option<EvaluationResult> {
    let plan = evaluation.id.of(program)?;
    let (gave, failed) = match &evaluation.gave {
        Given::Bool(value) => (Some(value.to_string()), None),
        Given::Text(text) => (Some(text.as_deref().map_or_else(missing, as_json)), None),
        Given::Json(json) => (Some(json.clone().unwrap_or_else(missing)), None),
        Given::Failed(why) => (None, Some(why.clone())),
    };
    let saw = evaluation.saw.iter().map(|(name, value)| SawResult { name: name.clone(), value: value.clone() }).collect();
    let place = plan.place;
    let file = usize::try_from(place.0).ok().and_then(|index| program.files.get(index)).map_or("", String::as_str);
    let at = format!("{file}:{}:{}", place.1, place.2);
    Some(EvaluationResult { expression: plan.text.clone(), at, gave, failed, saw })
}

fn missing() -> String {
    "missing".to_owned()
}

/// A text as JSON; what is hidden is not one.
fn as_json(text: &str) -> String {
    if text == aigw_expr::HIDDEN { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

fn of_finding(sources: &Sources, finding: &Finding) -> FindingResult {
    FindingResult {
        code: finding.rule.code.to_owned(),
        name: finding.rule.name.to_owned(),
        message: finding.message.clone(),
        place: of_span(sources, finding.primary.span),
        help: finding.help.clone(),
    }
}

fn of_span(sources: &Sources, span: aigw_source::Span) -> Span {
    let (start, end) = (sources.position(span.file, span.start), sources.position(span.file, span.end));
    Span {
        file: sources.file(span.file).path.clone(),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        byte: span.start,
        end_byte: span.end,
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
