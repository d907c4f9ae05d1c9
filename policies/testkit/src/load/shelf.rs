//! Fixtures of one document: checked where they stand, found by name, and whether anybody uses them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use aigw_kinds::Program;
use aigw_source::{Document, Finding, Findings, RuleId};
use indexmap::IndexMap;

use super::{Loader, duplicate, escape, identity, request, suggestion, upstream};
use crate::documents::Read;
use crate::plan::{Credential, Request};
use crate::rules::{UNKNOWN_FIXTURE, UNUSED_FIXTURE};
use crate::suite::{AnswerSpec, FixturesSpec, RequestSpec};

/// Fixtures of one document. `None` stands for one with a fault, which has been told.
pub(super) struct Shelf {
    /// The folder whose suites, and those below it, see them; with `/` at its end.
    folder: String,
    document: Arc<Document>,
    /// Where they stand in the document.
    pointer: &'static str,
    identities: IndexMap<String, Option<Option<Arc<Credential>>>>,
    requests: IndexMap<String, Option<RequestSpec>>,
    answers: IndexMap<String, Option<Arc<AnswerSpec>>>,
    /// Requests that were asked for, with all that they are made from.
    pub(super) made: RefCell<BTreeMap<String, Option<Arc<Request>>>>,
    used: RefCell<BTreeSet<(Kind, String)>>,
}

/// Kinds of fixtures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Identity,
    Request,
    Answer,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Identity, Self::Request, Self::Answer];

    const fn word(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Request => "request",
            Self::Answer => "answer",
        }
    }

    const fn member(self) -> &'static str {
        match self {
            Self::Identity => "identities",
            Self::Request => "requests",
            Self::Answer => "upstreams",
        }
    }
}

/// Says what is wrong in a document.
pub(super) struct Reporter<'r> {
    document: &'r Document,
    findings: &'r mut Findings,
}

impl Reporter<'_> {
    pub(super) fn error(&mut self, rule: RuleId, pointer: &str, message: impl Into<String>, help: impl Into<String>) {
        self.findings.push(Finding::error(rule, self.document.locate(pointer), message).help(help));
    }
}

impl Shelf {
    /// The fixtures of a suite.
    pub(super) fn own(
        path: &str,
        document: &Arc<Document>,
        spec: FixturesSpec,
        program: &Program,
        findings: &mut Findings,
    ) -> Self {
        let folder = path.rsplit_once('/').map_or_else(String::new, |(folder, _)| format!("{folder}/"));
        Self::checked(folder, Arc::clone(document), "/spec/fixtures", spec, program, findings)
    }

    /// The fixtures of a document of their own, which stands in a folder named `fixtures`.
    pub(super) fn shared(read: Read<FixturesSpec>, program: &Program, findings: &mut Findings) -> Self {
        let folder = read.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let folder = folder.strip_suffix("fixtures").unwrap_or(folder).to_owned();
        Self::checked(folder, Arc::new(read.document), "/spec", read.spec, program, findings)
    }

    fn checked(
        folder: String,
        document: Arc<Document>,
        pointer: &'static str,
        spec: FixturesSpec,
        program: &Program,
        findings: &mut Findings,
    ) -> Self {
        let mut at = Reporter { document: &document, findings };
        let place = |kind: Kind, name: &str| format!("{pointer}/{}/{}", kind.member(), escape(name));
        let identities = spec.identities.into_iter().map(|(name, spec)| {
            let credential = identity::credential(&mut at, program, &spec, &place(Kind::Identity, &name));
            (name, credential.map(|credential| credential.map(Arc::new)))
        });
        let identities = identities.collect();
        let requests = spec.requests.into_iter().map(|(name, spec)| {
            let sound = request::check(&mut at, &spec, &place(Kind::Request, &name));
            (name, sound.then_some(spec))
        });
        let requests = requests.collect();
        let answers = spec.upstreams.into_iter().map(|(name, spec)| {
            let sound = upstream::check(&mut at, &spec, &place(Kind::Answer, &name));
            (name, sound.then(|| Arc::new(spec)))
        });
        let answers = answers.collect();
        Self { folder, document, pointer, identities, requests, answers, made: RefCell::default(), used: RefCell::default() }
    }

