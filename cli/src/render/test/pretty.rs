//! What came of tests, for people: a line a suite; of a case that fails the expectation, what came, the decisions, and the command that runs it alone.

use std::collections::BTreeMap;

use aigw_source::Span;
use aigw_testkit::results::{CaseResult, FailureResult, Results, RunStatus};

use super::{Shown, at, failed, full_name, one_line, orphan, trace};
use crate::render::paint::Paint;
use crate::render::{Report, text};

/// Most lines of a difference that are shown: the ones that differ come with their neighbours.
const MAX_DIFF_LINES: usize = 60;
/// Lines around one that differs.
const NEIGHBOURS: usize = 3;

pub(super) fn render(shown: &Shown<'_>, colored: bool) -> String {
    match shown.results.status {
        // What there is to say of it is said on standard error.
        RunStatus::NoTest => String::new(),
        RunStatus::Invalid | RunStatus::NotCompiled => {
            let report = Report { verb: "test", sources: shown.sources, findings: shown.findings, most: shown.most_findings };
            text::render(&report, colored)
        }
        RunStatus::Passed | RunStatus::Failed => {
            let paint = Paint { colored };
            format!("{}\n{}{}", suites(shown, paint), failures(shown, colored), summary(shown.results, paint))
        }
    }
}

/// What stands below failures that were written before.
pub(super) fn closing(shown: &Shown<'_>, colored: bool) -> String {
    let paint = Paint { colored };
    format!("{}\n{}", suites(shown, paint), summary(shown.results, paint))
}

