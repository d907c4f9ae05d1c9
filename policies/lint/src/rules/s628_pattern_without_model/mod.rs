//! A rule for models of which there is none.

use std::collections::BTreeSet;

use aigw_kinds::authorization::AuthorizationSpec;
use aigw_kinds::{Kind, Repository};
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "S628", name: "pattern-without-model" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    if !view::is_complete(repository) || repository.of_kind(Kind::Model).next().is_none() {
        return;
    }
    let names: BTreeSet<&str> = repository.of_kind(Kind::Model).map(|model| model.name.as_str()).collect();
    for policy in repository.all::<AuthorizationSpec>() {
        for (index, rule) in policy.spec.rules.iter().enumerate() {
            for (key, asked) in [("allow", &rule.allow), ("deny", &rule.deny)] {
                for (at, pattern) in asked.iter().flat_map(|asked| asked.models.iter().enumerate()) {
                    let Some(prefix) = pattern.strip_suffix('*') else { continue };
                    if names.range(prefix..).next().is_some_and(|name| name.starts_with(prefix)) {
                        continue;
                    }
                    let place = policy.doc.locate(&format!("/spec/rules/{index}/{key}/models/{at}"));
                    let message = format!("no Model fits `{pattern}`, so the rule is about nothing");
                    let help = "write how the names of Model documents begin; the names that clients write do not count here";
                    findings.push(Finding::warning(ID, place, message).help(help));
                }
            }
        }
    }
}
