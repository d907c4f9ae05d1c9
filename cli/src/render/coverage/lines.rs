//! Points by file and line.

use std::collections::BTreeMap;

use aigw_testkit::{CoverageReport, CoveredPoint};

/// The points of one line.
pub(super) type Line<'a> = Vec<&'a CoveredPoint>;

/// Files in the order of their paths, lines in their order.
pub(super) fn by_file(report: &CoverageReport) -> BTreeMap<&str, BTreeMap<u32, Line<'_>>> {
    let mut files: BTreeMap<&str, BTreeMap<u32, Line<'_>>> = BTreeMap::new();
    for point in &report.points {
        files.entry(&point.file).or_default().entry(point.line).or_default().push(point);
    }
    files
}

/// How often a line was met: the most that any of its points was.
pub(super) fn count(line: &Line<'_>) -> u64 {
    line.iter().map(|point| point.count).max().unwrap_or(0)
}
