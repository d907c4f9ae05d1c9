//! A consumer that no caller can be.

use aigw_kinds::authentication::AuthenticationSpec;
use aigw_kinds::consumer::{ConsumerSpec, CredentialSpec};
use aigw_kinds::{Repository, Typed};
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "S623", name: "consumer-without-credential" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    // A policy that could not be read may accept them.
    let accepts = |policy: Typed<'_, AuthenticationSpec>| policy.spec.methods.mtls.is_some();
    let certificates_count = !view::is_complete(repository) || repository.all::<AuthenticationSpec>().any(accepts);
    let is_certificate = |credential: &CredentialSpec| matches!(credential, CredentialSpec::Mtls(_));
    for consumer in repository.all::<ConsumerSpec>().filter(|_| !certificates_count) {
        if !consumer.spec.credentials.is_empty() && consumer.spec.credentials.iter().all(is_certificate) {
            let message =
                format!("nobody can prove to be `{}`: no Authentication accepts client certificates", consumer.doc.name);
            let help = "add `mtls: {ca: NAME}` to the methods of an Authentication; or give it another credential";
            findings.push(Finding::warning(ID, consumer.doc.name_span(), message).help(help));
        }
    }
    for consumer in repository.all::<ConsumerSpec>().filter(|consumer| consumer.spec.credentials.is_empty()) {
        let message = format!("nobody can prove to be `{}`: it has no credentials", consumer.doc.name);
        let help = "`aigw api-key new` makes a key and prints the entry; or remove the document";
        findings.push(Finding::warning(ID, consumer.doc.name_span(), message).help(help));
    }
}
