//! From files to cases: fixtures found, names resolved, everything that is wrong said at once.

mod answers;
mod case;
mod expectation;
mod matrix;
mod request;
mod upstream;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aigw_kinds::Program;
use aigw_source::{Document, Finding, Findings, Limits, RuleId, Sources, Span, nearest};
use indexmap::IndexMap;

pub(crate) use self::answers::answers;
pub(crate) use self::request::set;
use crate::documents::{self, Documents, Read};
use crate::plan::Case;
use crate::rules::{DUPLICATE_CASE, UNKNOWN_FIXTURE, UNUSED_FIXTURE};
use crate::suite::{AnswerSpec, FixturesSpec, IdentitySpec, RequestSpec, SuiteSpec};

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
    let Documents { sources, mut findings, suites, fixtures } = documents::read(files, limits);
    let shared: Vec<Shelf> = fixtures.into_iter().map(Shelf::shared).collect();
    let count = suites.len();
    let mut cases = Vec::new();
    let mut names = BTreeMap::new();
    for suite in suites {
        let place = suite.document.locate("/metadata/name");
        if let Some(earlier) = names.insert(suite.name.clone(), place) {
            let message = format!("there are two suites of the name `{}`", suite.name);
            findings.push(
                Finding::error(DUPLICATE_CASE, place, message).label(earlier, "the other").help("give one of them another name"),
            );
        }
        cases.extend(Loader::new(suite, &shared, program, &mut findings).cases());
    }
    // With files that could not be read, what seems unused may be used there.
    if !findings.has_errors() {
        for shelf in &shared {
            shelf.report_unused(&mut findings);
        }
    }
    findings.sort(&sources);
    Suites { sources, findings, cases, suites: count }
}

/// Fixtures of one document.
struct Shelf {
    /// The folder whose suites, and those below it, see them.
    folder: String,
    document: Arc<Document>,
    /// Where they stand in the document.
    pointer: &'static str,
    spec: FixturesSpec,
    used: std::cell::RefCell<BTreeSet<(Kind, String)>>,
}

/// Kinds of fixtures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Identity,
    Request,
    Upstream,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Request => "request",
            Self::Upstream => "answer",
        }
    }

    const fn member(self) -> &'static str {
        match self {
            Self::Identity => "identities",
            Self::Request => "requests",
            Self::Upstream => "upstreams",
        }
    }
}

impl Shelf {
    fn shared(read: Read<FixturesSpec>) -> Self {
        let folder = read.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let folder = folder.strip_suffix("fixtures").unwrap_or(folder).to_owned();
        Self { folder, document: Arc::new(read.document), pointer: "/spec", spec: read.spec, used: Default::default() }
    }

    fn names(&self) -> impl Iterator<Item = (Kind, &str)> {
        let identities = self.spec.identities.keys().map(|name| (Kind::Identity, name.as_str()));
        let requests = self.spec.requests.keys().map(|name| (Kind::Request, name.as_str()));
        identities.chain(requests).chain(self.spec.upstreams.keys().map(|name| (Kind::Upstream, name.as_str())))
    }

    fn report_unused(&self, findings: &mut Findings) {
        let used = self.used.borrow();
        for (kind, name) in self.names().filter(|(kind, name)| !used.contains(&(*kind, (*name).to_owned()))) {
            let place = self.document.locate_key(&format!("{}/{}/{}", self.pointer, kind.member(), escape(name)));
            let message = format!("no case uses the {} `{name}`", kind.word());
            findings.push(
                Finding::error(UNUSED_FIXTURE, place, message).help("use it, or take it out: what is not used proves nothing"),
            );
        }
    }
}

/// What one suite is resolved with.
struct Loader<'l> {
    path: String,
    name: String,
    document: Arc<Document>,
    spec: SuiteSpec,
    own: Shelf,
    shared: Vec<&'l Shelf>,
    program: &'l Arc<Program>,
    findings: &'l mut Findings,
}

