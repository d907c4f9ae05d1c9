//! Which files hold tests, and their documents: read, judged by their schemas, bound.

use std::collections::BTreeMap;

use aigw_kinds::schema::schema_of_other;
use aigw_kinds::{API_VERSION, Metadata};
use aigw_source::{Document, Finding, Findings, Limits, Sources, bind, rules as source_rules};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::suite::{FixturesSpec, SuiteSpec};

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

/// Reads every test file among these.
pub(crate) fn read(files: &BTreeMap<String, Vec<u8>>, limits: &Limits) -> Documents {
    let mut documents =
        Documents { sources: Sources::new(), findings: Findings::new(), suites: Vec::new(), fixtures: Vec::new() };
    let (suite_schema, fixtures_schema) = (suite_schema(), fixtures_schema());
    for (path, bytes) in files {
        if is_suite_file(path) {
            let read = documents.take::<SuiteSpec>(path, bytes, SUITE_KIND, &suite_schema, limits);
            documents.suites.extend(read);
        } else if is_fixtures_file(path) {
            let read = documents.take::<FixturesSpec>(path, bytes, FIXTURES_KIND, &fixtures_schema, limits);
            documents.fixtures.extend(read);
        }
    }
    documents
}

impl Documents {
    fn take<S: DeserializeOwned>(
        &mut self,
        path: &str,
        bytes: &[u8],
        kind: &str,
        schema: &Value,
        limits: &Limits,
    ) -> Vec<Read<S>> {
        let Some(file) = self.sources.add_bytes(path, bytes, limits, &mut self.findings) else { return Vec::new() };
        let documents = aigw_source::read(&self.sources, file, limits, &mut self.findings);
        documents.into_iter().filter_map(|document| self.one(path, document, kind, schema)).collect()
    }

    fn one<S: DeserializeOwned>(&mut self, path: &str, document: Document, kind: &str, schema: &Value) -> Option<Read<S>> {
        if !self.is_of(&document, kind) {
            return None;
        }
        let faults = aigw_compile::structure(schema, &document);
        if !faults.is_empty() {
            self.findings.extend(faults);
            return None;
        }
        let bound = bind::<Envelope<S>>(&document.root, &mut self.findings)?;
        Some(Read { path: path.to_owned(), name: bound.metadata.name.to_string(), document, spec: bound.spec })
    }

    /// Whether a document is what its file should hold.
    fn is_of(&mut self, document: &Document, kind: &str) -> bool {
        let text = |key: &str| document.root.get(key).and_then(|node| node.as_str()).unwrap_or_default();
        let (version, found) = (text("apiVersion"), text("kind"));
        let fault = if version != API_VERSION {
            Some((
                "/apiVersion",
                format!("`{version}` is not a version of the policy language"),
                format!("write `apiVersion: {API_VERSION}`"),
            ))
        } else if found != kind {
            Some((
                "/kind",
                format!("`{found}` does not stand in this file"),
                format!("this file holds documents of kind `{kind}`"),
            ))
        } else {
            None
        };
        let Some((pointer, message, help)) = fault else { return true };
        self.findings.push(Finding::error(source_rules::INVALID_VALUE, document.locate(pointer), message).help(help));
        false
    }
}
