//! Which files are read, and which of their documents are ours.

use std::collections::{BTreeMap, BTreeSet};

use aigw_kinds::{API_GROUP, Kind};
use aigw_source::{Document, FileId, Finding, Findings, Limits, RuleId, Sources, Span};

use crate::Input;

/// A path that must not be followed.
pub(crate) const PATH_REFUSED: RuleId = RuleId { code: "C009", name: "path-refused" };

/// The kind of documents that hold what tests share; `aigw test` reads and judges them.
pub(crate) const TEST_FIXTURES: &str = "TestFixtures";
/// The kind of documents that hold tests; they stand in files of their own, which are not read here.
pub(crate) const TEST_SUITE: &str = "TestSuite";

/// What was read.
pub(crate) struct Intake {
    pub(crate) sources: Sources,
    pub(crate) findings: Findings,
    pub(crate) documents: Vec<Document>,
    pub(crate) files: BTreeMap<String, FileId>,
    /// Paths of files that hold tests or fixtures of tests.
    pub(crate) tests: BTreeSet<String>,
    pub(crate) skipped: Vec<(String, String)>,
}

/// Reads every file in the order of paths.
pub(crate) fn take_in(input: Input, limits: &Limits) -> Intake {
    let mut intake = Intake {
        sources: Sources::new(),
        findings: Findings::new(),
        documents: Vec::new(),
        files: BTreeMap::new(),
        tests: BTreeSet::new(),
        skipped: Vec::new(),
    };
    for (path, why) in input.refused {
        intake.refuse(path, &why);
    }
    let (json, files): (BTreeMap<_, _>, BTreeMap<_, _>) = input.files.into_iter().partition(|(path, _)| path.ends_with(".json"));
    for (path, bytes) in files {
        intake.take(path, &bytes, limits);
    }
    intake.take_schemas(json, limits);
    intake
}

impl Intake {
    fn refuse(&mut self, path: String, why: &str) {
        let message = format!("`{path}` is not read: {why}");
        let file = self.sources.add(path, "");
        let finding = Finding::error(PATH_REFUSED, Span::point(file, 0), message);
        self.findings.push(finding.help("put a regular file there; paths never leave the policy folder"));
    }

    fn take(&mut self, path: String, bytes: &[u8], limits: &Limits) {
        let name = path.rsplit('/').next().unwrap_or(&path);
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        match extension {
            "j2" => {
                let file = self.sources.add_bytes(path.as_str(), bytes, limits, &mut self.findings);
                self.files.extend(file.map(|file| (path, file)));
            }
            "yaml" | "yml" if name.ends_with(".test.yaml") || name.ends_with(".test.yml") => {
                self.tests.insert(path.clone());
                self.skip(path, "it holds tests: `aigw test` judges it");
            }
            "yaml" | "yml" if name == "kustomization.yaml" || name == "kustomization.yml" => self.skip(path, "it is Kustomize's"),
            "yaml" | "yml" => self.take_documents(path, bytes, limits),
            _ => self.skip(path, "policies are made of `.yaml`, `.yml` and `.j2` files"),
        }
    }

    /// JSON is for many things in a repository; ours is what a Validation names.
    fn take_schemas(&mut self, files: BTreeMap<String, Vec<u8>>, limits: &Limits) {
        let validations = self.documents.iter().filter(|document| {
            document.root.get("kind").and_then(|node| node.as_str()).is_some_and(|kind| kind == Kind::Validation.as_str())
        });
        let named: BTreeSet<String> =
            validations.filter_map(|document| document.at("/spec/schema")?.as_str().map(str::to_owned)).collect();
        for (path, bytes) in files {
            if named.contains(&path) {
                let file = self.sources.add_bytes(path.as_str(), &bytes, limits, &mut self.findings);
                self.files.extend(file.map(|file| (path, file)));
            } else {
                self.skip(path, "no Validation names it as its `schema`");
            }
        }
    }

    /// Reads a YAML file. Faults of one that has nothing of ours are nobody's business.
    fn take_documents(&mut self, path: String, bytes: &[u8], limits: &Limits) {
        let is_ours = memchr::memmem::find(bytes, API_GROUP.as_bytes()).is_some();
        if !is_ours {
            self.skip(path, "no document in it has an `apiVersion: aigw.dev/…`");
            return;
        }
        let Some(file) = self.sources.add_bytes(path.as_str(), bytes, limits, &mut self.findings) else { return };
        for document in aigw_source::read(&self.sources, file, limits, &mut self.findings) {
            let version = document.root.get("apiVersion").and_then(|node| node.as_str()).unwrap_or_default();
            let kind = document.root.get("kind").and_then(|node| node.as_str()).unwrap_or_default();
            if version.starts_with(API_GROUP) && kind == TEST_FIXTURES && is_in_fixtures(&path) {
                let line = self.sources.position(file, document.root.span.start).line;
                self.tests.insert(path.clone());
                self.skipped.push((format!("{path}:{line}"), "it holds fixtures of tests: `aigw test` judges it".to_owned()));
            } else if version.starts_with(API_GROUP) {
                self.documents.push(document);
            } else {
                let line = self.sources.position(file, document.root.span.start).line;
                self.skipped.push((format!("{path}:{line}"), "the document has no `apiVersion: aigw.dev/…`".to_owned()));
            }
        }
    }

    fn skip(&mut self, path: String, why: &str) {
        self.skipped.push((path, why.to_owned()));
    }
}

/// Whether a file lies in a folder named `fixtures`, where the fixtures of tests are read.
fn is_in_fixtures(path: &str) -> bool {
    path.rsplit_once('/').is_some_and(|(folder, _)| folder == "fixtures" || folder.ends_with("/fixtures"))
}
