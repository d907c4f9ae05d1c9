//! What was reached, for people: a line a kind, then what nothing reached, by name and place.

use aigw_testkit::{CoverageReport, Tally};

use super::{Shown, never};
use crate::render::paint::Paint;

/// Most points that are named: whoever has more begins with these.
const MAX_NAMED: usize = 50;

pub(super) fn render(shown: &Shown<'_>, colored: bool) -> String {
    let paint = Paint { colored };
    let report = shown.report;
    if report.total.points == 0 {
        return nothing(report);
    }
    let since = report.changed_since.as_ref().map_or_else(String::new, |revision| format!(" of what changed since {revision}"));
    let mut out = format!("{}\n", paint.bold(&format!("coverage{since}")));
    for kind in &report.kinds {
        out += &row(kind.kind.title(), &kind.tally, paint);
    }
    out += &row("all", &report.total, paint);
    let mut uncovered = report.uncovered().peekable();
    if uncovered.peek().is_some() {
        out += "\nnot covered:\n";
    }
    for point in uncovered.by_ref().take(MAX_NAMED) {
        let place = format!("{}{}:{}:{}", shown.base, point.file, point.line, point.column);
        out += &format!("  {}  {}\n", paint.dim(&place), never(point));
    }
    match uncovered.count() {
        0 => {}
        more => out += &format!("  and {more} more; `--coverage json` names every one\n"),
    }
    out + "\n"
}

fn nothing(report: &CoverageReport) -> String {
    match &report.changed_since {
        Some(revision) => format!("coverage: nothing that could be reached changed since {revision}\n\n"),
        None => "coverage: the policies have nothing that could be reached\n\n".to_owned(),
    }
}

fn row(title: &str, tally: &Tally, paint: Paint) -> String {
    let of = format!("{}/{}", tally.covered, tally.points);
    let percent = format!("{:>6.1}%", tally.percent);
    let percent = if tally.covered == tally.points { paint.green(&percent) } else { paint.red(&percent) };
    format!("  {title:<20}{of:>9}  {percent}\n")
}
