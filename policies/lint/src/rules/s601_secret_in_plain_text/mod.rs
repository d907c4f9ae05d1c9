//! A key or password stands in the repository.

mod shapes;

use aigw_kinds::Repository;
use aigw_source::{Finding, Findings, Level, RuleId, Sources, Span};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "S601", name: "secret-in-plain-text" };
pub(crate) const LEVEL: Level = Level::Error;

pub(crate) fn check(repository: &Repository, sources: &Sources, findings: &mut Findings) {
    for doc in &repository.documents {
        view::visit_strings(&doc.node.root, "", &mut |text, place, under| {
            let secret = shapes::known(text).or_else(|| if text == under { None } else { shapes::by_key(under, text) });
            findings.extend(secret.map(|what| finding(place, what)));
        });
    }
    for file in repository.files.values() {
        let text = &sources.file(*file).text;
        findings.extend(shapes::known(text).map(|what| finding(Span::point(*file, 0), what)));
    }
}

/// The secret itself is not repeated: most forms of output show no source and end up in logs.
fn finding(place: Span, what: &str) -> Finding {
    Finding::error(ID, place, format!("{what} stands here for everybody who can read the repository"))
        .note("it stays in the history of the repository: make a new one and revoke this")
        .help("give the runtime the value, and write `{secret: NAME}` where it is used")
}