    fn has(&self, kind: Kind, name: &str) -> bool {
        match kind {
            Kind::Identity => self.identities.contains_key(name),
            Kind::Request => self.requests.contains_key(name),
            Kind::Answer => self.answers.contains_key(name),
        }
    }

    fn names(&self, kind: Kind) -> Vec<&String> {
        match kind {
            Kind::Identity => self.identities.keys().collect(),
            Kind::Request => self.requests.keys().collect(),
            Kind::Answer => self.answers.keys().collect(),
        }
    }

    /// Where a fixture stands in its document.
    pub(super) fn place(&self, kind: Kind, name: &str) -> String {
        format!("{}/{}/{}", self.pointer, kind.member(), escape(name))
    }

    pub(super) fn reporter<'r>(&'r self, findings: &'r mut Findings) -> Reporter<'r> {
        Reporter { document: &self.document, findings }
    }

    pub(super) fn request(&self, name: &str) -> Option<&RequestSpec> {
        self.requests.get(name)?.as_ref()
    }

    pub(super) fn report_unused(&self, findings: &mut Findings) {
        let used = self.used.borrow();
        for kind in Kind::ALL {
            for name in self.names(kind).into_iter().filter(|name| !used.contains(&(kind, (*name).clone()))) {
                let place = self.document.locate_key(&self.place(kind, name));
                let message = format!("no case uses the {} `{name}`", kind.word());
                let help = "use it, or take it out: what is not used proves nothing";
                findings.push(Finding::error(UNUSED_FIXTURE, place, message).help(help));
            }
        }
    }
}

/// Says which fixtures of one folder have the same name: neither would count before the other.
pub(super) fn report_doubles(shelves: &[Rc<Shelf>], findings: &mut Findings) {
    let mut seen = BTreeMap::new();
    for shelf in shelves {
        for kind in Kind::ALL {
            for name in shelf.names(kind) {
                let place = shelf.document.locate_key(&shelf.place(kind, name));
                if let Some(earlier) = seen.insert((shelf.folder.clone(), kind, name.clone()), place) {
                    findings.push(duplicate(kind.member(), name, place, earlier));
                }
            }
        }
    }
}

impl Loader<'_> {
    /// Those whose fixtures `viewer` sees, the nearest first.
    fn seen_by(&self, viewer: &Rc<Shelf>) -> Vec<Rc<Shelf>> {
        let mut shared: Vec<&Rc<Shelf>> = self.shared.iter().filter(|shelf| viewer.folder.starts_with(&shelf.folder)).collect();
        shared.sort_by_key(|shelf| std::cmp::Reverse(shelf.folder.len()));
        let own = Some(&self.own).filter(|own| Rc::ptr_eq(own, viewer));
        own.into_iter().chain(shared).map(Rc::clone).collect()
    }

    /// Where the fixture of that name stands that `viewer` sees: its own, or that of the nearest folder. It is used from now on.
    pub(super) fn shelf_of(&mut self, kind: Kind, name: &str, viewer: &Rc<Shelf>, pointer: &str) -> Option<Rc<Shelf>> {
        let shelves = self.seen_by(viewer);
        if let Some(shelf) = shelves.iter().find(|shelf| shelf.has(kind, name)) {
            shelf.used.borrow_mut().insert((kind, name.to_owned()));
            return Some(Rc::clone(shelf));
        }
        let known: BTreeSet<&String> = shelves.iter().flat_map(|shelf| shelf.names(kind)).collect();
        let help = suggestion(name, known, &format!("declare it below `fixtures.{}`", kind.member()));
        let message = format!("there is no {} of the name `{name}`", kind.word());
        viewer.reporter(self.findings).error(UNKNOWN_FIXTURE, pointer, message, help);
        None
    }

    /// The credential of an identity; `None` within for nobody's.
    pub(super) fn credential(&mut self, name: &str, pointer: &str) -> Option<Option<Arc<Credential>>> {
        let own = Rc::clone(&self.own);
        self.shelf_of(Kind::Identity, name, &own, pointer)?.identities.get(name)?.clone()
    }

    pub(super) fn answer(&mut self, name: &str, pointer: &str) -> Option<Arc<AnswerSpec>> {
        let own = Rc::clone(&self.own);
        self.shelf_of(Kind::Answer, name, &own, pointer)?.answers.get(name)?.clone()
    }
}
