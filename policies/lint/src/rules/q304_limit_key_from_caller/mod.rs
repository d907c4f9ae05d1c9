//! A limit that callers escape by writing another header.

use aigw_expr::{NameId, NameRef};
use aigw_kinds::Repository;
use aigw_kinds::limit::{KeyPartSpec, KeyWord, LimitSpec};
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "Q304", name: "limit-key-from-caller" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for limit in repository.all::<LimitSpec>() {
        let per = &limit.spec.per;
        // A consumer that splits its own allowance among its users is theirs to trust.
        if per.items.contains(&KeyPartSpec::Word(KeyWord::Consumer)) {
            continue;
        }
        for (index, part) in per.items.iter().enumerate() {
            let KeyPartSpec::Expr(text) = part else { continue };
            let reads = view::reads(text);
            let identified = reads.iter().any(|read| {
                matches!(
                    read.name,
                    NameId::IdentityConsumer | NameId::IdentityTenant | NameId::IdentitySubscription | NameId::IdentityLabels
                )
            });
            let Some(written) = reads.iter().find_map(by_caller).filter(|_| !identified) else { continue };
            let item = if per.list { format!("/spec/per/{index}/expr") } else { "/spec/per/expr".to_owned() };
            let message = format!("the key of this limit is {written}, so each new value gives the caller a new allowance");
            let finding = Finding::warning(ID, limit.doc.locate(&item), message)
                .help("count by `consumer` or `ip`, alone or as another part of the key")
                .counterexample("send each request with another value");
            findings.push(finding);
        }
    }
}

/// What of the request the caller writes freely, in words.
fn by_caller(read: &NameRef) -> Option<String> {
    let what = match read.name {
        NameId::RequestHeaders => "header",
        NameId::RequestQuery => "query parameter",
        NameId::RequestBody => "part of the body",
        _ => return None,
    };
    Some(
        read.key.as_ref().map_or_else(
            || format!("a {what} that the caller writes"),
            |key| format!("the {what} `{key}`, which the caller writes"),
        ),
    )
}
