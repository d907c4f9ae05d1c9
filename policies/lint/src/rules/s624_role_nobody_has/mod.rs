//! A rule for roles that no consumer has.

use std::collections::BTreeSet;

use aigw_kinds::Repository;
use aigw_kinds::authorization::AuthorizationSpec;
use aigw_kinds::consumer::ConsumerSpec;
use aigw_source::{Finding, Findings, Fix, Level, RuleId, Sources, nearest};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "S624", name: "role-nobody-has" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    let mut consumers = repository.all::<ConsumerSpec>().peekable();
    if consumers.peek().is_none() || !view::is_complete(repository) {
        return;
    }
    let held: BTreeSet<&str> = consumers.flat_map(|consumer| &consumer.spec.roles).map(aigw_core::Name::as_str).collect();
    for policy in repository.all::<AuthorizationSpec>() {
        for (index, rule) in policy.spec.rules.iter().enumerate() {
            for (at, role) in rule.roles.iter().enumerate().filter(|(_, role)| !held.contains(role.as_str())) {
                let place = policy.doc.locate(&format!("/spec/rules/{index}/roles/{at}"));
                let finding = Finding::warning(ID, place, format!("no Consumer has the role `{role}`"));
                findings.push(match nearest(role.as_str(), held.iter().copied()) {
                    Some(meant) => finding.help(format!("did you mean `{meant}`?")).fix(Fix::replace(
                        format!("write `{meant}`"),
                        place,
                        meant,
                    )),
                    None => finding.help("give a Consumer the role, or remove it here"),
                });
            }
        }
    }
}
