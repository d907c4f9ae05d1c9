//! Cases, run: all of them the fast way, and once more with their expressions watched those that fail.

use aigw_testkit::{Case, Failure, FailureKind, Report, Subject, settle};

use super::pool::Pool;
use super::session::Session;
use crate::exit::Stop;

/// Most failing cases that keep their decisions, with what expressions saw in a second run. Nobody reads more, and both take time and memory.
const MAX_EXPLAINED: usize = 200;

/// Runs the cases of these numbers, and gives their reports in the same order. Rows of a matrix must stand together.
pub(crate) fn run(session: &Session, chosen: &[usize], pool: &Pool) -> Result<Vec<Report>, Stop> {
    let cases = cases(session, chosen);
    let subject = || Subject::new(&session.program);
    let reports = pool.map(&cases, subject, |subject, case| aigw_testkit::run(case, subject, &session.settings, &mut ()))?;
    finished(session, &cases, reports, pool)
}

/// The cases of these numbers.
pub(crate) fn cases<'s>(session: &'s Session, chosen: &[usize]) -> Vec<&'s Case> {
    chosen.iter().filter_map(|index| session.suites.cases.get(*index)).collect()
}

/// Reports with everything in them that takes more than one case, or a second run.
pub(super) fn finished(session: &Session, cases: &[&Case], reports: Vec<Report>, pool: &Pool) -> Result<Vec<Report>, Stop> {
    let mut reports = explained(session, cases, reports, pool)?;
    settle(cases, &mut reports);
    Ok(reports)
}

/// Runs those that failed once more, with their expressions watched, for traces that say what was seen.
fn explained(session: &Session, cases: &[&Case], mut reports: Vec<Report>, pool: &Pool) -> Result<Vec<Report>, Stop> {
    let failed = reports.iter_mut().enumerate().filter(|(_, report)| !report.passed());
    let mut failed: Vec<(usize, &mut Report)> = failed.collect();
    failed.iter_mut().skip(MAX_EXPLAINED).for_each(|(_, report)| forget_decisions(report));
    let failed: Vec<usize> = failed.into_iter().take(MAX_EXPLAINED).map(|(index, _)| index).collect();
    let again: Vec<&Case> = failed.iter().filter_map(|index| cases.get(*index).copied()).collect();
    let subject = || Subject::watched(&session.program);
    let watched = pool.map(&again, subject, |subject, case| aigw_testkit::run(case, subject, &session.settings, &mut ()))?;
    for ((index, case), watched) in failed.into_iter().zip(again).zip(watched) {
        if let Some(report) = reports.get_mut(index) {
            explain(case, report, watched);
        }
    }
    Ok(reports)
}

fn forget_decisions(report: &mut Report) {
    report.traces = Vec::new();
    report.failures.iter_mut().for_each(|failure| failure.trace = None);
}

fn explain(case: &Case, report: &mut Report, watched: Report) {
    if watched.failures == report.failures {
        report.traces = watched.traces;
        return;
    }
    let message = "a second run of this case came to something else: a bug of ours, please report it".to_owned();
    report.failures.push(Failure {
        kind: FailureKind::Broken,
        message,
        place: case.place,
        expected: None,
        came: None,
        diff: None,
        trace: None,
    });
}

#[cfg(test)]
mod tests;
