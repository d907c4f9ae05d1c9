//! What tests reached, as text that people and machines read: one small file a format.

mod html;
mod lcov;
mod lines;
mod text;

use aigw_source::Sources;
use aigw_testkit::{CoverageReport, CoveredPoint};

use crate::output::CoverageFormat;

/// What is shown.
#[derive(Clone, Copy)]
pub(crate) struct Shown<'a> {
    /// What was reached.
    pub(crate) report: &'a CoverageReport,
    /// The policies.
    pub(crate) sources: &'a Sources,
    /// What stands before the paths of policies.
    pub(crate) base: &'a str,
}

/// What was reached, in one format.
pub(crate) fn render(shown: &Shown<'_>, format: CoverageFormat, colored: bool) -> String {
    match format {
        CoverageFormat::Text => text::render(shown, colored),
        CoverageFormat::Json => json(shown.report),
        CoverageFormat::Lcov => lcov::render(shown),
        CoverageFormat::Html => html::render(shown),
    }
}

fn json(report: &CoverageReport) -> String {
    // The report is made of texts, numbers and lists, which JSON has.
    serde_json::to_string_pretty(report).unwrap_or_default() + "\n"
}

/// A point, and that it was never reached.
fn never(point: &CoveredPoint) -> String {
    format!("{} {}: {}", point.kind.word(), point.name, point.outcome.never())
}

#[cfg(test)]
pub(crate) mod tests;
