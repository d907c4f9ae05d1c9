//! A longer window that allows what the shorter one never lets through.

use aigw_core::Millis;
use aigw_kinds::limit::{AmountSpec, LimitRuleSpec, LimitSpec};
use aigw_kinds::{Mode, Repository};
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

pub(crate) const ID: RuleId = RuleId { code: "Q315", name: "limit-never-reached" };
pub(crate) const LEVEL: Level = Level::Advice;

/// Limits with more rules are made by programs, and each rule would be compared with each.
const MOST_RULES: usize = 200;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for limit in repository.all::<LimitSpec>().filter(|limit| limit.spec.rules.len() <= MOST_RULES) {
        let counted: Vec<(usize, &LimitRuleSpec, u64, Millis)> =
            limit.spec.rules.iter().enumerate().filter_map(|(index, rule)| fixed(index, rule)).collect();
        for (index, rule, number, window) in &counted {
            let decides = |(_, other, most, shorter): &&(usize, &LimitRuleSpec, u64, Millis)| {
                let passes = most.saturating_mul(window.as_millis().div_ceil(shorter.as_millis().max(1)));
                other.mode == rule.mode && other.when.is_none() && shorter < window && passes <= *number
            };
            let Some((other_index, other, most, shorter)) = counted.iter().find(decides) else { continue };
            let message = format!(
                "`{}` allows {number} in {window}, more than `{}` with {most} in {shorter} ever lets through",
                rule.name, other.name
            );
            let finding = Finding::advice(ID, limit.doc.locate(&format!("/spec/rules/{index}/requests")), message)
                .label(limit.doc.locate(&format!("/spec/rules/{other_index}/requests")), "this one always decides")
                .help("lower it, or remove the rule");
            findings.push(finding);
        }
    }
}

/// Rules that count the same for every caller.
fn fixed(index: usize, rule: &LimitRuleSpec) -> Option<(usize, &LimitRuleSpec, u64, Millis)> {
    match (&rule.requests, rule.window) {
        (Some(AmountSpec::Number(number)), Some(window)) if rule.mode != Mode::Disabled => Some((index, rule, *number, window)),
        _ => None,
    }
}
