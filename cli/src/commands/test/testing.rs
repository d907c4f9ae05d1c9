//! A run over files in memory, for tests of what is made of it.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use aigw_source::{Finding, Sources};
use aigw_testkit::results::Results;

use super::pool::Pool;
use super::session::{Files, Opening};
use super::{execute, published, snapshots};
use crate::args::Globals;
use crate::output::Color;
use crate::walk::Folder;

/// What came of a run.
pub(crate) struct Ran {
    pub(crate) results: Results,
    pub(crate) sources: Sources,
    pub(crate) findings: Vec<Finding>,
}

/// Runs every case of these files.
pub(crate) fn ran(files: Files) -> Ran {
    let globals = Globals { color: Color::Never, quiet: true, verbose: false };
    let opening = Opening { path: Path::new("policies"), params: None, seed: 0, globals: &globals };
    let session = match opening.open(Folder { files, refused: Vec::new() }).unwrap() {
        Ok(session) => session,
        Err(faults) => {
            let results = published::of_faults(&faults, 0);
            return Ran { results, sources: faults.sources, findings: faults.findings };
        }
    };
    let chosen: Vec<usize> = (0..session.suites.cases.len()).collect();
    let results = if chosen.is_empty() {
        published::of_no_test(0, 0)
    } else {
        let reports = execute::run(&session, &chosen, &Pool::new(None, true)).unwrap();
        published::results(&session, &execute::cases(&session, &chosen), &reports, snapshots::orphans(&session))
    };
    Ran { results, sources: session.suites.sources, findings: Vec::new() }
}
