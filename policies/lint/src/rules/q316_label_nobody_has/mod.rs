//! A limit that takes its number from a label that no consumer has.

use aigw_kinds::Repository;
use aigw_kinds::consumer::ConsumerSpec;
use aigw_kinds::limit::{AmountSpec, LimitSpec};
use aigw_source::{Finding, Findings, Level, RuleId, Sources, nearest};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "Q316", name: "label-nobody-has" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    let consumers: Vec<_> = repository.all::<ConsumerSpec>().collect();
    if consumers.is_empty() || !view::is_complete(repository) {
        return;
    }
    for limit in repository.all::<LimitSpec>() {
        for (index, rule) in limit.spec.rules.iter().enumerate() {
            for (key, amount) in [("requests", &rule.requests), ("concurrency", &rule.concurrency)] {
                let Some(AmountSpec::Label { label, default }) = amount else { continue };
                if consumers.iter().any(|consumer| consumer.doc.labels.contains_key(label)) {
                    continue;
                }
                let place = limit.doc.locate(&format!("/spec/rules/{index}/{key}/label"));
                let message = format!("no Consumer has the label `{label}`, so everybody gets the default of {default}");
                let known = consumers.iter().flat_map(|consumer| consumer.doc.labels.keys()).map(String::as_str);
                let help = nearest(label, known).map_or_else(
                    || format!("write the number itself, or give consumers the label: `labels: {{{label}: \"600\"}}`"),
                    |meant| format!("did you mean `{meant}`?"),
                );
                findings.push(Finding::warning(ID, place, message).help(help));
            }
        }
    }
}
