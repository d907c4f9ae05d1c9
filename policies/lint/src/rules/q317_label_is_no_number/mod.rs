//! A label that a limit reads as a number and cannot.

use std::collections::BTreeMap;

use aigw_kinds::Repository;
use aigw_kinds::limit::{AmountSpec, LimitSpec};
use aigw_source::{Finding, Findings, Level, RuleId, Sources, Span};

use crate::view::{self, step};

pub(crate) const ID: RuleId = RuleId { code: "Q317", name: "label-is-no-number" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    let read = read_as_numbers(repository);
    for holder in view::label_holders(repository) {
        for (label, value) in &holder.labels {
            let Some((limit, place)) = read.get(label.as_str()).filter(|_| value.parse::<u64>().is_err()) else { continue };
            let message =
                format!("the limit `{limit}` takes its number from this label, and `{value}` is none, so that it does not count");
            let finding = Finding::warning(ID, holder.locate(&format!("/metadata/labels/{}", step(label))), message)
                .label(*place, "read here")
                .help("write a whole number in quotes, such as `\"600\"`");
            findings.push(finding);
        }
    }
}

/// The labels that limits take numbers from, each with one of the limits and the place.
fn read_as_numbers(repository: &Repository) -> BTreeMap<&str, (&str, Span)> {
    let mut read = BTreeMap::new();
    for limit in repository.all::<LimitSpec>() {
        for (index, rule) in limit.spec.rules.iter().enumerate() {
            for (key, amount) in [("requests", &rule.requests), ("concurrency", &rule.concurrency)] {
                if let Some(AmountSpec::Label { label, .. }) = amount {
                    let place = limit.doc.locate(&format!("/spec/rules/{index}/{key}/label"));
                    read.entry(label.as_str()).or_insert((limit.doc.name.as_str(), place));
                }
            }
        }
    }
    read
}
