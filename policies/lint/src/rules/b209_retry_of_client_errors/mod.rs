//! A retry of what will be refused again.

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
                let message = format!("an upstream that answers {status} refuses the request itself, and will refuse it again");
                findings.push(
                    Finding::warning(ID, place, message)
                        .help("remove it; each retry costs the caller time and the provider quota"),
                );
            }
        }
    }
}
