//! Findings as text that people and machines read: one small file a format.

mod concise;
pub(crate) mod coverage;
mod github;
mod json;
mod junit;
mod paint;
mod sarif;
pub(crate) mod test;
mod text;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use aigw_source::{Finding, Findings, Level, Sources};

use crate::exit::Stop;
use crate::output::{Color, Format, Target, print, write_file};

/// What is rendered: the findings of one run and what they point into.
#[derive(Clone, Copy)]
pub(crate) struct Report<'a> {
    /// The verb, for reports that name their tool's run.
    pub(crate) verb: &'static str,
    /// The files.
    pub(crate) sources: &'a Sources,
    /// What to show, sorted.
    pub(crate) findings: &'a [Finding],
    /// The most that formats for people show.
    pub(crate) most: usize,
}

impl Report<'_> {
    /// `file:line:column` of a finding.
    fn place(&self, finding: &Finding) -> String {
        let position = self.sources.position(finding.primary.span.file, finding.primary.span.start);
        format!("{}:{}:{}", self.path(finding), position.line, position.column)
    }

    fn path(&self, finding: &Finding) -> &str {
        &self.sources.file(finding.primary.span.file).path
    }

    fn summary(&self) -> String {
        let count = |level| self.findings.iter().filter(|finding| finding.level == level).count();
        let words = |number: usize, one: &str, many: &str| format!("{number} {}", if number == 1 { one } else { many });
        format!(
            "{}, {}, {}",
            words(count(Level::Error), "error", "errors"),
            words(count(Level::Warning), "warning", "warnings"),
            words(count(Level::Advice), "advice", "advices")
        )
    }
}

/// What a level is called everywhere.
pub(crate) const fn level_name(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Advice => "advice",
    }
}

/// Renders a report in one format.
pub(crate) fn render(report: &Report<'_>, format: Format, colored: bool) -> String {
    match format {
        Format::Pretty => text::render(report, colored),
        Format::Concise => concise::render(report),
        Format::Json => json::render(report),
        Format::Sarif => sarif::render(report),
        Format::Junit => junit::render(report),
        Format::Github => github::render(report),
    }
}

/// Renders a report to every target.
pub(crate) fn write(report: &Report<'_>, targets: &[Target], color: Color) -> Result<(), Stop> {
    for target in targets {
        match &target.file {
            Some(path) => write_file(path, render(report, target.format, false).as_bytes())?,
            None => print(&render(report, target.format, color.on_stdout()))?,
        }
    }
    Ok(())
}

/// Findings of at least this level, in their order.
pub(crate) fn at_least(findings: &Findings, level: Level) -> Vec<Finding> {
    findings.iter().filter(|finding| finding.level <= level).cloned().collect()
}

/// A number that stays the same when lines move: of the code, the file and the message, and how many of the same came before.
fn fingerprints(report: &Report<'_>) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    report
        .findings
        .iter()
        .map(|finding| {
            let text = format!("{}\n{}\n{}", finding.rule.code, report.path(finding), finding.message);
            let nth = seen.entry(text.clone()).or_default();
            *nth += 1;
            let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, format!("{text}\n{nth}").as_bytes());
            digest.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
        })
        .collect()
}
