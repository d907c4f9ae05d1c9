//! Files of snapshots: those that there are, those that `--update-snapshots` writes, those that nobody takes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path};

use aigw_source::Limits;
use aigw_testkit::{FailureKind, Report};

use super::execute;
use super::pool::Pool;
use super::session::{Files, Session};
use crate::exit::Stop;
use crate::output::write_file;

/// The folder beside a suite.
const FOLDER: &str = "__snapshots__";

/// The snapshots among these files, by their paths.
pub(super) fn stored(files: &Files) -> BTreeMap<String, String> {
    let of_snapshots = files.iter().filter(|(path, _)| is_snapshot(path));
    of_snapshots.filter_map(|(path, bytes)| Some((path.clone(), String::from_utf8(bytes.clone()).ok()?))).collect()
}

/// Whether a path is that of a snapshot.
fn is_snapshot(path: &str) -> bool {
    let mut steps = path.rsplit('/');
    steps.next().is_some_and(|name| name.ends_with(".json")) && steps.next() == Some(FOLDER)
}

/// Snapshots that are stored and that no case takes.
pub(super) fn orphans(session: &Session) -> Vec<String> {
    let taken: BTreeSet<String> = session.suites.cases.iter().flat_map(aigw_testkit::Case::snapshots).collect();
    session.settings.snapshots.keys().filter(|path| !taken.contains(*path)).cloned().collect()
}

/// What an update did.
#[derive(Debug, Default)]
pub(super) struct Updated {
    /// Files that were written.
    pub(super) written: Vec<String>,
    /// Files that were removed, since no case takes them.
    pub(super) removed: Vec<String>,
}

/// A snapshot is a decision that somebody looks at before it is committed, so that continuous integration makes none.
pub(super) fn refuse_in_ci() -> Result<(), Stop> {
    let in_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false" && value != "0");
    if !in_ci {
        return Ok(());
    }
    Err(Stop::usage("`--update-snapshots` writes nothing in continuous integration, and `CI` is set")
        .help("run it where you work, look at what changed, and commit it"))
}

/// Takes the snapshots that are new or changed of these cases, runs them again by what was taken, and writes what holds then. A case that fails
/// for another reason keeps the snapshots it has.
pub(super) fn update(
    session: &mut Session,
    chosen: &[usize],
    reports: &mut [Report],
    pool: &Pool,
    root: &Path,
) -> Result<Updated, Stop> {
    let before = session.settings.snapshots.clone();
    let mut positions = Vec::new();
    for (position, report) in reports.iter().enumerate() {
        let only_snapshots = report.failures.iter().all(|failure| is_of_snapshots(failure.kind));
        if report.passed() || !only_snapshots {
            continue;
        }
        positions.push(position);
        for snapshot in report.snapshots.iter().filter(|snapshot| !snapshot.same) {
            // Of several requests that take one snapshot the first counts; where another differs, it fails in the second run, and nothing is written.
            let stored = session.settings.snapshots.entry(snapshot.path.clone()).or_default();
            if before.get(&snapshot.path).map_or("", String::as_str) == stored.as_str() {
                stored.clone_from(&snapshot.text);
            }
        }
    }
    let again: Vec<usize> = positions.iter().filter_map(|position| chosen.get(*position).copied()).collect();
    for (position, report) in positions.into_iter().zip(execute::run(session, &again, pool)?) {
        if let Some(slot) = reports.get_mut(position) {
            *slot = report;
        }
    }
    let disputed: BTreeSet<&str> = reports.iter().flat_map(differing).collect();
    let mut updated = Updated::default();
    for (path, text) in &session.settings.snapshots {
        if before.get(path) != Some(text) && !disputed.contains(path.as_str()) {
            write(root, path, text)?;
            updated.written.push(path.clone());
        }
    }
    Ok(updated)
}

/// Removes snapshots that no case takes.
pub(super) fn remove(root: &Path, orphans: Vec<String>, updated: &mut Updated) -> Result<(), Stop> {
    for path in orphans {
        let file = root.join(&path);
        fs::remove_file(&file).map_err(|error| Stop::usage(format!("`{}` cannot be removed: {error}", file.display())))?;
        updated.removed.push(path);
    }
    Ok(())
}

fn is_of_snapshots(kind: FailureKind) -> bool {
    matches!(kind, FailureKind::NewSnapshot | FailureKind::Snapshot)
}

fn differing(report: &Report) -> impl Iterator<Item = &str> {
    report.snapshots.iter().filter(|snapshot| !snapshot.same).map(|snapshot| snapshot.path.as_str())
}

/// Writes a snapshot where it belongs: below the policy folder, whatever its name and whatever links there are.
fn write(root: &Path, path: &str, text: &str) -> Result<(), Stop> {
    let fault = |why: String| Stop::usage(format!("the snapshot `{path}` cannot be written: {why}"));
    if !is_snapshot(path) || Path::new(path).components().any(|step| !matches!(step, Component::Normal(_))) {
        return Err(fault("its name leads out of its folder".to_owned()));
    }
    let most = Limits::default().file_bytes;
    if text.len() > most {
        return Err(fault(format!("it has {} bytes, and a file has at most {most}", text.len()))
            .help("take a snapshot of a part: `body` or `sent.body`"));
    }
    let file = root.join(path);
    let folder = file.parent().unwrap_or(root);
    fs::create_dir_all(folder).map_err(|error| fault(error.to_string()))?;
    let real = folder.canonicalize().map_err(|error| fault(error.to_string()))?;
    if !real.starts_with(root) {
        return Err(fault("a link leads out of the policy folder".to_owned()));
    }
    write_file(&file, text.as_bytes())
}
