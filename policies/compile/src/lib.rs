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
use aigw_source::{Finding, Findings, Level, Limits, RuleId, Sources, Span, rules};

pub use content::{ContentError, bundle_members};
pub use structure::structure;

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
    let intake::Intake { sources, mut findings, mut documents, files, tests, skipped } = intake::take_in(input, limits);
    let partial = findings.iter().any(loses_documents);
    let allows = silence::collect(&sources, &documents, &mut findings);
    for document in &documents {
        findings.extend(aigw_source::traps(document));
    }
    let written = documents.len();
    let docs = structure::bind_all(std::mem::take(&mut documents), &mut findings);
    let partial = partial || docs.len() < written;
    let mut repository = Repository::new(docs, files);
    repository.partial = partial;
    repository.tests = tests;
    let program = aigw_kinds::lower(&repository, &sources, &mut findings);
    aigw_lint::run(&repository, &sources, &mut findings);
    let findings = bounded(silence::apply(findings, &allows), &sources);
    let program = program.filter(|_| !findings.has_errors());
    Compiled { sources, findings, repository, program, skipped }
}

/// Whether a document may be missing where this was found: every error of intake, but for those that leave a document's meaning clear.
fn loses_documents(finding: &Finding) -> bool {
    let clear = [rules::DUPLICATE_KEY, rules::YAML_TAG, rules::BAD_COMMENT];
    finding.level == Level::Error && !clear.contains(&finding.rule)
}

/// Most findings that are kept: a person reads tens of them, and what is said of a hostile folder stays small.
pub const MAX_FINDINGS: usize = 10_000;

/// More findings than are kept.
const TOO_MANY_FINDINGS: RuleId = RuleId { code: "C042", name: "too-many-findings" };

/// Sorts findings; of too many the first are kept, and one more says so.
fn bounded(mut findings: Findings, sources: &Sources) -> Findings {
    findings.sort(sources);
    let all = findings.len();
    if all <= MAX_FINDINGS {
        return findings;
    }
    let level = if findings.has_errors() { Level::Error } else { Level::Warning };
    let mut kept: Vec<Finding> = findings.into_iter().take(MAX_FINDINGS).collect();
    if let Some(last) = kept.last().map(Finding::span) {
        let message = format!("there are {all} findings, and the last {} are not kept", all - MAX_FINDINGS);
        let finding = Finding::new(level, TOO_MANY_FINDINGS, Span::point(last.file, last.start), message);
        kept.push(finding.help("mend the first ones"));
    }
    kept.into_iter().collect()
}

#[cfg(test)]
mod tests;
