//! Allow rules beside one that allows everything to everybody.

use aigw_kinds::authorization::{AskedSpec, AuthorizationRuleSpec, AuthorizationSpec};
use aigw_kinds::{Mode, Repository};
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

pub(crate) const ID: RuleId = RuleId { code: "S625", name: "allow-rule-decides-nothing" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for policy in repository.all::<AuthorizationSpec>() {
        let rules = &policy.spec.rules;
        let Some(open) = rules.iter().position(allows_everything) else { continue };
        let Some(rule) = rules.get(open) else { continue };
        let others = rules
            .iter()
            .enumerate()
            .filter(|(index, other)| *index != open && other.allow.is_some() && other.mode == Mode::Enforce);
        for (index, other) in others {
            let message = format!("`{}` decides nothing: `{}` allows everything to everybody already", other.name, rule.name);
            let finding = Finding::warning(ID, policy.doc.locate(&format!("/spec/rules/{index}/name")), message)
                .label(policy.doc.locate(&format!("/spec/rules/{open}")), "no roles, no condition, and `{}` is everything")
                .help("say in the wide rule who is meant and what, or remove the narrow one");
            findings.push(finding);
        }
    }
}

fn allows_everything(rule: &AuthorizationRuleSpec) -> bool {
    rule.mode == Mode::Enforce && rule.roles.is_empty() && rule.when.is_none() && rule.allow == Some(AskedSpec::default())
}
