//! What came of tests, as text that people and machines read: one small file a format. All of them write the same results.

mod github;
mod junit;
mod mutation;
mod pretty;
mod tap;
mod trace;

#[cfg(test)]
mod tests;

use aigw_source::{Finding, Sources};
use aigw_testkit::results::{CaseResult, CaseStatus, FailureResult, FindingResult, Results, Span};

use crate::exit::Stop;
use crate::output::{Color, Target, TestFormat, print, write_file};

/// What is written.
#[derive(Clone, Copy)]
pub(crate) struct Shown<'a> {
    /// What came.
    pub(crate) results: &'a Results,
    /// The files that places are in.
    pub(crate) sources: &'a Sources,
    /// The findings of the results, for drawing them.
    pub(crate) findings: &'a [Finding],
    /// The command line that runs what has this name again.
    pub(crate) again: &'a dyn Fn(&str) -> String,
    /// What stands before the paths of annotations.
    pub(crate) base: &'a str,
    /// Whether pretty lists each case.
    pub(crate) every_case: bool,
    /// Most findings that pretty shows.
    pub(crate) most_findings: usize,
    /// Most failing cases that pretty explains.
    pub(crate) most_failures: usize,
}

/// Writes what came to every target.
pub(crate) fn write(shown: &Shown<'_>, targets: &[Target<TestFormat>], color: Color) -> Result<(), Stop> {
    for target in targets {
        match &target.file {
            Some(path) => write_file(path, render(shown, target.format, false).as_bytes())?,
            None => print(&render(shown, target.format, color.on_stdout()))?,
        }
    }
    Ok(())
}

/// Writes the failures of a part of a run where a person reads: they are what is waited for.
pub(crate) fn write_failures(shown: &Shown<'_>, targets: &[Target<TestFormat>], color: Color) -> Result<(), Stop> {
    if !targets.iter().any(is_read) {
        return Ok(());
    }
    print(&pretty::failures(shown, color.on_stdout()))
}

/// Writes what came to every target, without the failures where they were written already.
pub(crate) fn write_rest(shown: &Shown<'_>, targets: &[Target<TestFormat>], color: Color) -> Result<(), Stop> {
    let (read, rest): (Vec<_>, Vec<_>) = targets.iter().cloned().partition(is_read);
    if !read.is_empty() {
        print(&pretty::closing(shown, color.on_stdout()))?;
    }
    write(shown, &rest, color)
}

fn is_read(target: &Target<TestFormat>) -> bool {
    target.format == TestFormat::Pretty && target.file.is_none()
}

/// What came, in one format.
pub(crate) fn render(shown: &Shown<'_>, format: TestFormat, colored: bool) -> String {
    match format {
        TestFormat::Pretty => [pretty::render(shown, colored), mutation::pretty(shown, colored)].concat(),
        TestFormat::Json => json(shown.results),
        TestFormat::Junit => junit::render(shown.results),
        TestFormat::Github => [github::render(shown), mutation::github(shown)].concat(),
        TestFormat::Tap => tap::render(shown.results),
    }
}

fn json(results: &Results) -> String {
    // Results are made of texts, numbers and lists, which JSON has.
    serde_json::to_string_pretty(results).unwrap_or_default() + "\n"
}

/// `suite / case`, which is what `--run` takes.
fn full_name(case: &CaseResult) -> String {
    format!("{} / {}", case.suite, case.name)
}

/// A name within a line.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn failed(case: &CaseResult) -> bool {
    case.status == CaseStatus::Failed
}

/// `file:line:column`
fn at(place: &Span) -> String {
    format!("{}:{}:{}", place.file, place.line, place.column)
}

/// A failure in lines, for formats that have no source lines.
fn told(failure: &FailureResult) -> String {
    let mut lines = vec![failure.message.clone(), at(&failure.place)];
    lines.extend(failure.expected.iter().map(|text| format!("expected: {text}")));
    lines.extend(failure.came.iter().map(|text| format!("came: {text}")));
    lines.extend(failure.diff.clone());
    lines.join("\n")
}

/// A finding in lines.
fn told_finding(finding: &FindingResult) -> String {
    let help = finding.help.iter().map(|help| format!("help: {help}"));
    std::iter::once(at(&finding.place)).chain(help).collect::<Vec<_>>().join("\n")
}

/// What is said of a snapshot that nobody takes.
fn orphan(path: &str) -> String {
    format!("no case takes the snapshot `{path}`: delete it, or run with `--update-snapshots`, which does")
}
