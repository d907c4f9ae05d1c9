//! From trees to specs: the structure of each document is judged by its kind's schema, all faults at once; only where it holds is it bound.

mod value;
mod walk;

use std::collections::BTreeMap;

use aigw_kinds::{API_VERSION, AsSpec, Doc, Envelope, Kind, Labels, Spec};
use aigw_source::{Document, Finding, Findings, Fix, bind, nearest, rules};
use serde_json::Value;

use crate::intake::{TEST_FIXTURES, TEST_SUITE};

/// Most structural faults that one document reports: the rest are seldom news.
const MAX_FAULTS: usize = 100;

/// Judges and binds every document. One that does not hold is kept without a spec.
pub(crate) fn bind_all(documents: Vec<Document>, findings: &mut Findings) -> Vec<Doc> {
    let mut schemas = Schemas::default();
    documents.into_iter().filter_map(|document| one(document, &mut schemas, findings)).collect()
}

/// Judges a document by a schema: everything that does not fit, with its place.
pub fn structure(schema: &Value, document: &Document) -> Vec<Finding> {
    walk::faults(schema, document, &mut walk::Patterns::default())
}

/// Schemas of the kinds that were met, made once each.
#[derive(Default)]
struct Schemas {
    schemas: BTreeMap<Kind, Value>,
    patterns: walk::Patterns,
}

impl Schemas {
    /// Whether the document has the structure of its kind.
    fn hold(&mut self, kind: Kind, document: &Document, findings: &mut Findings) -> bool {
        let schema = self.schemas.entry(kind).or_insert_with(|| aigw_kinds::schema::schema_of(kind));
        let faults = walk::faults(schema, document, &mut self.patterns);
        let sound = faults.is_empty();
        findings.extend(faults.into_iter().take(MAX_FAULTS));
        sound
    }
}

fn one(document: Document, schemas: &mut Schemas, findings: &mut Findings) -> Option<Doc> {
    if !check_version(&document, findings) {
        return None;
    }
    let (kind, known) = check_kind(&document, findings)?;
    let spec = if known && schemas.hold(kind, &document, findings) { bind_kind(kind, &document, findings) } else { None };
    let text = |pointer: &str| document.at(pointer).and_then(|node| node.as_str()).map(str::to_owned);
    let labels = document.at("/metadata/labels").map(|node| {
        let pairs = node.entries().iter().filter_map(|entry| Some((entry.key.to_string(), entry.value.as_str()?.to_owned())));
        pairs.collect::<Labels>()
    });
    // A name that is none is a finding already; what refers to it by that name is not another.
    let name = text("/metadata/name").unwrap_or_default();
    Some(Doc { kind, name, labels: labels.unwrap_or_default(), node: document, spec })
}

fn check_version(document: &Document, findings: &mut Findings) -> bool {
    let version = document.at("/apiVersion").and_then(|node| node.as_str()).unwrap_or_default();
    if version == API_VERSION {
        return true;
    }
    let span = document.locate("/apiVersion");
    let finding = Finding::error(rules::INVALID_VALUE, span, format!("`{version}` is not a version of the policy language"));
    findings.push(finding.help(format!("this version reads `{API_VERSION}`")));
    false
}

/// The kind of a document, or the one that was probably meant, and whether it is written so.
fn check_kind(document: &Document, findings: &mut Findings) -> Option<(Kind, bool)> {
    let Some(node) = document.at("/kind") else {
        let span = document.locate("/apiVersion");
        findings.push(Finding::error(rules::MISSING_KEY, span, "the document has no `kind`").help(format!("one of {}", kinds())));
        return None;
    };
    let word = node.as_str().unwrap_or_default();
    if let Ok(kind) = word.parse() {
        return Some((kind, true));
    }
    let finding = Finding::error(rules::INVALID_VALUE, node.span, format!("`{word}` is not a kind"));
    match nearest(word, Kind::ALL.iter().map(|kind| kind.as_str())) {
        Some(meant) => {
            let fix = Fix::replace(format!("write `{meant}`"), node.span, meant);
            findings.push(finding.help(format!("did you mean `{meant}`?")).fix(fix));
            meant.parse().ok().map(|kind| (kind, false))
        }
        None => {
            let help = match nearest(word, [TEST_SUITE, TEST_FIXTURES]) {
                Some(TEST_SUITE) => "a `TestSuite` stands in a file whose name ends with `.test.yaml`".to_owned(),
                Some(_) => "`TestFixtures` stand in a YAML file of a folder named `fixtures`".to_owned(),
                None => format!("one of {}", kinds()),
            };
            findings.push(finding.help(help));
            None
        }
    }
}

fn kinds() -> String {
    Kind::ALL.iter().map(|kind| format!("`{kind}`")).collect::<Vec<_>>().join(", ")
}

fn bind_kind(kind: Kind, document: &Document, findings: &mut Findings) -> Option<Spec> {
    fn of<S: AsSpec + serde::de::DeserializeOwned>(document: &Document, findings: &mut Findings) -> Option<Spec> {
        bind::<Envelope<S>>(&document.root, findings).map(|envelope| envelope.spec.into_spec())
    }
    match kind {
        Kind::Gateway => of::<aigw_kinds::gateway::GatewaySpec>(document, findings),
        Kind::Provider => of::<aigw_kinds::provider::ProviderSpec>(document, findings),
        Kind::Model => of::<aigw_kinds::model::ModelSpec>(document, findings),
        Kind::Route => of::<aigw_kinds::route::RouteSpec>(document, findings),
        Kind::Tenant => of::<aigw_kinds::tenant::TenantSpec>(document, findings),
        Kind::Consumer => of::<aigw_kinds::consumer::ConsumerSpec>(document, findings),
        Kind::Product => of::<aigw_kinds::product::ProductSpec>(document, findings),
        Kind::Subscription => of::<aigw_kinds::subscription::SubscriptionSpec>(document, findings),
        Kind::Authentication => of::<aigw_kinds::authentication::AuthenticationSpec>(document, findings),
        Kind::Authorization => of::<aigw_kinds::authorization::AuthorizationSpec>(document, findings),
        Kind::Validation => of::<aigw_kinds::validation::ValidationSpec>(document, findings),
        Kind::Limit => of::<aigw_kinds::limit::LimitSpec>(document, findings),
        Kind::Prompt => of::<aigw_kinds::prompt::PromptSpec>(document, findings),
    }
}

#[cfg(test)]
mod tests;
