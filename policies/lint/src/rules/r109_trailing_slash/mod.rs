//! A path that is served with a slash at its end and not without.

use std::collections::BTreeSet;

use aigw_kinds::Repository;
use aigw_kinds::route::RouteSpec;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

pub(crate) const ID: RuleId = RuleId { code: "R109", name: "trailing-slash" };
pub(crate) const LEVEL: Level = Level::Advice;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for route in repository.all::<RouteSpec>() {
        let served: BTreeSet<&str> = route.spec.matches.iter().filter_map(|written| written.path.as_deref()).collect();
        for (index, written) in route.spec.matches.iter().enumerate() {
            let Some(path) = written.path.as_deref() else { continue };
            let Some(without) = path.strip_suffix('/').filter(|without| !without.is_empty()) else { continue };
            if !served.contains(without) {
                let place = route.doc.locate(&format!("/spec/matches/{index}/path"));
                let message = format!("`{path}` is served and `{without}` is not: paths are compared as they are");
                let finding = Finding::advice(ID, place, message).counterexample(format!("GET {without}"));
                findings.push(finding.help(format!("write `{without}`, or `{without}/*` for it and everything below")));
            }
        }
    }
}
