//! Findings as one JSON object, for programs. Lines and columns count from 1, columns in characters, bytes from 0.

use aigw_source::{Finding, Label, Level};
use serde_json::{Value, json};

use super::{Report, fingerprints, level_name};

pub(super) fn render(report: &Report<'_>) -> String {
    let findings: Vec<Value> = report
        .findings
        .iter()
        .zip(fingerprints(report))
        .map(|(finding, fingerprint)| one(report, finding, &fingerprint))
        .collect();
    let count = |level| report.findings.iter().filter(|finding| finding.level == level).count();
    let summary = json!({"errors": count(Level::Error), "warnings": count(Level::Warning), "advice": count(Level::Advice)});
    let whole = json!({"version": 1, "verb": report.verb, "findings": findings, "summary": summary});
    format!("{whole:#}\n")
}

fn one(report: &Report<'_>, finding: &Finding, fingerprint: &str) -> Value {
    let fix = finding.fix.as_ref().map(|fix| {
        let edits: Vec<Value> = fix
            .edits
            .iter()
            .map(|edit| {
                let mut place = place(report, &Label { span: edit.span, text: String::new() });
                if let Some(place) = place.as_object_mut() {
                    place.insert("replacement".to_owned(), json!(edit.text));
                }
                place
            })
            .collect();
        json!({"message": fix.message, "edits": edits})
    });
    json!({
        "code": finding.rule.code,
        "name": finding.rule.name,
        "level": level_name(finding.level),
        "message": finding.message,
        "place": place(report, &finding.primary),
        "labels": finding.labels.iter().map(|label| place(report, label)).collect::<Vec<_>>(),
        "notes": finding.notes,
        "help": finding.help,
        "counterexample": finding.counterexample,
        "fix": fix,
        "fingerprint": fingerprint,
    })
}

fn place(report: &Report<'_>, label: &Label) -> Value {
    let span = label.span;
    let (start, end) = (report.sources.position(span.file, span.start), report.sources.position(span.file, span.end));
    let mut place = json!({
        "file": report.sources.file(span.file).path,
        "line": start.line, "column": start.column, "endLine": end.line, "endColumn": end.column,
        "byte": span.start, "endByte": span.end,
    });
    if let (false, Some(object)) = (label.text.is_empty(), place.as_object_mut()) {
        object.insert("text".to_owned(), json!(label.text));
    }
    place
}
