//! Clients of a surface send their key where nobody looks.

use aigw_core::SurfaceName;
use aigw_kinds::Repository;
use aigw_kinds::authentication::AuthenticationSpec;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "R121", name: "surface-without-key-header" };
pub(crate) const LEVEL: Level = Level::Advice;

/// Where the clients of a surface send an API key: OpenAI's libraries as a bearer token, Azure OpenAI's in a header of its own
/// (learn.microsoft.com/azure/ai-services/openai/reference, 2025-06).
const fn key_header(surface: SurfaceName) -> &'static str {
    match surface {
        SurfaceName::Openai => "authorization",
        SurfaceName::AzureOpenai => "api-key",
    }
}

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for uses in view::routes(repository) {
        for (index, surface) in uses.route.spec.surfaces.iter().enumerate() {
            let header = key_header(*surface);
            let policies =
                uses.policies.iter().filter_map(|attached| Some((attached.doc, attached.doc.spec_as::<AuthenticationSpec>()?)));
            // Clients put a token where their key goes.
            let hears = |policy: &AuthenticationSpec| header == "authorization" && !policy.methods.jwt.is_empty();
            let deaf = policies.filter(|(_, policy)| !policy.methods.anonymous && !hears(policy)).find(|(_, policy)| {
                policy
                    .methods
                    .api_key
                    .as_ref()
                    .is_some_and(|method| !method.headers.iter().any(|name| name.eq_ignore_ascii_case(header)))
            });
            let Some((policy, _)) = deaf else { continue };
            let place = uses.route.doc.locate(&format!("/spec/surfaces/{index}"));
            let message =
                format!("clients of `{}` send their key in `{header}`, which `{}` does not read", surface.as_str(), policy.name);
            let finding =
                Finding::advice(ID, place, message).label(policy.locate("/spec/methods/apiKey/headers"), "what it reads");
            findings.push(finding.help(format!("add `{header}` to its headers, or remove the surface")));
        }
    }
}
