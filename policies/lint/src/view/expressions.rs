//! Where conditions stand, and what expressions look at.

use aigw_expr::{NameRef, Scope, Type, ValueExpr};
use aigw_kinds::{Doc, Repository, Spec};

/// A condition where it stands.
#[derive(Debug, Clone)]
pub(crate) struct WrittenCondition<'a> {
    /// The document.
    pub(crate) doc: &'a Doc,
    /// Its pointer.
    pub(crate) pointer: String,
    /// As written.
    pub(crate) text: &'a str,
    /// What it decides about, to follow "so".
    pub(crate) never: &'static str,
}

/// Every `when` of the repository.
pub(crate) fn conditions(repository: &Repository) -> Vec<WrittenCondition<'_>> {
    repository.documents.iter().flat_map(of_document).collect()
}

fn of_document(doc: &Doc) -> Vec<WrittenCondition<'_>> {
    match &doc.spec {
        Some(Spec::Route(spec)) => {
            of_list(doc, "matches", "no request fits this match", spec.matches.iter().map(|written| written.when.as_deref()))
        }
        Some(Spec::Model(spec)) => {
            of_list(doc, "targets", "the target is never eligible", spec.targets.iter().map(|written| written.when.as_deref()))
        }
        Some(Spec::Authorization(spec)) => {
            of_list(doc, "rules", "the rule never applies", spec.rules.iter().map(|written| written.when.as_deref()))
        }
        Some(Spec::Limit(spec)) => {
            of_list(doc, "rules", "nothing is counted", spec.rules.iter().map(|written| written.when.as_deref()))
        }
        _ => Vec::new(),
    }
}

fn of_list<'a>(
    doc: &'a Doc,
    list: &str,
    never: &'static str,
    whens: impl Iterator<Item = Option<&'a str>>,
) -> Vec<WrittenCondition<'a>> {
    let written = whens.enumerate().filter_map(|(index, when)| Some((index, when?)));
    written.map(|(index, text)| WrittenCondition { doc, pointer: format!("/spec/{list}/{index}/when"), text, never }).collect()
}

/// What a value expression looks at; nothing where it does not compile, which is another finding.
pub(crate) fn reads(text: &str) -> Vec<NameRef> {
    ValueExpr::compile(text, Scope::Call, Type::Any).map_or_else(|_| Vec::new(), |expression| expression.reads().to_vec())
}
