#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use aigw_compile::{Compiled, Input, compile};
use aigw_source::Limits;
use aigw_testkit::{Coverage, Settings, Subject, load, run};

use super::*;
use crate::output::CoverageFormat::{Html, Json, Lcov, Text};

const POLICIES: &str = include_str!("tests/policies.yaml");

const SUITE: &str = "
apiVersion: aigw.dev/v1
kind: TestSuite
metadata: {name: s}
spec:
  cases:
    - as: ann
      send: red
      times: 2
      upstream: {'*': {chat: {text: Hi.}}}
      expect: {status: 200}
    - {send: {get: /none}, expect: {status: 404, code: route_not_found}}
  fixtures:
    identities: {ann: {consumer: ann}}
    requests: {red: {post: /v1/chat/completions, chat: {model: m, user: Hello!}}}
";

fn compiled() -> Compiled {
    let files = [("p.yaml", POLICIES), ("texts/house.j2", "Be <b>kind</b> & \"brief\".\n")];
    let files = files.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())).into();
    let compiled = compile(Input { files, refused: Vec::new() }, &Limits::default());
    let said: Vec<_> = compiled.findings.iter().map(|finding| &finding.message).collect();
    assert!(compiled.program.is_some(), "{said:?}");
    compiled
}

/// What the suite reaches.
fn report(compiled: &Compiled) -> CoverageReport {
    let program = std::sync::Arc::new(compiled.program.clone().unwrap());
    let files = BTreeMap::from([("s.test.yaml".to_owned(), SUITE.as_bytes().to_vec())]);
    let suites = load(&files, &program, &Limits::default());
    let said: Vec<_> = suites.findings.iter().map(|finding| &finding.message).collect();
    assert!(said.is_empty(), "{said:?}");
    let (subject, mut coverage) = (Subject::watched(&program), Coverage::of(&program));
    for case in &suites.cases {
        let report = run(case, &subject, &Settings::default(), &mut coverage);
        assert!(report.passed(), "{:?}", report.failures);
    }
    coverage.report()
}

fn rendered(format: CoverageFormat) -> String {
    let compiled = compiled();
    let report = report(&compiled);
    render(&Shown { report: &report, sources: &compiled.sources, base: "policies/" }, format, false)
}

#[test]
fn for_people() {
    insta::assert_snapshot!(rendered(Text));
}

#[test]
fn as_lcov() {
    insta::assert_snapshot!(rendered(Lcov));
}

#[test]
fn as_html() {
    insta::assert_snapshot!(rendered(Html));
}

#[test]
fn as_json() {
    insta::assert_snapshot!(rendered(Json));
}

#[test]
fn html_holds_no_markup_of_policies_and_asks_for_nothing() {
    let page = rendered(Html);
    for wrong in ["<b>kind", "<script", "javascript:", "http://", "https://", "src=", "@import", "url("] {
        assert!(!page.replace("https://a.example", "").contains(wrong), "{wrong}");
    }
    assert!(page.contains("Be &lt;b&gt;kind&lt;/b&gt; &amp; &quot;brief&quot;."));
}

#[test]
fn counts_of_a_tracefile_add_up() {
    let lcov = rendered(Lcov);
    for record in lcov.split("end_of_record\n").filter(|record| !record.is_empty()) {
        let number =
            |name: &str| record.lines().find_map(|line| line.strip_prefix(name)).map_or(0, |n| n.parse::<usize>().unwrap());
        let with = |name: &'static str| record.lines().filter_map(move |line| line.strip_prefix(name));
        let hit = |line: &str| !matches!(line.rsplit(',').next(), Some("0" | "-"));
        assert_eq!((with("DA:").count(), with("DA:").filter(|line| hit(line)).count()), (number("LF:"), number("LH:")));
        assert_eq!((with("BRDA:").count(), with("BRDA:").filter(|line| hit(line)).count()), (number("BRF:"), number("BRH:")));
        assert!(record.starts_with("TN:aigw\nSF:policies/"), "{record}");
    }
}

#[test]
fn at_most_fifty_are_named() {
    let compiled = compiled();
    let mut report = Coverage::of(compiled.program.as_ref().unwrap()).report();
    let one = report.points.first().unwrap().clone();
    report.points = vec![one; 53];
    let text = render(&Shown { report: &report, sources: &compiled.sources, base: "" }, Text, false);
    assert!(text.contains("and 3 more; `--coverage json` names every one"), "{text}");
    assert_eq!(text.matches("never reached").count(), 50);
}

#[test]
fn where_nothing_changed_nothing_is_missing() {
    let compiled = compiled();
    let all = Coverage::of(compiled.program.as_ref().unwrap());
    let report = all.report_of(&aigw_testkit::Changes::default());
    let report = CoverageReport { changed_since: Some("main".to_owned()), ..report };
    let text = render(&Shown { report: &report, sources: &compiled.sources, base: "" }, Text, false);
    assert_eq!(text, "coverage: nothing that could be reached changed since main\n\n");
}
