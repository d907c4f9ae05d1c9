//! Classes of routes, and no load by which they would be told apart.

use aigw_kinds::Repository;
use aigw_kinds::route::{Class, RouteSpec};
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "R122", name: "class-without-load" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    // A Gateway that could not be read may have one.
    if repository.partial || view::gateway(repository).is_some_and(|gateway| gateway.spec.load.is_some()) {
        return;
    }
    for route in repository.all::<RouteSpec>().filter(|route| route.spec.class != Class::default()) {
        let message = format!("the route is `{}`, and nothing bounds how many requests are in flight", route.spec.class.as_str());
        let help = "write `load: {concurrency: …}` in the Gateway, or remove `class`";
        findings.push(Finding::warning(ID, route.doc.locate("/spec/class"), message).help(help));
    }
}
