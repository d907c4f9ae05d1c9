//! A consumer that no caller can be.

use aigw_kinds::Repository;
use aigw_kinds::consumer::ConsumerSpec;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

pub(crate) const ID: RuleId = RuleId { code: "S623", name: "consumer-without-credential" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for consumer in repository.all::<ConsumerSpec>().filter(|consumer| consumer.spec.credentials.is_empty()) {
        let message = format!("nobody can prove to be `{}`: it has no credentials", consumer.doc.name);
        let help = "`aigw api-key new` makes a key and prints the entry; or remove the document";
        findings.push(Finding::warning(ID, consumer.doc.name_span(), message).help(help));
    }
}
