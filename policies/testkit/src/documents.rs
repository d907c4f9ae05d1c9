//! Which files hold tests, and their documents: read, judged by their schemas, bound.

use std::collections::BTreeMap;

use aigw_kinds::schema::schema_of_other;
use aigw_kinds::{API_GROUP, API_VERSION, Metadata};
use aigw_source::{Document, Finding, Findings, Limits, Sources, Span, bind, nearest, rules as source_rules};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::rules::MISPLACED;
use crate::suite::{FixturesSpec, SuiteSpec};

/// Most structural faults that one document reports: the rest are seldom news.
const MAX_FAULTS: usize = 100;

/// The kind of test suites.
pub const SUITE_KIND: &str = "TestSuite";
/// The kind of fixtures that suites share.
pub const FIXTURES_KIND: &str = "TestFixtures";

/// The test documents of a folder.
pub(crate) struct Documents {
    pub(crate) sources: Sources,
    pub(crate) findings: Findings,
    pub(crate) suites: Vec<Read<SuiteSpec>>,
    pub(crate) fixtures: Vec<Read<FixturesSpec>>,
}

/// A document and what it says.
pub(crate) struct Read<S> {
    /// Path of its file.
    pub(crate) path: String,
    /// Its name.
    pub(crate) name: String,
    pub(crate) document: Document,
    pub(crate) spec: S,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "bound for what it refuses")]
struct Envelope<S> {
    api_version: String,
    kind: String,
    metadata: Metadata,
    spec: S,
}

/// The JSON Schema of test suites.
pub fn suite_schema() -> Value {
    schema_of_other::<SuiteSpec>(SUITE_KIND)
}

/// The JSON Schema of fixtures that suites share.
pub fn fixtures_schema() -> Value {
    schema_of_other::<FixturesSpec>(FIXTURES_KIND)
}

/// Whether a file holds test suites.
pub fn is_suite_file(path: &str) -> bool {
    path.ends_with(".test.yaml") || path.ends_with(".test.yml")
}

/// Whether a file may hold fixtures: a YAML file in a folder named `fixtures`.
pub fn is_fixtures_file(path: &str) -> bool {
    let Some((folder, name)) = path.rsplit_once('/') else { return false };
    (folder == "fixtures" || folder.ends_with("/fixtures"))
        && (name.ends_with(".yaml") || name.ends_with(".yml"))
        && !is_suite_file(path)
}

/// Reads every test file among these, and says which test documents stand where nobody would read them.
pub(crate) fn read(files: &BTreeMap<String, Vec<u8>>, limits: &Limits) -> Documents {
    let mut documents =
        Documents { sources: Sources::new(), findings: Findings::new(), suites: Vec::new(), fixtures: Vec::new() };
    let (suite_schema, fixtures_schema) = (suite_schema(), fixtures_schema());
    for (path, bytes) in files {
        if is_suite_file(path) {
            documents.take_suites(path, bytes, &suite_schema, limits);
        } else if is_fixtures_file(path) {
            documents.take_fixtures(path, bytes, &fixtures_schema, limits);
        } else if is_yaml(path) && memchr::memmem::find(bytes, b"kind: Test").is_some() {
            documents.report_misplaced(path, bytes, limits);
        }
    }
    documents
}

fn is_yaml(path: &str) -> bool {
    path.ends_with(".yaml") || path.ends_with(".yml")
}

fn text<'d>(document: &'d Document, key: &str) -> &'d str {
    document.root.get(key).and_then(|node| node.as_str()).unwrap_or_default()
}

impl Documents {
    /// A suite file holds suites and nothing else: anything else in it would be read by nobody.
    fn take_suites(&mut self, path: &str, bytes: &[u8], schema: &Value, limits: &Limits) {
        let errors = self.findings.len();
        let Some(file) = self.sources.add_bytes(path, bytes, limits, &mut self.findings) else { return };
        let documents = aigw_source::read(&self.sources, file, limits, &mut self.findings);
        if documents.is_empty() && self.findings.len() == errors {
            let finding = Finding::error(MISPLACED, Span::point(file, 0), "there is no suite in this file");
            self.findings.push(finding.help(format!("write a document of kind `{SUITE_KIND}`, or rename the file")));
        }
        for document in documents {
            if self.is_suite(&document) {
                let read = self.one(path, document, schema);
                self.suites.extend(read);
            }
        }
    }

    fn is_suite(&mut self, document: &Document) -> bool {
        let (version, kind) = (text(document, "apiVersion"), text(document, "kind"));
        if version != API_VERSION {
            let message = format!("`{version}` is not a version of the policy language");
            let finding = Finding::error(source_rules::INVALID_VALUE, document.locate("/apiVersion"), message);
            self.findings.push(finding.help(format!("write `apiVersion: {API_VERSION}`")));
            return false;
        }
        if kind == SUITE_KIND {
            return true;
        }
        let help = match (kind, nearest(kind, [SUITE_KIND])) {
            (FIXTURES_KIND, _) => "put it into a YAML file of a folder named `fixtures`".to_owned(),
            (_, Some(meant)) => format!("did you mean `{meant}`?"),
            (_, None) => "put it into a file whose name does not end with `.test.yaml`: here nobody reads it".to_owned(),
        };
        let message = format!("`{kind}` does not stand in a file of tests, which holds documents of kind `{SUITE_KIND}`");
        self.findings.push(Finding::error(MISPLACED, document.locate("/kind"), message).help(help));
        false
    }

    /// Policies may stand in such a folder too: those, and whatever else is wrong with other documents, the compiler judges.
    fn take_fixtures(&mut self, path: &str, bytes: &[u8], schema: &Value, limits: &Limits) {
        if memchr::memmem::find(bytes, API_GROUP.as_bytes()).is_none() {
            return;
        }
        let Some(file) = self.sources.add_bytes(path, bytes, limits, &mut self.findings) else { return };
        for document in aigw_source::read(&self.sources, file, limits, &mut self.findings) {
            if text(&document, "apiVersion") == API_VERSION && text(&document, "kind") == FIXTURES_KIND {
                let read = self.one(path, document, schema);
                self.fixtures.extend(read);
            }
        }
    }

    /// What is wrong with such a file otherwise, the compiler says.
    fn report_misplaced(&mut self, path: &str, bytes: &[u8], limits: &Limits) {
        let mut unheard = Findings::new();
        let Some(file) = self.sources.add_bytes(path, bytes, limits, &mut unheard) else { return };
        for document in aigw_source::read(&self.sources, file, limits, &mut unheard) {
            let kind = text(&document, "kind");
            let help = match kind {
                SUITE_KIND => "rename the file, so that its name ends with `.test.yaml`",
                FIXTURES_KIND => "put it into a YAML file of a folder named `fixtures`",
                _ => continue,
            };
            let finding = Finding::error(MISPLACED, document.locate("/kind"), format!("nobody reads a `{kind}` in this file"));
            self.findings.push(finding.help(help));
        }
    }

    fn one<S: DeserializeOwned>(&mut self, path: &str, document: Document, schema: &Value) -> Option<Read<S>> {
        self.findings.extend(aigw_source::traps(&document));
        let faults = aigw_compile::structure(schema, &document);
        if !faults.is_empty() {
            self.findings.extend(faults.into_iter().take(MAX_FAULTS));
            return None;
        }
        let bound = bind::<Envelope<S>>(&document.root, &mut self.findings)?;
        Some(Read { path: path.to_owned(), name: bound.metadata.name.to_string(), document, spec: bound.spec })
    }
}

#[cfg(test)]
mod tests;
