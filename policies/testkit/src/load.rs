//! From files to cases: fixtures found, names resolved, everything that is wrong said at once.

mod answers;
mod case;
mod certificate;
mod domain;
mod expectation;
mod identity;
mod known;
mod matrix;
mod request;
mod setup;
mod shares;
mod shelf;
mod timeline;
mod upstream;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use aigw_kinds::Program;
use aigw_source::{Document, Finding, Findings, Level, Limits, RuleId, Sources, Span, nearest};

pub(crate) use self::answers::answers;
pub(crate) use self::expectation::snapshots;
use self::known::Known;
pub(crate) use self::request::set;
use self::shelf::Shelf;
use crate::documents::{self, Documents, Read};
use crate::plan::Case;
use crate::rules::{BAD_VALUE, DUPLICATE_CASE};
use crate::suite::{CaseSpec, SuiteSpec};

/// Most cases of one folder: beyond it a matrix multiplies what nobody meant.
const MAX_CASES: usize = 200_000;
/// Most names that a message lists.
const FEW: usize = 12;

/// The tests of a folder.
#[derive(Debug)]
pub struct Suites {
    /// Their files.
    pub sources: Sources,
    /// What is wrong with them, sorted. Where there are errors, the cases are those that could be made.
    pub findings: Findings,
    /// The cases, in the order of files and of what stands in them.
    pub cases: Vec<Case>,
    /// How many suites there are.
    pub suites: usize,
}

/// Reads and resolves the tests among these files against the program that they are about. Which files hold tests follows from their names.
pub fn load(files: &BTreeMap<String, Vec<u8>>, program: &Arc<Program>, limits: &Limits) -> Suites {
    load_most(files, program, limits, MAX_CASES)
}

/// The same, of at most so many cases.
fn load_most(files: &BTreeMap<String, Vec<u8>>, program: &Arc<Program>, limits: &Limits, most: usize) -> Suites {
    let Documents { sources, mut findings, suites, fixtures } = documents::read(files, limits);
    let known = Rc::new(Known::of(program));
    let shared: Vec<Rc<Shelf>> = fixtures.into_iter().map(|read| Rc::new(Shelf::shared(read, program, &mut findings))).collect();
    shelf::report_doubles(&shared, &mut findings);
    let count = suites.len();
    let mut cases = Vec::new();
    let mut names = BTreeMap::new();
    for suite in suites {
        let place = suite.document.locate("/metadata/name");
        if let Some(earlier) = names.insert(suite.name.clone(), place) {
            findings.push(duplicate("suites", &suite.name, place, earlier));
        }
        let room = most.saturating_sub(cases.len());
        cases.extend(Loader::new(suite, &shared, program, &known, &mut findings).cases(room, most));
    }
    // With files that could not be read, what seems unused may be used there.
    if !findings.has_errors() {
        for shelf in &shared {
            shelf.report_unused(&mut findings);
        }
    }
    let mut findings = without_doubles(findings);
    findings.sort(&sources);
    Suites { sources, findings, cases, suites: count }
}

/// What every row of a matrix would say again.
fn without_doubles(findings: Findings) -> Findings {
    let mut seen = BTreeSet::new();
    let new = |finding: &Finding| seen.insert((finding.rule.code, finding.span(), finding.message.clone()));
    findings.into_vec().into_iter().filter(new).collect()
}

fn duplicate(what: &str, name: &str, place: Span, earlier: Span) -> Finding {
    let message = format!("there are two {what} of the name `{name}`");
    Finding::error(DUPLICATE_CASE, place, message).label(earlier, "the other").help("give one of them another name")
}

/// What one suite is resolved with.
struct Loader<'l> {
    path: String,
    name: String,
    document: Arc<Document>,
    spec: SuiteSpec,
    own: Rc<Shelf>,
    shared: &'l [Rc<Shelf>],
    program: &'l Arc<Program>,
    known: Rc<Known>,
    findings: &'l mut Findings,
    /// How many errors there were before this suite.
    errors: usize,
    /// Where each snapshot of the suite stands.
    snapshots: BTreeMap<String, String>,
}

impl<'l> Loader<'l> {
    fn new(
        read: Read<SuiteSpec>,
        shared: &'l [Rc<Shelf>],
        program: &'l Arc<Program>,
        known: &Rc<Known>,
        findings: &'l mut Findings,
    ) -> Self {
        let Read { path, name, document, mut spec } = read;
        let document = Arc::new(document);
        let errors = findings.count(Level::Error);
        let own = Rc::new(Shelf::own(&path, &document, std::mem::take(&mut spec.fixtures), program, findings));
        let known = Rc::clone(known);
        Self { path, name, document, spec, own, shared, program, known, findings, errors, snapshots: BTreeMap::new() }
    }

    /// The cases of the suite, as many as there is room for among the `most` that there may be.
    fn cases(mut self, room: usize, most: usize) -> Vec<Case> {
        let specs = std::mem::take(&mut self.spec.cases);
        let mut names: BTreeMap<String, Span> = BTreeMap::new();
        let mut cases = Vec::new();
        for (index, spec) in specs.iter().enumerate() {
            let pointer = format!("/spec/cases/{index}");
            let name = self.name_of(spec, index, &pointer, &mut names);
            let more = self.case(spec, &name, &pointer);
            if cases.len().saturating_add(more.len()) > room {
                let message = format!("there are more than {most} cases");
                self.error(BAD_VALUE, &pointer, message, "make its matrix smaller, or test the folder in parts");
                break;
            }
            cases.extend(more);
        }
        // Where a case could not be made, what seems unused may be used there.
        if self.findings.count(Level::Error) == self.errors {
            self.own.report_unused(self.findings);
        }
        cases
    }

    fn name_of(&mut self, spec: &CaseSpec, index: usize, pointer: &str, names: &mut BTreeMap<String, Span>) -> String {
        let name = spec.name.clone().unwrap_or_else(|| format!("#{}", index.saturating_add(1)));
        let place = self.document.locate(pointer);
        if let Some(earlier) = names.insert(name.clone(), place) {
            self.findings.push(duplicate("cases", &name, place, earlier));
        }
        name
    }

    fn error(&mut self, rule: RuleId, pointer: &str, message: impl Into<String>, help: impl Into<String>) {
        self.findings.push(Finding::error(rule, self.document.locate(pointer), message).help(help));
    }
}

/// What was probably meant, or else what there is, or else what to do.
fn suggestion<'k>(name: &str, known: impl IntoIterator<Item = &'k String>, otherwise: &str) -> String {
    let known: Vec<&str> = known.into_iter().map(String::as_str).collect();
    match nearest(name, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if known.is_empty() || known.len() > FEW => otherwise.to_owned(),
        None => {
            let listed: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
            format!("there is {}; or {otherwise}", listed.join(", "))
        }
    }
}

/// A step of a JSON Pointer.
pub(crate) fn escape(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests;
