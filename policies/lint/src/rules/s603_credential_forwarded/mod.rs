//! The callers' keys to this gateway go to the providers.

use std::collections::BTreeMap;

use aigw_kinds::Repository;
use aigw_kinds::authentication::AuthenticationSpec;
use aigw_kinds::gateway::GatewaySpec;
use aigw_source::{Finding, Findings, Level, RuleId, Sources, Span};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "S603", name: "credential-forwarded" };
pub(crate) const LEVEL: Level = Level::Error;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    let read = read_as_keys(repository);
    for gateway in repository.all::<GatewaySpec>() {
        for (index, header) in gateway.spec.forward_headers.iter().enumerate() {
            let Some((policy, place)) = read.get(&header.to_ascii_lowercase()) else { continue };
            let message = format!("`{header}` holds the caller's key to this gateway, and goes to every provider");
            let finding = Finding::error(ID, gateway.doc.locate(&format!("/spec/forwardHeaders/{index}")), message)
                .label(*place, format!("`{policy}` reads keys from it"))
                .help("remove it; calls to providers carry the provider's own key");
            findings.push(finding);
        }
    }
}

/// The headers that keys are read from, in small letters, each with one of the policies and the place that says so.
fn read_as_keys(repository: &Repository) -> BTreeMap<String, (&str, Span)> {
    let mut read = BTreeMap::new();
    for policy in repository.all::<AuthenticationSpec>() {
        for (index, header) in policy.spec.methods.api_key.iter().flat_map(|method| method.headers.iter().enumerate()) {
            let written = format!("/spec/methods/apiKey/headers/{index}");
            let pointer = if view::written(policy.doc, &written) { written.as_str() } else { "/spec/methods/apiKey" };
            read.entry(header.to_ascii_lowercase()).or_insert((policy.doc.name.as_str(), policy.doc.locate_key(pointer)));
        }
        if !policy.spec.methods.jwt.is_empty() {
            let place = policy.doc.locate_key("/spec/methods/jwt");
            read.entry("authorization".to_owned()).or_insert((policy.doc.name.as_str(), place));
        }
    }
    read
}
