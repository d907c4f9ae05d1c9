//! A limit that refuses everything.

use aigw_kinds::Repository;
use aigw_kinds::limit::{AmountSpec, LimitSpec};
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

pub(crate) const ID: RuleId = RuleId { code: "Q314", name: "limit-of-zero" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for limit in repository.all::<LimitSpec>() {
        for (index, rule) in limit.spec.rules.iter().enumerate() {
            for (key, amount) in [("requests", &rule.requests), ("concurrency", &rule.concurrency)] {
                if amount == &Some(AmountSpec::Number(0)) {
                    let place = limit.doc.locate(&format!("/spec/rules/{index}/{key}"));
                    let message =
                        format!("`{key}: 0` refuses every request as one too many, and tells the caller to try again later");
                    findings.push(
                        Finding::warning(ID, place, message).help("to forbid something, write an Authorization rule with `deny`"),
                    );
                }
            }
        }
    }
}
