//! Settings of retries where nothing is sent again.

use aigw_kinds::Repository;
use aigw_kinds::model::ModelSpec;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "B218", name: "retry-settings-without-retries" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for model in repository.all::<ModelSpec>() {
        let retry = &model.spec.retry;
        let (keys, why): (&[&str], _) = match (retry.attempts, retry.retry_on.is_empty()) {
            (1, _) => (&["retryOn", "backoff", "budget"], "`attempts: 1` sends nothing again"),
            (_, true) => (&["attempts", "backoff", "budget"], "`retryOn` is empty, so nothing is sent again"),
            _ => continue,
        };
        for key in keys.iter().filter(|key| view::written(model.doc, &format!("/spec/retry/{key}"))) {
            let place = model.doc.locate_key(&format!("/spec/retry/{key}"));
            let help = "remove it, or allow more attempts and say what they answer to";
            findings.push(Finding::warning(ID, place, format!("`{key}` decides nothing: {why}")).help(help));
        }
    }
}
