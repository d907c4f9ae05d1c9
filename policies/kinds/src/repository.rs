//! The documents of one repository as they were written, bound and indexed: what checks and lint rules read.
//!
//! Rules see specs and paths, never offsets: the place of `/spec/targets/0/weight` is `doc.locate("/spec/targets/0/weight")`.

use std::collections::{BTreeMap, BTreeSet};

use aigw_source::{Document, FileId, Sources, Span};

use crate::{AsSpec, Kind, Labels, Spec};

/// Everything that was written: documents in the order of their files, templates by their paths.
#[derive(Clone, Debug, Default)]
pub struct Repository {
    /// Documents of known kind, in the order of file paths, then as written. One that could not be bound is here too, with `spec: None`, so that
    /// references to it are not said to be unknown.
    pub documents: Vec<Doc>,
    /// Files that are not YAML (templates), by their paths relative to the repository, as UTF-8 text.
    pub files: BTreeMap<String, FileId>,
    /// Paths of files that hold tests or their fixtures: not read here, and owned like all others.
    pub tests: BTreeSet<String>,
    /// Whether something that was written is not here at all: a file that could not be read, a document of unknown kind. What refers to it is then
    /// not said to lead nowhere.
    pub partial: bool,
    index: BTreeMap<(Kind, String), usize>,
}

/// One document.
#[derive(Clone, Debug)]
pub struct Doc {
    /// What it is.
    pub kind: Kind,
    /// Its name; empty where it has none that can be read.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
    /// The tree it came from.
    pub node: Document,
    /// What it says; `None` where that could not be read, which is a finding already.
    pub spec: Option<Spec>,
}

/// A document with its spec in its own type.
#[derive(Debug)]
pub struct Typed<'a, S> {
    /// The document.
    pub doc: &'a Doc,
    /// What it says.
    pub spec: &'a S,
}

impl<S> Clone for Typed<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Typed<'_, S> {}

impl Doc {
    /// The file it stands in.
    #[must_use]
    pub const fn file(&self) -> FileId {
        self.node.file
    }

    /// The place of the value at a JSON Pointer from the document's root; of the nearest parent where there is none.
    #[must_use]
    pub fn locate(&self, pointer: &str) -> Span {
        self.node.locate(pointer)
    }

    /// The place of the key at a JSON Pointer.
    #[must_use]
    pub fn locate_key(&self, pointer: &str) -> Span {
        self.node.locate_key(pointer)
    }

    /// The place of its name.
    #[must_use]
    pub fn name_span(&self) -> Span {
        self.node.locate("/metadata/name")
    }

    /// What it says, where it is of this kind and could be read.
    #[must_use]
    pub fn spec_as<S: AsSpec>(&self) -> Option<&S> {
        S::of(self.spec.as_ref()?)
    }
}

impl Repository {
    /// Indexes documents; of two with one kind and name, the first is the one that is found.
    #[must_use]
    pub fn new(documents: Vec<Doc>, files: BTreeMap<String, FileId>) -> Self {
        let mut index = BTreeMap::new();
        for (at, doc) in documents.iter().enumerate().filter(|(_, doc)| !doc.name.is_empty()) {
            index.entry((doc.kind, doc.name.clone())).or_insert(at);
        }
        Self { documents, files, tests: BTreeSet::new(), partial: false, index }
    }

    /// The document of this kind and name.
    #[must_use]
    pub fn find(&self, kind: Kind, name: &str) -> Option<&Doc> {
        self.documents.get(*self.index.get(&(kind, name.to_owned()))?)
    }

    /// The policy document of this name, of whatever kind.
    #[must_use]
    pub fn policy(&self, name: &str) -> Option<&Doc> {
        Kind::ALL.iter().filter(|kind| kind.is_policy()).find_map(|kind| self.find(*kind, name))
    }

    /// Paths of all files of the repository, those of tests as well, in order and each once.
    #[must_use]
    pub fn paths<'a>(&'a self, sources: &'a Sources) -> BTreeSet<&'a str> {
        let documents = self.documents.iter().map(|doc| sources.file(doc.file()).path.as_str());
        documents.chain(self.files.keys().map(String::as_str)).chain(self.tests.iter().map(String::as_str)).collect()
    }

    /// Documents of a kind, in order.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Doc> {
        self.documents.iter().filter(move |doc| doc.kind == kind)
    }

    /// Documents whose spec is of this type and could be read, in order.
    pub fn all<'a, S: AsSpec + 'a>(&'a self) -> impl Iterator<Item = Typed<'a, S>> {
        self.documents.iter().filter_map(|doc| Some(Typed { doc, spec: doc.spec_as::<S>()? }))
    }

    /// The document of this type and name, where its spec could be read.
    #[must_use]
    pub fn typed<'a, S: AsSpec + 'a>(&'a self, name: &str) -> Option<Typed<'a, S>> {
        let doc = self.find(S::KIND, name)?;
        Some(Typed { doc, spec: doc.spec_as::<S>()? })
    }
}
