//! Text to repository, for tests of rules alone: no schema, no resolved names.
#![expect(clippy::panic, reason = "tests")]

use std::collections::BTreeMap;

use aigw_kinds::{AsSpec, Doc, Envelope, Kind, Labels, Repository, Spec};
use aigw_source::{Document, Findings, Limits, Sources, read, try_bind};
use serde::de::DeserializeOwned;

/// What the rules of this crate find in one file, sorted.
pub(crate) fn found(yaml: &str) -> Findings {
    found_with(yaml, &[])
}

/// What they find in one file of documents and others of text.
pub(crate) fn found_with(yaml: &str, files: &[(&str, &str)]) -> Findings {
    let mut sources = Sources::new();
    let mut findings = Findings::new();
    let file = sources.add("policies.yaml", yaml);
    let files: BTreeMap<_, _> = files.iter().map(|(path, text)| ((*path).to_owned(), sources.add(*path, *text))).collect();
    let documents = read(&sources, file, &Limits::default(), &mut findings);
    assert!(findings.is_empty(), "{findings:#?}");
    let repository = Repository::new(documents.into_iter().map(doc).collect(), files);
    crate::run(&repository, &sources, &mut findings);
    findings.sort(&sources);
    findings
}

/// The codes of what they find, each once.
pub(crate) fn codes(yaml: &str) -> Vec<&'static str> {
    let mut codes: Vec<&str> = found(yaml).iter().map(|finding| finding.rule.code).collect();
    codes.dedup();
    codes
}

fn doc(node: Document) -> Doc {
    let Some(kind) = node.at("/kind").and_then(|kind| kind.as_str()?.parse::<Kind>().ok()) else { panic!("{node:#?}") };
    let (name, labels, spec) = match kind {
        Kind::Gateway => bound::<aigw_kinds::gateway::GatewaySpec>(&node),
        Kind::Provider => bound::<aigw_kinds::provider::ProviderSpec>(&node),
        Kind::Model => bound::<aigw_kinds::model::ModelSpec>(&node),
        Kind::Route => bound::<aigw_kinds::route::RouteSpec>(&node),
        Kind::Tenant => bound::<aigw_kinds::tenant::TenantSpec>(&node),
        Kind::Consumer => bound::<aigw_kinds::consumer::ConsumerSpec>(&node),
        Kind::Product => bound::<aigw_kinds::product::ProductSpec>(&node),
        Kind::Subscription => bound::<aigw_kinds::subscription::SubscriptionSpec>(&node),
        Kind::Authentication => bound::<aigw_kinds::authentication::AuthenticationSpec>(&node),
        Kind::Authorization => bound::<aigw_kinds::authorization::AuthorizationSpec>(&node),
        Kind::Validation => bound::<aigw_kinds::validation::ValidationSpec>(&node),
        Kind::Limit => bound::<aigw_kinds::limit::LimitSpec>(&node),
        Kind::Prompt => bound::<aigw_kinds::prompt::PromptSpec>(&node),
    };
    Doc { kind, name, labels, node, spec: Some(spec) }
}

fn bound<S: AsSpec + DeserializeOwned>(node: &Document) -> (String, Labels, Spec) {
    match try_bind::<Envelope<S>>(&node.root) {
        Ok(envelope) => (envelope.metadata.name.to_string(), envelope.metadata.labels, envelope.spec.into_spec()),
        Err(error) => panic!("{error}"),
    }
}
