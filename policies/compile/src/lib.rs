//! Folder to program: bytes in, a [`Program`] or findings out, and the members that a bundle of it holds.
//!
//! Every file is read, every document judged, and everything that is wrong is said at once: structure by the JSON Schema of the document's kind,
//! then binding, then what the kinds check among each other, then the rules. It reads no file and knows no signature.

mod content;
mod intake;
mod silence;
mod structure;

use std::collections::BTreeMap;

use aigw_kinds::{Program, Repository};
use aigw_source::{Findings, Limits, Sources};

pub use content::{ContentError, bundle_members};

/// What is compiled.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// Contents by path, relative to the folder, with `/`.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Paths that whoever read the folder did not take in, and why: a link out of the folder, a device.
    pub refused: Vec<(String, String)>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The files.
    pub sources: Sources,
    /// Everything that is wrong, sorted.
    pub findings: Findings,
    /// The documents.
    pub repository: Repository,
    /// The program; `None` where any finding is an error.
    pub program: Option<Program>,
    /// Files and documents that are not ours, and why.
    pub skipped: Vec<(String, String)>,
}

/// Compiles a folder. Takes time and memory in proportion to its size, whatever is in it.
pub fn compile(input: Input, limits: &Limits) -> Compiled {
    let intake::Intake { sources, mut findings, mut documents, files, skipped } = intake::take_in(input, limits);
    let allows = silence::collect(&sources, &documents, &mut findings);
    for document in &documents {
        findings.extend(aigw_source::traps(document));
    }
    let docs = structure::bind_all(std::mem::take(&mut documents), &mut findings);
    let repository = Repository::new(docs, files);
    let program = aigw_kinds::lower(&repository, &sources, &mut findings);
    aigw_lint::run(&repository, &sources, &mut findings);
    let mut findings = silence::apply(findings, &allows);
    findings.sort(&sources);
    let program = program.filter(|_| !findings.has_errors());
    Compiled { sources, findings, repository, program, skipped }
}

#[cfg(test)]
mod tests;
