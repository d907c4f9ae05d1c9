//! A base URL that is none: the address of one operation, or one without its version.

use aigw_kinds::Repository;
use aigw_kinds::provider::ProviderSpec;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view::step;

pub(crate) const ID: RuleId = RuleId { code: "B221", name: "base-url-of-one-operation" };
pub(crate) const LEVEL: Level = Level::Warning;

/// How addresses of single operations end.
const OPERATIONS: [&str; 4] = ["/chat/completions", "/completions", "/embeddings", "/responses"];

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for provider in repository.all::<ProviderSpec>() {
        for (name, endpoint) in &provider.spec.endpoints {
            let Some((url, meant)) = endpoint.url.as_ref().and_then(|url| Some((url.value()?, meant(url.value()?)?))) else {
                continue;
            };
            let place = provider.doc.locate(&format!("/spec/endpoints/{}/url", step(name.as_str())));
            let message = format!("operations are added to this address, and `{url}/…` leads nowhere");
            findings.push(Finding::warning(ID, place, message).help(format!("write `{meant}`")));
        }
    }
}

/// The base URL that was meant, where this is certainly none.
fn meant(url: &str) -> Option<String> {
    let plain = url.trim_end_matches('/');
    if let Some((before, _)) = plain.split_once("/openai/deployments/") {
        return Some(before.to_owned());
    }
    if let Some(before) = OPERATIONS.iter().find_map(|operation| plain.strip_suffix(operation)) {
        return Some(before.to_owned());
    }
    (plain == "https://api.openai.com").then(|| format!("{plain}/v1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls_are_told_from_addresses_of_operations() {
        for (url, expected) in [
            ("https://api.openai.com/v1", None),
            ("https://api.openai.com", Some("https://api.openai.com/v1")),
            ("https://models.example.com", None),
            ("https://models.example.com/v1/chat/completions/", Some("https://models.example.com/v1")),
            ("https://x.openai.azure.com", None),
            ("https://x.openai.azure.com/openai/deployments/gpt/chat/completions", Some("https://x.openai.azure.com")),
        ] {
            assert_eq!(meant(url).as_deref(), expected, "{url}");
        }
    }
}
