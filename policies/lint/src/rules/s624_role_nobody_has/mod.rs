//! A rule for roles that nobody has.

use std::collections::BTreeSet;

use aigw_kinds::Repository;
use aigw_kinds::authentication::{AuthenticationSpec, JwtMethodSpec, UndeclaredSpec};
use aigw_kinds::authorization::AuthorizationSpec;
use aigw_kinds::consumer::ConsumerSpec;
use aigw_source::{Finding, Findings, Fix, Level, RuleId, Sources, nearest};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "S624", name: "role-nobody-has" };
pub(crate) const LEVEL: Level = Level::Warning;

/// The roles that an issuer's tokens may give.
fn given(issuer: &JwtMethodSpec) -> impl Iterator<Item = &aigw_core::Name> {
    let mapped = issuer.roles.iter().flat_map(|roles| roles.map.values());
    let undeclared = match &issuer.undeclared {
        UndeclaredSpec::Reject => None,
        UndeclaredSpec::Admit(caller) => Some(&caller.roles),
    };
    mapped.chain(undeclared.into_iter().flatten())
}

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    let consumers: Vec<_> = repository.all::<ConsumerSpec>().collect();
    let issuers: Vec<&JwtMethodSpec> =
        repository.all::<AuthenticationSpec>().flat_map(|policy| &policy.spec.methods.jwt).collect();
    if (consumers.is_empty() && issuers.is_empty()) || !view::is_complete(repository) {
        return;
    }
    let declared = consumers.iter().flat_map(|consumer| &consumer.spec.roles);
    let held = declared.chain(issuers.iter().copied().flat_map(given)).map(aigw_core::Name::as_str);
    let held: BTreeSet<&str> = held.collect();
    for policy in repository.all::<AuthorizationSpec>() {
        for (index, rule) in policy.spec.rules.iter().enumerate() {
            for (at, role) in rule.roles.iter().enumerate().filter(|(_, role)| !held.contains(role.as_str())) {
                let place = policy.doc.locate(&format!("/spec/rules/{index}/roles/{at}"));
                let finding =
                    Finding::warning(ID, place, format!("nobody has the role `{role}`: no Consumer, and no token gives it"));
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
