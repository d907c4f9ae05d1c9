//! What the tests of several modules share.

#![expect(clippy::panic, reason = "tests")]

use std::fmt::Write as _;

use crate::{Document, Findings, Limits, Sources, Span, read};

/// One file and what it came to.
pub(crate) struct Case {
    pub(crate) sources: Sources,
    pub(crate) documents: Vec<Document>,
    pub(crate) findings: Findings,
}

pub(crate) fn case(text: &str) -> Case {
    case_with(text, &Limits::default())
}

pub(crate) fn case_with(text: &str, limits: &Limits) -> Case {
    let mut sources = Sources::new();
    let file = sources.add("a.yaml", text);
    let mut findings = Findings::new();
    let documents = read(&sources, file, limits, &mut findings);
    Case { sources, documents, findings }
}

impl Case {
    /// The first document of a text that must be sound.
    pub(crate) fn sound(text: &str) -> (Sources, Document) {
        let case = case(text);
        assert!(case.findings.is_empty(), "{text:?}: {}", case.render());
        let document = case.documents.into_iter().next();
        (case.sources, document.unwrap_or_else(|| panic!("{text:?} has no document")))
    }

    pub(crate) fn codes(&self) -> Vec<&'static str> {
        self.findings.iter().map(|finding| finding.rule.code).collect()
    }

    pub(crate) fn render(&self) -> String {
        render(&self.sources, &self.findings)
    }
}

/// Findings as text: everything of them, places with what they cover.
pub(crate) fn render(sources: &Sources, findings: &Findings) -> String {
    let place = |span: Span| {
        let position = sources.position(span.file, span.start);
        format!("{}:{} `{}`", position.line, position.column, sources.text(span).escape_debug())
    };
    let mut out = String::new();
    for finding in findings {
        let level = format!("{:?}", finding.level).to_lowercase();
        let here = if finding.primary.text.is_empty() { String::new() } else { format!(" ({})", finding.primary.text) };
        let _ = writeln!(out, "{} {level} {}{here}: {}", finding.rule.code, place(finding.span()), finding.message);
        for label in &finding.labels {
            let _ = writeln!(out, "  {} ({})", place(label.span), label.text);
        }
        for note in &finding.notes {
            let _ = writeln!(out, "  note: {note}");
        }
        if let Some(help) = &finding.help {
            let _ = writeln!(out, "  help: {help}");
        }
        for edit in finding.fix.iter().flat_map(|fix| &fix.edits) {
            let _ = writeln!(out, "  fix: {} -> `{}`", place(edit.span), edit.text);
        }
    }
    out
}