impl<'l> Loader<'l> {
    fn new(read: Read<SuiteSpec>, shared: &'l [Shelf], program: &'l Arc<Program>, findings: &'l mut Findings) -> Self {
        let Read { path, name, document, mut spec } = read;
        let document = Arc::new(document);
        let own = Shelf {
            folder: String::new(),
            document: Arc::clone(&document),
            pointer: "/spec/fixtures",
            spec: std::mem::take(&mut spec.fixtures),
            used: Default::default(),
        };
        // The nearest folder's fixtures count first.
        let mut shared: Vec<&Shelf> = shared.iter().filter(|shelf| path.starts_with(&shelf.folder)).collect();
        shared.sort_by_key(|shelf| std::cmp::Reverse(shelf.folder.len()));
        Self { path, name, document, spec, own, shared, program, findings }
    }

    fn cases(mut self) -> Vec<Case> {
        let specs = std::mem::take(&mut self.spec.cases);
        let mut names: BTreeMap<String, Span> = BTreeMap::new();
        let mut cases = Vec::new();
        for (index, spec) in specs.iter().enumerate() {
            let pointer = format!("/spec/cases/{index}");
            let name = spec.name.clone().unwrap_or_else(|| format!("#{}", index + 1));
            let place = self.document.locate(&pointer);
            if let Some(earlier) = names.insert(name.clone(), place) {
                let message = format!("there are two cases of the name `{name}`");
                self.findings.push(
                    Finding::error(DUPLICATE_CASE, place, message)
                        .label(earlier, "the other")
                        .help("give one of them another name"),
                );
            }
            cases.extend(self.case(spec, &name, &pointer));
        }
        if !self.findings.has_errors() {
            self.own.report_unused(self.findings);
        }
        cases
    }

    fn error(&mut self, rule: RuleId, pointer: &str, message: impl Into<String>, help: impl Into<String>) {
        self.findings.push(Finding::error(rule, self.document.locate(pointer), message).help(help));
    }

    fn identity(&mut self, name: &str, pointer: &str) -> Option<IdentitySpec> {
        self.fixture(Kind::Identity, name, pointer, |spec| &spec.identities)
    }

    fn request(&mut self, name: &str, pointer: &str) -> Option<RequestSpec> {
        self.fixture(Kind::Request, name, pointer, |spec| &spec.requests)
    }

    fn answer(&mut self, name: &str, pointer: &str) -> Option<AnswerSpec> {
        self.fixture(Kind::Upstream, name, pointer, |spec| &spec.upstreams)
    }

    /// The fixture of that name: the suite's own, or one of the nearest folder that has it.
    fn fixture<S: Clone>(
        &mut self,
        kind: Kind,
        name: &str,
        pointer: &str,
        of: fn(&FixturesSpec) -> &IndexMap<String, S>,
    ) -> Option<S> {
        let shelves = || std::iter::once(&self.own).chain(self.shared.iter().copied());
        if let Some((shelf, found)) = shelves().find_map(|shelf| Some((shelf, of(&shelf.spec).get(name)?))) {
            shelf.used.borrow_mut().insert((kind, name.to_owned()));
            return Some(found.clone());
        }
        let known: Vec<&str> = shelves().flat_map(|shelf| of(&shelf.spec).keys().map(String::as_str)).collect();
        let help = suggestion(name, &known, &format!("declare it below `fixtures.{}`", kind.member()));
        let message = format!("there is no {} of the name `{name}`", kind.word());
        self.error(UNKNOWN_FIXTURE, pointer, message, help);
        None
    }
}

/// What was probably meant, or else what there is, or else what to do.
fn suggestion(name: &str, known: &[&str], otherwise: &str) -> String {
    match nearest(name, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if known.is_empty() || known.len() > 20 => otherwise.to_owned(),
        None => {
            format!("there is {}; or {otherwise}", known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
        }
    }
}

/// A step of a JSON Pointer.
pub(crate) fn escape(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}
