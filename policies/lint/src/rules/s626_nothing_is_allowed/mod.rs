//! Routes on which no rule can allow anything.

use aigw_kinds::authorization::AuthorizationSpec;
use aigw_kinds::{Doc, Mode, Repository};
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "S626", name: "nothing-is-allowed" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for uses in view::routes(repository) {
        let policies: Vec<(&Doc, &AuthorizationSpec)> =
            uses.policies.iter().filter_map(|attached| Some((attached.doc, attached.doc.spec_as()?))).collect();
        let name = &uses.route.doc.name;
        // Without a policy in force the route is an error already.
        let in_force = policies.iter().any(|(_, policy)| policy.mode == Mode::Enforce);
        if !in_force || policies.iter().any(|(_, policy)| may_allow(policy, name)) {
            continue;
        }
        let message = format!("no rule in force allows anything on `{name}`, so every request is refused with 403");
        let mut finding = Finding::warning(ID, uses.route.doc.name_span(), message);
        for (doc, policy) in policies {
            let text = if policy.mode == Mode::Enforce {
                "no rule that allows anything here"
            } else {
                "in shadow: it neither allows nor denies"
            };
            finding = finding.label(doc.name_span(), text);
        }
        findings.push(finding.help("add a rule that allows, or attach a policy with one"));
    }
}

fn may_allow(policy: &AuthorizationSpec, route: &str) -> bool {
    let in_force = policy.mode == Mode::Enforce;
    in_force
        && policy.rules.iter().filter(|rule| rule.mode == Mode::Enforce).any(|rule| {
            rule.allow.as_ref().is_some_and(|asked| asked.routes.is_empty() || asked.routes.iter().any(|name| name == route))
        })
}
