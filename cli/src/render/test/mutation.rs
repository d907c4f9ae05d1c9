//! What came of mutants: each that no case noticed at its source line, then how many there are of each kind.

use aigw_testkit::mutation::{Counts, KindCount, MutationReport, Tried};

use super::Shown;
use crate::render::github::{data, property};
use crate::render::paint::Paint;
use crate::render::text::{Remark, remark};

/// For people. Nothing where it was not asked for.
pub(super) fn pretty(shown: &Shown<'_>, colored: bool) -> String {
    let Some(report) = &shown.results.mutation else { return String::new() };
    let mut out = String::from("\n");
    for survivor in report.survivors().take(shown.most_findings) {
        out += &drawn(survivor, colored);
        out += "\n\n";
    }
    if report.counts.survived() > shown.most_findings {
        out += &format!("and {} more; `--max-findings` shows more of them\n\n", report.counts.survived() - shown.most_findings);
    }
    format!("{out}{}{}", kinds(report), summary(report, Paint { colored }))
}

/// As annotations, at the lines of the policies.
pub(super) fn github(shown: &Shown<'_>) -> String {
    let survivors = shown.results.mutation.iter().flat_map(MutationReport::survivors);
    let annotation = |survivor: &Tried| {
        let file = property(&format!("{}{}", shown.base, survivor.file));
        let message = data(&format!("{}\n{}", title(survivor), survivor.kind.help()));
        let (line, column, kind) = (survivor.line, survivor.column, survivor.kind.as_str());
        format!("::warning file={file},line={line},col={column},title={kind}::{message}\n")
    };
    survivors.map(annotation).collect()
}

fn drawn(survivor: &Tried, colored: bool) -> String {
    let reached = match survivor.cases {
        Some(0) | None => "no case sends a request that this could matter to".to_owned(),
        Some(1) => "1 case sends requests that this could matter to, and passes".to_owned(),
        Some(many) => format!("{many} cases send requests that this could matter to, and pass"),
    };
    remark(
        &Remark {
            title: &title(survivor),
            path: &survivor.file,
            line: survivor.line,
            text: &survivor.text,
            columns: (survivor.column, survivor.end_column),
            label: &format!("{} is noticed by no case", survivor.kind.deed()),
            notes: &[("note", &reached), ("help", survivor.kind.help())],
        },
        colored,
    )
}

fn title(survivor: &Tried) -> String {
    format!("no case notices that {}", survivor.name)
}

/// A line a kind.
fn kinds(report: &MutationReport) -> String {
    let width = report.kinds.iter().map(|kind| kind.kind.as_str().len()).max().unwrap_or(0);
    let line = |kind: &KindCount| {
        let counts = &kind.counts;
        format!("  {:width$}  {} of {} noticed{}\n", kind.kind.as_str(), counts.noticed, counts.valid(), invalid(counts))
    };
    report.kinds.iter().map(line).collect()
}

fn invalid(counts: &Counts) -> String {
    if counts.invalid > 0 { format!(", {} not loadable", counts.invalid) } else { String::new() }
}

fn summary(report: &MutationReport, paint: Paint) -> String {
    let counts = &report.counts;
    let tried = report.mutants.len();
    let mut parts = vec![format!("{} noticed", counts.noticed)];
    if counts.survived() > 0 {
        parts.push(paint.bold_red(&format!("{} noticed by no case", counts.survived())));
    }
    if counts.unreached > 0 {
        parts.push(format!("{} of them reached by none", counts.unreached));
    }
    parts.extend((counts.invalid > 0).then(|| format!("{} not loadable", counts.invalid)));
    let score = report.score.map(|score| format!("; {score}")).unwrap_or_default();
    let left_out = match report.left_out {
        0 => String::new(),
        left_out => format!("; {tried} of {} were tried, drawn by seed {}", tried.saturating_add(left_out), report.seed),
    };
    let changes = if tried == 1 { "change" } else { "changes" };
    format!("{tried} {changes}: {}{score}{left_out}\n", parts.join(", "))
}
