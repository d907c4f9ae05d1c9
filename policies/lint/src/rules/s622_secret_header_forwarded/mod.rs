//! Headers that hold secrets of other systems go to the providers.

use aigw_kinds::Repository;
use aigw_kinds::authentication::{AuthenticationSpec, SECRET_HEADERS};
use aigw_kinds::gateway::GatewaySpec;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

pub(crate) const ID: RuleId = RuleId { code: "S622", name: "secret-header-forwarded" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    // Headers that this gateway itself reads keys from are the subject of another rule.
    let is_own = |header: &str| {
        repository.all::<AuthenticationSpec>().any(|policy| {
            let methods = &policy.spec.methods;
            let tokens = !methods.jwt.is_empty() && header.eq_ignore_ascii_case("authorization");
            tokens || methods.api_key.iter().flat_map(|method| &method.headers).any(|own| own.eq_ignore_ascii_case(header))
        })
    };
    for gateway in repository.all::<GatewaySpec>() {
        for (index, header) in gateway.spec.forward_headers.iter().enumerate() {
            if SECRET_HEADERS.contains(&header.to_ascii_lowercase().as_str()) && !is_own(header) {
                let place = gateway.doc.locate(&format!("/spec/forwardHeaders/{index}"));
                let message = format!("`{header}` holds secrets of the caller, and goes to every provider");
                findings.push(
                    Finding::warning(ID, place, message)
                        .help("remove it, or forward a header that says only what the provider needs"),
                );
            }
        }
    }
}
