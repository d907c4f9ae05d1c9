//! Any web page may use the visitor's credentials.

use aigw_kinds::Repository;
use aigw_kinds::gateway::GatewaySpec;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

pub(crate) const ID: RuleId = RuleId { code: "S606", name: "cors-any-origin-with-credentials" };
pub(crate) const LEVEL: Level = Level::Error;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for gateway in repository.all::<GatewaySpec>() {
        let Some(cors) = gateway.spec.cors.as_ref().filter(|cors| cors.credentials) else { continue };
        let any = cors.origins.iter().position(|origin| origin.value().is_some_and(|origin| origin == "*"));
        if let Some(index) = any {
            let place = gateway.doc.locate(&format!("/spec/cors/origins/{index}"));
            let finding = Finding::error(ID, place, "with `credentials`, `*` lets every web page act in its visitors' names")
                .label(gateway.doc.locate("/spec/cors/credentials"), "credentials are allowed here")
                .help("list the origins, or write `credentials: false`");
            findings.push(finding);
        }
    }
}
