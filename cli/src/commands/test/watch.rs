//! `--watch`: again whenever a file changes, what the change touches first.

mod changes;
mod order;

use std::collections::BTreeSet;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::time::Instant;

use aigw_testkit::results::Results;
use aigw_testkit::{Report, Subject};

use self::changes::Changes;
use self::order::{Last, Owners, Touched, phases};
use super::pool::Pool;
use super::session::{Files, Session};
use super::{Test, execute, published, snapshots, tell_time};
use crate::args::Globals;
use crate::exit::{Outcome, Stop};
use crate::output::{print, say, say_stop, targets_or_default};
use crate::render::test as render;
use crate::walk;

/// What stands for the file of parameters, which may be outside of the folder, among the folder's files.
const PARAMS: &str = "--params";

/// What is known of the run before.
#[derive(Default)]
struct Before {
    files: Option<Files>,
    last: Last,
}

/// Runs until the process is ended. What is wrong is said, and mended by the next change.
pub(super) fn run(test: &Test, globals: &Globals) -> Outcome {
    let mut changes = Changes::new(&test.path, test.params.as_deref());
    let mut before = Before::default();
    loop {
        if let Err(stop) = turn(test, globals, &mut before) {
            say_stop(&stop);
        }
        changes.wait();
    }
}

/// One run, where anything has changed.
fn turn(test: &Test, globals: &Globals, before: &mut Before) -> Result<(), Stop> {
    let began = Instant::now();
    let opening = test.opening(globals);
    let folder = opening.read().inspect_err(|_| before.files = None)?;
    let files = with_params(&folder, test.params.as_deref());
    let changed = before.files.as_ref().map_or_else(BTreeSet::new, |before| differing(before, &files));
    if before.files.is_some() && changed.is_empty() {
        return Ok(());
    }
    before.files = Some(files);
    clear_screen()?;
    let session = match opening.open(folder)? {
        Ok(session) => session,
        Err(faults) => {
            test.tell_faults(&faults, globals)?;
            return Ok(());
        }
    };
    let chosen = match test.chosen(&session) {
        Ok(chosen) => chosen,
        Err(stop) => return test.tell_no_test(&session, stop, globals).map(drop),
    };
    let results = phased(test, globals, &session, &chosen, &changed, &mut before.last)?;
    let targets = targets_or_default(&test.format);
    test.shown(&results, &session.suites.sources, &[], globals, |shown| render::write_rest(shown, &targets, globals.color))?;
    tell_time(began, globals);
    if !globals.quiet {
        say(&format!("watching `{}`", test.path.display()));
    }
    Ok(())
}

/// Runs the cases in the order of what changed, and shows what failed as soon as it is known. The results are in the order of files.
fn phased(
    test: &Test,
    globals: &Globals,
    session: &Session,
    chosen: &[usize],
    changed: &BTreeSet<String>,
    last: &mut Last,
) -> Result<Results, Stop> {
    let pool = Pool::new(test.jobs, globals.quiet);
    let owners = Owners::of(&session.program);
    let mut reports: Vec<(usize, Report)> = Vec::new();
    for phase in phases(&session.suites.cases, chosen, changed, last) {
        let cases = execute::cases(session, &phase);
        let subject = || Subject::new(&session.program);
        let ran = pool.map(&cases, subject, |subject, case| {
            let mut touched = Touched::new(&owners);
            (aigw_testkit::run(case, subject, &session.settings, &mut touched), touched.files)
        })?;
        let (found, touched): (Vec<Report>, Vec<BTreeSet<String>>) = ran.into_iter().unzip();
        let found = execute::finished(session, &cases, found, &pool)?;
        for ((case, report), touched) in cases.iter().zip(&found).zip(touched) {
            last.remember(case, report.passed(), touched);
        }
        let results = published::results(session, &cases, &found, Vec::new());
        let targets = targets_or_default(&test.format);
        test.shown(&results, &session.suites.sources, &[], globals, |shown| {
            render::write_failures(shown, &targets, globals.color)
        })?;
        reports.extend(phase.into_iter().zip(found));
    }
    reports.sort_by_key(|(index, _)| *index);
    let reports: Vec<Report> = reports.into_iter().map(|(_, report)| report).collect();
    let orphans = if test.run.is_empty() { snapshots::orphans(session) } else { Vec::new() };
    Ok(published::results(session, &execute::cases(session, chosen), &reports, orphans))
}

fn with_params(folder: &walk::Folder, params: Option<&Path>) -> Files {
    let mut files = folder.files.clone();
    if let Some(bytes) = params.and_then(|path| std::fs::read(path).ok()) {
        files.insert(PARAMS.to_owned(), bytes);
    }
    files
}

/// The files that were written, are new, or are gone.
fn differing(before: &Files, now: &Files) -> BTreeSet<String> {
    let written = now.iter().filter(|(path, bytes)| before.get(*path) != Some(*bytes)).map(|(path, _)| path);
    let gone = before.keys().filter(|path| !now.contains_key(*path));
    written.chain(gone).cloned().collect()
}

/// On a terminal each run begins on an empty screen; anywhere else the runs stand below one another.
fn clear_screen() -> Result<(), Stop> {
    if io::stdout().is_terminal() { print("\x1b[2J\x1b[3J\x1b[H") } else { Ok(()) }
}
