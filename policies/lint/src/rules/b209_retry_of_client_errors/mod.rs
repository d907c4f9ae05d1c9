//! A retry of what is never, or always, tried elsewhere.

use aigw_kinds::Repository;
use aigw_kinds::model::{ModelSpec, RetryOn};
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

pub(crate) const ID: RuleId = RuleId { code: "B209", name: "retry-of-client-errors" };
pub(crate) const LEVEL: Level = Level::Warning;

/// Statuses of RFC 9110 section 15.5 that say "later" or "again", not "never": request timeout, conflict, too early (RFC 8470), too many requests (RFC 6585).
const WORTH_ANOTHER_TRY: [u16; 4] = [408, 409, 425, 429];

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for model in repository.all::<ModelSpec>() {
        for (index, word) in model.spec.retry.retry_on.iter().enumerate() {
            let RetryOn::Status(status) = word.0 else { continue };
            if (400..500).contains(&status) && !WORTH_ANOTHER_TRY.contains(&status) {
                let place = model.doc.locate(&format!("/spec/retry/retryOn/{index}"));
                let message = format!("{status} decides nothing here: {}", why(status));
                findings.push(
                    Finding::warning(ID, place, message)
                        .help("remove it; worth another try are 408, 409, 425, 429, `5xx`, `timeout` and `connect`"),
                );
            }
        }
    }
}

/// What the class of the failure decides already.
const fn why(status: u16) -> &'static str {
    match status {
        401 | 403 => "a key that is refused sends the request to another target, listed or not",
        _ => "the request itself is refused, and is not sent again",
    }
}
