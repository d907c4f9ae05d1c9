//! What the tests of suites share: policies to test, suites in, findings or failures out.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Arc;

use aigw_compile::{Compiled, Input, compile};
use aigw_kinds::Program;
use aigw_source::{Limits, Sources, Span};

use crate::{Case, Report, Settings, Subject, Suites, load, run, settle};

/// Two endpoints, one after the other; shares by chance and by hash; a mock; a key that expires; a limit of three a minute; a clock; a token.
const HOUSE: &str = include_str!("testing/house.yaml");

pub(crate) fn house() -> Arc<Program> {
    let files = BTreeMap::from([("house.yaml".to_owned(), HOUSE.as_bytes().to_vec())]);
    Arc::new(compiled(files).program.unwrap())
}

/// These policies, compiled; what is wrong with them ends the test.
pub(crate) fn compiled(files: BTreeMap<String, Vec<u8>>) -> Compiled {
    let compiled = compile(Input { files, refused: Vec::new() }, &Limits::default());
    let findings: Vec<_> = compiled.findings.iter().map(|finding| finding.message.as_str()).collect();
    assert!(compiled.program.is_some(), "{findings:#?}");
    compiled
}

/// A suite with these fixtures and cases, one line above `fixtures:`.
pub(crate) fn suite(fixtures: &str, cases: &str) -> String {
    let fixtures = indented(fixtures, "    ");
    let cases = indented(cases, "    ");
    format!(
        "apiVersion: aigw.dev/v1\nkind: TestSuite\nmetadata: {{name: suite}}\nspec:\n  fixtures:\n{fixtures}  cases:\n{cases}"
    )
}

fn indented(text: &str, by: &str) -> String {
    text.lines().filter(|line| !line.trim().is_empty()).map(|line| format!("{by}{line}\n")).collect()
}

/// What most suites need: callers, requests and answers.
pub(crate) const FIXTURES: &str = "
identities: {app: {consumer: app}}
requests:
  hello: {post: /v1/chat/completions, chat: {model: chat, user: Hello!}}
  stream: {use: hello, set: {/stream: true}}
upstreams:
  ok: {chat: {text: Hi., usage: {input: 100, output: 20}}}
";

/// Reads these files, by their paths, against [`HOUSE`].
pub(crate) fn loaded(files: &[(&str, &str)]) -> Suites {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
    load(&files, &house(), &Limits::default())
}

/// `path:line:column CODE message | help` of each finding, a line each.
pub(crate) fn findings(files: &[(&str, &str)]) -> String {
    let suites = loaded(files);
    let lines = suites.findings.iter().map(|finding| {
        let place = place(&suites.sources, finding.span());
        let help = finding.help.as_deref().map(|help| format!(" | {help}")).unwrap_or_default();
        format!("{place} {} {}{help}", finding.rule.code, finding.message)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The findings of cases beside [`FIXTURES`], but that fixtures are not used; lines count from the first case.
pub(crate) fn faults(cases: &str) -> String {
    let text = suite(FIXTURES, cases);
    let above = text.lines().position(|line| line == "  cases:").unwrap() + 1;
    let suites = loaded(&[("a.test.yaml", &text)]);
    let lines = suites.findings.iter().filter(|finding| finding.rule != crate::rules::UNUSED_FIXTURE).map(|finding| {
        let position = suites.sources.position(finding.span().file, finding.span().start);
        let help = finding.help.as_deref().map(|help| format!(" | {help}")).unwrap_or_default();
        let (line, column) = (position.line.saturating_sub(u32::try_from(above).unwrap()), position.column.saturating_sub(4));
        format!("{line}:{column} {} {}{help}", finding.rule.code, finding.message)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn place(sources: &Sources, span: Span) -> String {
    let position = sources.position(span.file, span.start);
    format!("{}:{}:{}", sources.file(span.file).path, position.line, position.column)
}

/// Runs cases beside [`FIXTURES`]; those that they do not use are no fault. The reports in order.
pub(crate) fn reports(cases: &str) -> Vec<(Case, Report)> {
    reports_of(&suite(FIXTURES, cases), &Settings::default())
}

pub(crate) fn reports_of(text: &str, settings: &Settings) -> Vec<(Case, Report)> {
    let suites = loaded(&[("a.test.yaml", text)]);
    let faults: Vec<_> = suites.findings.iter().filter(|finding| finding.rule != crate::rules::UNUSED_FIXTURE).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    let subject = Subject::new(&house());
    let cases: Vec<&Case> = suites.cases.iter().collect();
    let mut reports: Vec<Report> = cases.iter().map(|case| run(case, &subject, settings, &mut ())).collect();
    settle(&cases, &mut reports);
    suites.cases.iter().cloned().zip(reports).collect()
}

/// What fails of these cases: `name: message: expected, came`, a line each.
pub(crate) fn failures(cases: &str) -> String {
    failed(&reports(cases))
}

pub(crate) fn failed(reports: &[(Case, Report)]) -> String {
    let lines = reports.iter().flat_map(|(case, report)| {
        report.failures.iter().map(|failure| {
            let wanted = failure.expected.as_ref().map(|expected| format!(": expected {expected}")).unwrap_or_default();
            let came = failure.came.as_ref().map(|came| format!(", came {came}")).unwrap_or_default();
            format!("{}: {} {}{wanted}{came}", case.name, failure.kind.as_str(), failure.message)
        })
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Cases that pass.
pub(crate) fn pass(cases: &str) {
    assert_eq!(failures(cases), "");
}
