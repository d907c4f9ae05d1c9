//! A limit that takes its number from a label that nobody has of whom it could be: no subscription, consumer or tenant.

use aigw_kinds::limit::{AmountSpec, LimitSpec};
use aigw_kinds::{Doc, Kind, Repository};
use aigw_source::{Finding, Findings, Level, RuleId, Sources, nearest};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "Q316", name: "label-nobody-has" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    if repository.of_kind(Kind::Consumer).next().is_none() || !view::is_complete(repository) {
        return;
    }
    let holders: Vec<&Doc> = view::label_holders(repository).collect();
    for limit in repository.all::<LimitSpec>() {
        for (index, rule) in limit.spec.rules.iter().enumerate() {
            for (key, amount) in [("requests", &rule.requests), ("concurrency", &rule.concurrency)] {
                let Some(AmountSpec::Label { label, default }) = amount else { continue };
                if holders.iter().any(|holder| holder.labels.contains_key(label)) {
                    continue;
                }
                let place = limit.doc.locate(&format!("/spec/rules/{index}/{key}/label"));
                let message = format!(
                    "no Subscription, Consumer or Tenant has the label `{label}`, so everybody gets the default of {default}"
                );
                let known = holders.iter().flat_map(|holder| holder.labels.keys()).map(String::as_str);
                let help = nearest(label, known).map_or_else(
                    || format!("write the number itself, or give consumers the label: `labels: {{{label}: \"600\"}}`"),
                    |meant| format!("did you mean `{meant}`?"),
                );
                findings.push(Finding::warning(ID, place, message).help(help));
            }
        }
    }
}
