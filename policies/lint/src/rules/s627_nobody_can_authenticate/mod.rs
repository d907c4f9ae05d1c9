//! Keys, tokens or certificates are asked for that nobody has.

use std::collections::BTreeSet;

use aigw_kinds::Repository;
use aigw_kinds::authentication::{AuthenticationSpec, UndeclaredSpec};
use aigw_kinds::consumer::{ConsumerSpec, CredentialSpec};
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "S627", name: "nobody-can-authenticate" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    if !view::is_complete(repository) {
        return;
    }
    let credentials = || repository.all::<ConsumerSpec>().flat_map(|consumer| &consumer.spec.credentials);
    let has_certificates = credentials().any(|credential| matches!(credential, CredentialSpec::Mtls(_)));
    // A Consumer without credentials is another finding.
    let has_consumers = repository.all::<ConsumerSpec>().next().is_some();
    let certificates_are_missing = !has_certificates && (!has_consumers || credentials().next().is_some());
    let selected: BTreeSet<&str> = credentials().filter_map(CredentialSpec::jwt).map(|token| token.issuer.as_str()).collect();
    let used: BTreeSet<&str> = view::uses(repository).iter().map(|attached| attached.doc.name.as_str()).collect();
    for policy in repository.all::<AuthenticationSpec>().filter(|policy| used.contains(policy.doc.name.as_str())) {
        let methods = &policy.spec.methods;
        if methods.mtls.is_some() && certificates_are_missing && !methods.anonymous {
            let message = "a client certificate is asked for, and no Consumer has one";
            let help = "write what it is known by among a Consumer's credentials, such as `mtls: {subject: CN=app}`";
            findings.push(Finding::warning(ID, policy.doc.locate_key("/spec/methods/mtls"), message).help(help));
        }
        if methods.api_key.is_some() && methods.jwt.is_empty() && !has_consumers && !methods.anonymous {
            let message = "an API key is asked for, and there is no Consumer to have one";
            let help = "`aigw api-key new` makes a key and prints the entry for a Consumer";
            findings.push(Finding::warning(ID, policy.doc.locate_key("/spec/methods/apiKey"), message).help(help));
        }
        for (index, issuer) in methods.jwt.iter().enumerate() {
            if issuer.undeclared == UndeclaredSpec::Reject && !selected.contains(issuer.name.as_str()) {
                let message = format!("every token of `{}` is refused: no Consumer is selected by its claims", issuer.name);
                let help =
                    "write `jwt: {issuer: …, claims: {…}}` among a Consumer's credentials, or what `undeclared` callers are";
                let place = policy.doc.locate(&format!("/spec/methods/jwt/{index}/name"));
                findings.push(Finding::warning(ID, place, message).help(help));
            }
        }
    }
}
