//! A bound on one address that the bound on all forestalls.

use aigw_kinds::Repository;
use aigw_kinds::gateway::GatewaySpec;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "Q319", name: "bound-never-reached" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for gateway in repository.all::<GatewaySpec>() {
        let bounds = &gateway.spec.bounds;
        let (one, all) = (bounds.connections_per_address, bounds.connections);
        if one >= all {
            let written = ["/spec/bounds/connectionsPerAddress", "/spec/bounds/connections"];
            let pointer = written.into_iter().find(|pointer| view::written(gateway.doc, pointer)).unwrap_or("/spec/bounds");
            let message = format!("one address may hold {one} connections, which is all of the {all} that there are");
            let help = "let one address have a small part of `connections`, or write `connectionsPerAddress: 0` for no bound";
            findings.push(Finding::warning(ID, gateway.doc.locate(pointer), message).help(help));
        }
    }
}
