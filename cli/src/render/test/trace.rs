//! The decisions about one request, for people: who decided, where that stands, what was seen, and what was sent.

use aigw_core::{AttemptOutcome, Outcome, SkipReason, Verdict};
use aigw_testkit::results::{CaseResult, EvaluationResult, TraceResult};

use super::one_line;
use crate::render::paint::Paint;

/// Most lines of one part.
const MAX_LINES: usize = 30;

/// Rows of columns below a heading.
struct Part {
    heading: &'static str,
    rows: Vec<Vec<String>>,
}

pub(super) fn render(trace: &TraceResult, case: &CaseResult, paint: Paint) -> String {
    let which = if case.requests > 1 { format!("request {} of step {}: ", trace.number, trace.step) } else { String::new() };
    let mut out = format!("  {which}{}\n", paint.bold(&one_line(&trace.request)));
    out += &format!("  {}\n", ending(trace));
    for part in [facts(trace), decisions(trace), limits(trace), expressions(trace), targets(trace), calls(trace)] {
        out += &part.written(paint);
    }
    out + "\n"
}

/// How the request ended, in a line.
fn ending(trace: &TraceResult) -> String {
    let record = &trace.record;
    let status = if record.status == 0 { "no answer".to_owned() } else { record.status.to_string() };
    let code = record.code.map(|code| format!(" {}", code.as_str())).unwrap_or_default();
    let outcome = match record.outcome {
        Outcome::Completed => "completed",
        Outcome::Refused => "refused by a policy or a bound",
        Outcome::Failed => "failed at or behind a target",
        Outcome::Cancelled => "the client left first",
    };
    format!("{status}{code}, {outcome}")
}

fn facts(trace: &TraceResult) -> Part {
    let record = &trace.record;
    let row = |name: &str, value: Option<&str>, at: Option<&str>| {
        value.map(|value| vec![name.to_owned(), value.to_owned(), at.unwrap_or_default().to_owned()])
    };
    let usage = record.usage.map(|usage| {
        let part = |count: Option<u64>, what: &str| count.map(|count| format!("{count} {what}"));
        let parts = [part(usage.input_tokens, "in"), part(usage.output_tokens, "out")];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    });
    let rows = [
        row("route", record.route.as_deref(), record.route_at.as_deref()),
        row("consumer", record.consumer.as_deref(), None),
        row("model", record.model.as_deref(), None),
        row("tokens", usage.as_deref(), None),
    ];
    Part { heading: "reached", rows: rows.into_iter().flatten().collect() }
}

fn decisions(trace: &TraceResult) -> Part {
    let rows = trace.record.policies.iter().map(|verdict| {
        let name = match &verdict.rule {
            Some(rule) => format!("{}/{rule}", verdict.policy),
            None => verdict.policy.to_string(),
        };
        let word = match verdict.verdict {
            Verdict::Allowed => "allowed",
            Verdict::Refused => "refused",
            Verdict::Changed => "changed",
            Verdict::Passed => "passed",
        };
        let word = if verdict.shadow { format!("{word} (shadow)") } else { word.to_owned() };
        vec![verdict.phase.to_string(), name, word, verdict.at.to_string(), verdict.note.clone().unwrap_or_default()]
    });
    Part { heading: "decisions", rows: rows.collect() }
}

fn limits(trace: &TraceResult) -> Part {
    let rows = trace.record.limits.iter().map(|state| {
        let shadow = if state.shadow { " (shadow)" } else { "" };
        vec![state.limit.to_string(), format!("{} remain{shadow}", state.remaining)]
    });
    Part { heading: "limits", rows: rows.collect() }
}

fn expressions(trace: &TraceResult) -> Part {
    let rows = trace.evaluations.iter().map(|evaluation| vec![evaluation.at.clone(), told(evaluation)]);
    Part { heading: "expressions", rows: rows.collect() }
}

fn told(evaluation: &EvaluationResult) -> String {
    let gave = match (&evaluation.gave, &evaluation.failed) {
        (_, Some(why)) => format!("failed: {why}"),
        (Some(gave), None) => format!("gave {gave}"),
        (None, None) => String::new(),
    };
    let saw: Vec<String> = evaluation.saw.iter().map(|saw| format!("{} = {}", saw.name, saw.value)).collect();
    let saw = if saw.is_empty() { String::new() } else { format!("; saw {}", saw.join(", ")) };
    one_line(&format!("{} {gave}{saw}", evaluation.expression))
}

fn targets(trace: &TraceResult) -> Part {
    let skipped = trace.record.skipped.iter().map(|skipped| {
        let note = skipped.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
        vec![skipped.target.to_string(), format!("passed over: {}{note}", skip_reason(skipped.reason))]
    });
    let attempts = trace.record.attempts.iter().map(|attempt| {
        let status = attempt.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        let outcome = match attempt.outcome {
            AttemptOutcome::Served => "served",
            AttemptOutcome::Retried => "retried elsewhere or later",
            AttemptOutcome::Failed => "its failure went to the client",
            AttemptOutcome::Cancelled => "the client left",
        };
        let reason = attempt.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        vec![attempt.target.to_string(), format!("{status}, {outcome}{reason}")]
    });
    Part { heading: "targets", rows: skipped.chain(attempts).collect() }
}

const fn skip_reason(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::WhenFalse => "its `when` does not hold",
        SkipReason::WhenFailed => "its `when` could not be told",
        SkipReason::SecretMissing => "its secret has no value",
        SkipReason::TokenMissing => "there is no token of its managed identity",
        SkipReason::TenantRequires => "it lacks a label that the caller's tenant requires",
        SkipReason::CoolingDown => "it asked to be left alone",
        SkipReason::RetryBudget => "its provider's retry budget is spent",
        SkipReason::TimeSpent => "the request would have ended before its pause",
        SkipReason::Unsendable => "no request can be written for it",
    }
}

fn calls(trace: &TraceResult) -> Part {
    Part { heading: "sent", rows: trace.calls.iter().map(|call| vec![call.clone()]).collect() }
}

impl Part {
    /// The heading, and below it the rows with their columns aligned.
    fn written(&self, paint: Paint) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let mut widths: Vec<usize> = Vec::new();
        for row in self.rows.iter().take(MAX_LINES) {
            for (column, cell) in row.iter().enumerate() {
                let width = cell.chars().count();
                match widths.get_mut(column) {
                    Some(widest) => *widest = width.max(*widest),
                    None => widths.push(width),
                }
            }
        }
        let mut out = format!("    {}\n", paint.dim(self.heading));
        for row in self.rows.iter().take(MAX_LINES) {
            let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{:width$}", one_line(cell))).collect();
            out += &format!("      {}\n", cells.join("  ").trim_end());
        }
        if let Some(more) = self.rows.len().checked_sub(MAX_LINES).filter(|more| *more > 0) {
            out += &format!("      and {more} more; `--format json` has all of them\n");
        }
        out
    }
}
