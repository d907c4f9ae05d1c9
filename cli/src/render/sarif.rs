//! SARIF 2.1.0 (OASIS), the subset that code scanning reads. Columns are Unicode code points, and the log says so.

use std::collections::BTreeMap;

use aigw_source::{Finding, Label, Level};
use serde_json::{Value, json};

use super::{Report, fingerprints};

pub(super) fn render(report: &Report<'_>) -> String {
    let rules: BTreeMap<&str, &str> = report.findings.iter().map(|finding| (finding.rule.code, finding.rule.name)).collect();
    let indexes: BTreeMap<&str, usize> = rules.keys().enumerate().map(|(index, code)| (*code, index)).collect();
    let descriptors: Vec<Value> = rules.iter().map(|(code, name)| descriptor(code, name)).collect();
    let results: Vec<Value> = report
        .findings
        .iter()
        .zip(fingerprints(report))
        .map(|(finding, fingerprint)| result(report, finding, indexes.get(finding.rule.code).copied(), &fingerprint))
        .collect();
    let whole = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "aigw",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": descriptors,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{whole:#}\n")
}

fn descriptor(code: &str, name: &str) -> Value {
    let help = aigw_lint::explanation(code).map(|text| json!({"text": text, "markdown": text}));
    let mut descriptor = json!({"id": code, "name": name, "shortDescription": {"text": name.replace('-', " ")}});
    if let (Some(help), Some(object)) = (help, descriptor.as_object_mut()) {
        object.insert("help".to_owned(), help);
    }
    descriptor
}

fn result(report: &Report<'_>, finding: &Finding, rule: Option<usize>, fingerprint: &str) -> Value {
    let level = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Advice => "note",
    };
    let related: Vec<Value> =
        finding.labels.iter().enumerate().map(|(index, label)| location(report, label, Some(index + 1))).collect();
    let text = match &finding.help {
        Some(help) => format!("{}. {help}", finding.message),
        None => finding.message.clone(),
    };
    let mut result = json!({
        "ruleId": finding.rule.code,
        "level": level,
        "message": {"text": text},
        "locations": [location(report, &finding.primary, None)],
        "relatedLocations": related,
        "partialFingerprints": {"aigw/v1": fingerprint},
    });
    if let Some(object) = result.as_object_mut() {
        if let Some(rule) = rule {
            object.insert("ruleIndex".to_owned(), json!(rule));
        }
        if let Some(fix) = &finding.fix {
            object.insert("fixes".to_owned(), json!([fixes(report, fix)]));
        }
    }
    result
}

fn location(report: &Report<'_>, label: &Label, id: Option<usize>) -> Value {
    let mut location = json!({"physicalLocation": {
        "artifactLocation": {"uri": uri(&report.sources.file(label.span.file).path)},
        "region": region(report, label.span),
    }});
    if let Some(object) = location.as_object_mut() {
        if let Some(id) = id {
            object.insert("id".to_owned(), json!(id));
        }
        if !label.text.is_empty() {
            object.insert("message".to_owned(), json!({"text": label.text}));
        }
    }
    location
}

fn region(report: &Report<'_>, span: aigw_source::Span) -> Value {
    let (start, end) = (report.sources.position(span.file, span.start), report.sources.position(span.file, span.end));
    json!({"startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column})
}

fn fixes(report: &Report<'_>, fix: &aigw_source::Fix) -> Value {
    let mut by_file: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for edit in &fix.edits {
        let path = report.sources.file(edit.span.file).path.as_str();
        let replacement = json!({"deletedRegion": region(report, edit.span), "insertedContent": {"text": edit.text}});
        by_file.entry(path).or_default().push(replacement);
    }
    let changes: Vec<Value> = by_file
        .into_iter()
        .map(|(path, replacements)| json!({"artifactLocation": {"uri": uri(path)}, "replacements": replacements}))
        .collect();
    json!({"description": {"text": fix.message}, "artifactChanges": changes})
}

/// A relative path as a URI reference: everything but unreserved characters and `/` is percent-encoded.
fn uri(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}
