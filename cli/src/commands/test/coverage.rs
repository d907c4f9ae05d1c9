//! `aigw test --coverage`: what the cases reached, written in every format that was asked for, and whether it is enough.

mod git;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use aigw_compile::Compiled;
use aigw_core::Share;
use aigw_testkit::{Changes, Coverage, CoverageReport, Report, Subject};
use clap::Args;

use super::execute;
use super::pool::Pool;
use super::session::Session;
use crate::exit::{Exit, Outcome, Stop};
use crate::output::{Color, CoverageFormat, Target, TestFormat, print, say, write_file};
use crate::render::coverage::{Shown, render};

/// Arguments about coverage.
#[derive(Debug, Args)]
pub(crate) struct CoverageArgs {
    /// Count what the cases reach; may be given several times
    #[arg(
        long,
        value_name = "FORMAT[:FILE]",
        num_args = 0..=1,
        default_missing_value = "text",
        conflicts_with = "watch",
        help = "Count what the cases reach: text, json, lcov or html, with `:FILE` to write a file; text where none is named; several at once"
    )]
    coverage: Vec<Target<CoverageFormat>>,
    /// End with 6 where less than this share was reached, such as `90%`; counts coverage also without `--coverage`
    #[arg(long, value_name = "SHARE", conflicts_with = "watch")]
    fail_under: Option<Share>,
    /// Count only what changed since this git revision, such as `origin/main`; counts coverage also without `--coverage`
    #[arg(long, value_name = "REVISION", conflicts_with = "watch", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    changed_since: Option<String>,
}

/// What was counted, and of what.
pub(crate) struct Counted {
    coverage: Coverage,
    changes: Option<Changes>,
}

impl CoverageArgs {
    /// Whether coverage is counted.
    fn asked(&self) -> bool {
        !self.coverage.is_empty() || self.fail_under.is_some() || self.changed_since.is_some()
    }

    /// Where it goes: as text to standard output where nothing else is said.
    fn targets(&self) -> Vec<Target<CoverageFormat>> {
        match self.coverage.as_slice() {
            [] => vec![Target { format: CoverageFormat::Text, file: None }],
            asked => asked.to_vec(),
        }
    }

    /// Two things on standard output are one that no program reads.
    ///
    /// # Errors
    /// Where results or coverage are there for programs, and the other is there too.
    pub(crate) fn check(&self, results: &[Target<TestFormat>]) -> Result<(), Stop> {
        if !self.asked() {
            return Ok(());
        }
        let machines = |format| matches!(format, TestFormat::Json | TestFormat::Junit | TestFormat::Tap);
        let results: Vec<TestFormat> =
            results.iter().filter(|target| target.file.is_none()).map(|target| target.format).collect();
        let coverage: Vec<CoverageFormat> =
            self.targets().iter().filter(|target| target.file.is_none()).map(|target| target.format).collect();
        let (first, rest) = (coverage.first(), coverage.get(1..).unwrap_or_default());
        let read = coverage.iter().any(|format| *format != CoverageFormat::Text);
        let mixed = first.is_some() && (results.iter().any(|format| machines(*format)) || read && !results.is_empty());
        if mixed || read && !rest.is_empty() {
            let message = "results and coverage would be mixed on standard output";
            return Err(
                Stop::usage(message).help("give one of them a file: `--format junit:tests.xml`, `--coverage lcov:lcov.info`")
            );
        }
        Ok(())
    }

    /// Runs the cases of these numbers, and counts what they reach where that was asked for.
    ///
    /// # Errors
    /// Where git does not tell what changed, or the run breaks.
    pub(crate) fn run(
        &self,
        session: &Session,
        chosen: &[usize],
        pool: &Pool,
        path: &Path,
    ) -> Result<(Vec<Report>, Option<Counted>), Stop> {
        if !self.asked() {
            return Ok((execute::run(session, chosen, pool)?, None));
        }
        let changes = self.changed_since.as_deref().map(|revision| changes(revision, path, &session.compiled)).transpose()?;
        let (reports, coverage) = run(session, chosen, pool)?;
        Ok((reports, Some(Counted { coverage, changes })))
    }

    /// Writes what was counted, and tells whether it is enough. `base` stands before the paths of policies, for readers that know the folder in which
    /// the verb was started.
    pub(crate) fn publish(&self, counted: Option<&Counted>, session: &Session, base: &str, color: Color) -> Outcome {
        let Some(counted) = counted else { return Ok(Exit::Fine) };
        let report = self.report(counted);
        let shown = Shown { report: &report, sources: &session.compiled.sources, base };
        for target in self.targets() {
            match &target.file {
                Some(path) => write_file(path, render(&shown, target.format, false).as_bytes())?,
                None => print(&render(&shown, target.format, color.on_stdout()))?,
            }
        }
        let Some(wanted) = self.fail_under.filter(|wanted| !report.total.meets(*wanted)) else { return Ok(Exit::Fine) };
        let total = report.total;
        say(&format!("error: {} of {} points were reached, less than {wanted}", total.covered, total.points));
        Ok(Exit::Threshold)
    }

    fn report(&self, counted: &Counted) -> CoverageReport {
        match &counted.changes {
            None => counted.coverage.report(),
            Some(changes) => CoverageReport { changed_since: self.changed_since.clone(), ..counted.coverage.report_of(changes) },
        }
    }
}

fn changes(revision: &str, path: &Path, compiled: &Compiled) -> Result<Changes, Stop> {
    let root = super::root(path)?;
    let folder = if root.is_dir() { root } else { root.parent().map(PathBuf::from).unwrap_or_default() };
    let lines = git::changed_lines(&folder, revision)?;
    Ok(Changes::new(lines, &compiled.repository, &compiled.sources))
}

/// A thread's own program and counts, which go to the others' when it ends.
struct Counting<'t> {
    subject: Subject,
    coverage: RefCell<Coverage>,
    total: &'t Mutex<Coverage>,
}

impl Drop for Counting<'_> {
    fn drop(&mut self) {
        self.total.lock().unwrap_or_else(PoisonError::into_inner).merge(&self.coverage.borrow());
    }
}

/// Everything is watched from the start: what is counted once must not be counted again.
fn run(session: &Session, chosen: &[usize], pool: &Pool) -> Result<(Vec<Report>, Coverage), Stop> {
    let cases = execute::cases(session, chosen);
    let empty = Coverage::of(&session.program);
    let total = Mutex::new(empty.clone());
    let counting =
        || Counting { subject: Subject::watched(&session.program), coverage: RefCell::new(empty.clone()), total: &total };
    let reports = pool.map(&cases, counting, |counting, case| {
        aigw_testkit::run(case, &counting.subject, &session.settings, &mut *counting.coverage.borrow_mut())
    })?;
    let reports = execute::finished(session, &cases, reports, pool)?;
    Ok((reports, total.into_inner().unwrap_or_else(PoisonError::into_inner)))
}
