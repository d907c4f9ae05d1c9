//! Failing cases as GitHub Actions' annotations, at the expectations that do not hold.

use aigw_testkit::results::Span;

use super::{Shown, full_name, orphan};
use crate::render::github::{data, property};

pub(super) fn render(shown: &Shown<'_>) -> String {
    let mut out = String::new();
    for finding in &shown.results.findings {
        let message = finding.help.iter().fold(finding.message.clone(), |text, help| format!("{text}\n{help}"));
        out += &annotation(shown.base, &finding.place, &format!("{} {}", finding.code, finding.name), &message);
    }
    for case in &shown.results.cases {
        for failure in &case.failures {
            let mut message = failure.message.clone();
            for (name, text) in [("expected", &failure.expected), ("came", &failure.came)] {
                message.extend(text.iter().map(|text| format!("\n{name}: {text}")));
            }
            message.extend(failure.diff.iter().map(|diff| format!("\n{diff}")));
            message += &format!("\n{}", (shown.again)(&full_name(case)));
            out += &annotation(shown.base, &failure.place, &full_name(case), &message);
        }
    }
    for path in &shown.results.orphans {
        let file = property(&format!("{}{path}", shown.base));
        out += &format!("::error file={file},title=orphaned snapshot::{}\n", data(&orphan(path)));
    }
    out
}

fn annotation(base: &str, place: &Span, title: &str, message: &str) -> String {
    let file = property(&format!("{base}{}", place.file));
    format!("::error file={file},line={},col={},title={}::{}\n", place.line, place.column, property(title), data(message))
}
