//! Attempts for which the request has no time.

use aigw_core::Millis;
use aigw_kinds::Repository;
use aigw_kinds::model::{ModelSpec, RetryOn};
use aigw_kinds::provider::ProviderType;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "B208", name: "retries-outlast-request" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    let request_time = view::bounds(repository).request_time;
    for model in repository.all::<ModelSpec>() {
        let retry = &model.spec.retry;
        let Some(shortest) = shortest_failure(repository, model.spec) else { continue };
        let all = Millis::new(shortest.as_millis().saturating_mul(u64::from(retry.attempts)));
        let on_timeout = retry.retry_on.iter().any(|word| word.0 == RetryOn::Timeout);
        if retry.attempts > 1 && on_timeout && all > request_time {
            let attempts = retry.attempts;
            let message =
                format!("{attempts} attempts that wait {shortest} each take {all}, but the request ends after {request_time}");
            let finding = Finding::warning(ID, model.doc.locate("/spec/retry/attempts"), message)
                .note("an attempt fails at the latest after `connect` and `firstByte` of its provider")
                .help("make fewer attempts, shorten `firstByte`, or lengthen the Gateway's `bounds.requestTime`");
            findings.push(finding);
        }
    }
}

/// How long an attempt waits for its first byte where it waits least; `None` where a target is unknown or answers by itself.
fn shortest_failure(repository: &Repository, model: &ModelSpec) -> Option<Millis> {
    let destinations = view::model_destinations(repository, model);
    let remote = |(_, to): &(_, view::Destination<'_>)| to.provider.spec.r#type != ProviderType::Mock;
    if destinations.len() != model.targets.len() || !destinations.iter().all(remote) {
        return None;
    }
    let wait = destinations.iter().map(|(_, to)| {
        let timeouts = &to.provider.spec.timeouts;
        timeouts.total.min(Millis::new(timeouts.connect.as_millis().saturating_add(timeouts.first_byte.as_millis())))
    });
    wait.min()
}
