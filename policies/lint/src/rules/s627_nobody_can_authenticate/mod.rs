//! Keys are asked for that nobody has.

use std::collections::BTreeSet;

use aigw_kinds::Repository;
use aigw_kinds::authentication::AuthenticationSpec;
use aigw_kinds::consumer::ConsumerSpec;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "S627", name: "nobody-can-authenticate" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    // A Consumer without credentials is another finding.
    let has_consumers = repository.all::<ConsumerSpec>().next().is_some();
    if has_consumers || !view::is_complete(repository) {
        return;
    }
    let used: BTreeSet<&str> = view::uses(repository).iter().map(|attached| attached.doc.name.as_str()).collect();
    for policy in repository.all::<AuthenticationSpec>().filter(|policy| used.contains(policy.doc.name.as_str())) {
        let methods = &policy.spec.methods;
        if methods.api_key.is_some() && !methods.anonymous {
            let message = "an API key is asked for, and there is no Consumer to have one";
            let help = "`aigw api-key new` makes a key and prints the entry for a Consumer";
            findings.push(Finding::warning(ID, policy.doc.locate_key("/spec/methods/apiKey"), message).help(help));
        }
    }
}
