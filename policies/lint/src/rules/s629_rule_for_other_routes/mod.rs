//! A rule for routes that its policy is not attached to.

use std::collections::{BTreeMap, BTreeSet};

use aigw_kinds::authorization::AuthorizationSpec;
use aigw_kinds::{Kind, Repository};
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "S629", name: "rule-for-other-routes" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    let mut under: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let all = view::routes(repository);
    for uses in &all {
        for attached in uses.policies.iter().filter(|attached| attached.doc.kind == Kind::Authorization) {
            under.entry(&attached.doc.name).or_default().insert(&uses.route.doc.name);
        }
    }
    for policy in repository.all::<AuthorizationSpec>() {
        // A policy that is used nowhere is another finding.
        let Some(routes) = under.get(policy.doc.name.as_str()) else { continue };
        for (index, rule) in policy.spec.rules.iter().enumerate() {
            for (key, asked) in [("allow", &rule.allow), ("deny", &rule.deny)] {
                for (at, name) in asked.iter().flat_map(|asked| asked.routes.iter().enumerate()) {
                    if routes.contains(name.as_str()) || repository.find(Kind::Route, name).is_none() {
                        continue;
                    }
                    let place = policy.doc.locate(&format!("/spec/rules/{index}/{key}/routes/{at}"));
                    let message =
                        format!("`{}` is not attached to the route `{name}`, so nothing here applies to it", policy.doc.name);
                    findings
                        .push(Finding::warning(ID, place, message).help("attach the policy to that route, or to the Gateway"));
                }
            }
        }
    }
}
