//! Calls that the provider is bound to refuse.

use aigw_kinds::Repository;
use aigw_kinds::provider::{EndpointSpec, ProviderSpec, ProviderType};
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view::{self, step};

pub(crate) const ID: RuleId = RuleId { code: "B220", name: "upstream-without-credential" };
pub(crate) const LEVEL: Level = Level::Warning;

/// Addresses of the providers themselves, behind which no call passes without a key.
const PROVIDERS: [&str; 3] = [".openai.com", ".openai.azure.com", ".services.ai.azure.com"];
/// Headers in which a caller's own key could go through.
const KEY_HEADERS: [&str; 2] = ["authorization", "api-key"];

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    let passed_on = view::gateway(repository).is_some_and(|gateway| {
        gateway.spec.forward_headers.iter().any(|header| KEY_HEADERS.iter().any(|key| header.eq_ignore_ascii_case(key)))
    });
    if passed_on {
        return;
    }
    for provider in repository.all::<ProviderSpec>() {
        for (name, endpoint) in provider.spec.endpoints.iter().filter(|(_, endpoint)| endpoint.auth.is_none()) {
            if wants_key(provider.spec, endpoint) {
                let place = provider.doc.locate_key(&format!("/spec/endpoints/{}", step(name.as_str())));
                let message = format!("`{name}` has no `auth`, and this provider refuses calls without a key");
                let help = match provider.spec.r#type {
                    ProviderType::AzureOpenai => "write `auth: {managedIdentity: {}}` or `auth: {apiKey: {secret: NAME}}`",
                    _ => "write `auth: {apiKey: {secret: NAME}}`",
                };
                findings.push(Finding::warning(ID, place, message).help(help));
            }
        }
    }
}

fn wants_key(provider: &ProviderSpec, endpoint: &EndpointSpec) -> bool {
    match &endpoint.url {
        None => provider.r#type == ProviderType::Openai,
        Some(url) => url.value().is_some_and(|url| {
            let host = url.split("://").nth(1).and_then(|rest| rest.split(['/', ':']).next()).unwrap_or_default();
            PROVIDERS.iter().any(|suffix| host.to_ascii_lowercase().ends_with(suffix))
        }),
    }
}
