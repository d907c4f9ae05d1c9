//! Prompts and keys go over the network unencrypted.

use std::net::IpAddr;

use aigw_kinds::Repository;
use aigw_kinds::provider::ProviderSpec;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view::step;

pub(crate) const ID: RuleId = RuleId { code: "B215", name: "plain-http-upstream" };
pub(crate) const LEVEL: Level = Level::Error;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for provider in repository.all::<ProviderSpec>() {
        for (name, endpoint) in &provider.spec.endpoints {
            let url = endpoint.url.as_ref().and_then(|url| url.value());
            let Some(rest) = url.and_then(|url| url.strip_prefix("http://")) else { continue };
            let host = host(rest);
            if !is_loopback(host) {
                let place = provider.doc.locate(&format!("/spec/endpoints/{}/url", step(name.as_str())));
                let message = format!("prompts, answers and the key go to `{host}` unencrypted");
                findings
                    .push(Finding::error(ID, place, message).help("write `https://`, or put a TLS proxy beside the upstream"));
            }
        }
    }
}

/// The host of what follows a scheme.
fn host(rest: &str) -> &str {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.strip_prefix('[') {
        Some(address) => address.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_itself_is_told_from_others() {
        for (url, expected) in [
            ("127.0.0.1:8080/v1", true),
            ("127.8.9.1", true),
            ("[::1]:11434/v1", true),
            ("LOCALHOST/v1", true),
            ("localhost.example.com", false),
            ("10.0.0.1:80", false),
            ("[2001:db8::1]", false),
        ] {
            assert_eq!(is_loopback(host(url)), expected, "{url}");
        }
    }
}
