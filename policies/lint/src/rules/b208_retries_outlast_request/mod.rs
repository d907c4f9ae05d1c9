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
        let Some(Silence { places, shortest }) = silence(repository, model.spec) else { continue };
        // A target that was silent once is not asked again for the same request.
        let attempts = u64::from(retry.attempts).min(places);
        let all = Millis::new(shortest.as_millis().saturating_mul(attempts));
        let on_timeout = retry.retry_on.iter().any(|word| word.0 == RetryOn::Timeout);
        if attempts > 1 && on_timeout && all > request_time {
            let message =
                format!("{attempts} attempts that wait {shortest} each take {all}, but the request ends after {request_time}");
            let finding = Finding::warning(ID, model.doc.locate("/spec/retry/attempts"), message)
                .note("an attempt fails at the latest after `connect` and `firstByte` of its provider")
                .help("make fewer attempts, shorten `firstByte`, or lengthen the Gateway's `bounds.requestTime`");
            findings.push(finding);
        }
    }
}

/// What happens where no target of a model answers.
struct Silence {
    /// How many there are.
    places: u64,
    /// How long an attempt waits where it waits least.
    shortest: Millis,
}

/// `None` where a target is unknown or answers by itself.
fn silence(repository: &Repository, model: &ModelSpec) -> Option<Silence> {
    let destinations = view::model_destinations(repository, model);
    let remote = |(_, to): &(_, view::Destination<'_>)| to.provider.spec.r#type != ProviderType::Mock;
    if destinations.len() != model.targets.len() || !destinations.iter().all(remote) {
        return None;
    }
    let places: usize = destinations.iter().map(|(_, to)| to.places()).sum();
    let wait = destinations.iter().map(|(_, to)| {
        let timeouts = &to.provider.spec.timeouts;
        timeouts.total.min(Millis::new(timeouts.connect.as_millis().saturating_add(timeouts.first_byte.as_millis())))
    });
    Some(Silence { places: u64::try_from(places).unwrap_or(u64::MAX), shortest: wait.min()? })
}