/// A line a suite; with all cases below where every case is listed.
fn suites(shown: &Shown<'_>, paint: Paint) -> String {
    let mut suites: Vec<(&CaseResult, Vec<&CaseResult>)> = Vec::new();
    for case in &shown.results.cases {
        match suites.last_mut() {
            Some((first, cases)) if first.suite == case.suite && first.place.file == case.place.file => cases.push(case),
            _ => suites.push((case, vec![case])),
        }
    }
    let width = suites.iter().map(|(first, _)| first.suite.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for (first, cases) in &suites {
        let bad = cases.iter().filter(|case| failed(case)).count();
        let word = word(bad > 0, paint);
        let count = if bad > 0 { format!("{bad} of {} failed", cases.len()) } else { format!("{} passed", cases.len()) };
        out += &format!("{word} {:width$}  {count}  {}\n", first.suite, paint.dim(&first.place.file));
        if shown.every_case {
            out += &cases.iter().map(|case| listed(case, paint)).collect::<String>();
        }
    }
    out
}

fn listed(case: &CaseResult, paint: Paint) -> String {
    let what = format!("({}, {})", counted(case.requests, "request"), duration(case.virtual_ms));
    format!("  {} {} {}\n", word(failed(case), paint), one_line(&case.name), paint.dim(&what))
}

fn word(failed: bool, paint: Paint) -> String {
    if failed { paint.bold_red("FAILED") } else { paint.green("ok    ") }
}

/// Everything about the cases that failed.
pub(super) fn failures(shown: &Shown<'_>, colored: bool) -> String {
    let paint = Paint { colored };
    let failed: Vec<&CaseResult> = shown.results.cases.iter().filter(|case| failed(case)).collect();
    let mut out: String = failed.iter().take(shown.most_failures).map(|case| explained(shown, case, paint)).collect();
    for case in failed.iter().skip(shown.most_failures) {
        out += &format!("{} {} {}\n", word(true, paint), one_line(&full_name(case)), paint.dim(&at(&case.place)));
    }
    if failed.len() > shown.most_failures {
        out += "`--max-failures` explains more of them\n\n";
    }
    out
}

fn explained(shown: &Shown<'_>, case: &CaseResult, paint: Paint) -> String {
    let mut out = format!("{} {}\n\n", word(true, paint), paint.bold(&one_line(&full_name(case))));
    let mut by_trace: BTreeMap<Option<usize>, Vec<&FailureResult>> = BTreeMap::new();
    for failure in &case.failures {
        by_trace.entry(failure.trace.filter(|index| case.traces.get(*index).is_some())).or_default().push(failure);
    }
    for (index, failures) in by_trace {
        out += &failures.iter().map(|failure| drawn(shown, failure, paint)).collect::<String>();
        if let Some(trace) = index.and_then(|index| case.traces.get(index)) {
            out += &trace::render(trace, case, paint);
        }
    }
    out += &format!("run it alone: {}\n\n", paint.bold(&(shown.again)(&full_name(case))));
    out
}

/// The expectation in its file, and what came instead.
fn drawn(shown: &Shown<'_>, failure: &FailureResult, paint: Paint) -> String {
    let notes: Vec<(&str, &str)> = [("expected", &failure.expected), ("came", &failure.came)]
        .into_iter()
        .filter_map(|(name, text)| Some((name, text.as_deref()?)))
        .collect();
    let file = shown.sources.find(&failure.place.file);
    let drawn = match file {
        Some(file) => {
            let span = Span::new(file, failure.place.byte, failure.place.end_byte);
            text::draw(shown.sources, span, &failure.message, &notes, paint.colored)
        }
        None => format!("error: {} ({})", failure.message, at(&failure.place)),
    };
    let difference = failure.diff.as_deref().map(|diff| difference(diff, paint)).unwrap_or_default();
    format!("{drawn}\n{difference}\n")
}

/// The lines that differ with their neighbours.
fn difference(diff: &str, paint: Paint) -> String {
    let lines: Vec<&str> = diff.lines().collect();
    let differs: Vec<usize> =
        lines.iter().enumerate().filter(|(_, line)| line.starts_with(['-', '+'])).map(|(index, _)| index).collect();
    let near = |index: usize| differs.iter().any(|at| at.abs_diff(index) <= NEIGHBOURS);
    let mut out = String::new();
    let (mut shown, mut gap) = (0, false);
    for (index, line) in lines.iter().enumerate() {
        if !near(index) || shown >= MAX_DIFF_LINES {
            gap = true;
            continue;
        }
        if std::mem::take(&mut gap) && shown > 0 {
            out += &paint.dim("    …\n");
        }
        shown += 1;
        let line = format!("    {line}");
        out += &match line.trim_start().chars().next() {
            Some('-') => paint.red(&line),
            Some('+') => paint.green(&line),
            _ => line,
        };
        out += "\n";
    }
    if differs.iter().any(|index| shown >= MAX_DIFF_LINES && *index >= MAX_DIFF_LINES) {
        out += &paint.dim("    … and more; `--format json` has all of it\n");
    }
    out
}

/// The last line, and what belongs to no case.
fn summary(results: &Results, paint: Paint) -> String {
    let mut out: String = results.orphans.iter().map(|path| format!("{} {}\n", word(true, paint), orphan(path))).collect();
    let summary = &results.summary;
    let mut parts = vec![format!("{} passed", summary.passed)];
    if summary.failed > 0 {
        parts.push(paint.bold_red(&format!("{} failed", summary.failed)));
    }
    if summary.left_out > 0 {
        parts.push(format!("{} left out by `--run`", summary.left_out));
    }
    if !results.orphans.is_empty() {
        parts.push(counted(u64::try_from(results.orphans.len()).unwrap_or(u64::MAX), "orphaned snapshot"));
    }
    let (requests, time) = (counted(summary.requests, "request"), duration(summary.virtual_ms));
    out += &format!("{}: {}; {requests} in {time} of virtual time\n", counted(summary.cases, "case"), parts.join(", "));
    out
}

fn counted(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// A duration by its two largest units.
fn duration(ms: u64) -> String {
    const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000), ("ms", 1)];
    let mut rest = ms;
    let mut parts = Vec::new();
    for (unit, size) in UNITS {
        let (count, left) = (rest / size, rest % size);
        rest = left;
        if count > 0 {
            parts.push(format!("{count} {unit}"));
        }
        if parts.len() == 2 {
            break;
        }
    }
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}
