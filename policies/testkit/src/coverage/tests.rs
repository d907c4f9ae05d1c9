#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod changes;
mod counting;
mod reach;

use std::collections::BTreeMap;
use std::sync::Arc;

use aigw_compile::Compiled;
use aigw_source::Limits;

use super::*;
use crate::{Settings, Subject, load, run};

const POLICIES: &str = include_str!("tests/policies.yaml");

/// What every suite here can use: who asks, and what upstreams answer.
const FIXTURES: &str = "
apiVersion: aigw.dev/v1
kind: TestFixtures
metadata: {name: all}
spec:
  identities:
    ann: {consumer: ann}
    stranger: {key: nobody-issued-this}
  requests:
    red: {post: /v1/chat/completions, host: a.example, headers: {x-team: red}, chat: {model: big, user: Hello!}}
    blue: {use: red, headers: {x-team: blue}}
  upstreams:
    ok: {chat: {text: Hi.}}
    busy: {status: 503}
";

const SUITE: &str = "
apiVersion: aigw.dev/v1
kind: TestSuite
metadata: {name: s}
spec:
  cases:
";

fn compiled(policies: &str) -> Compiled {
    crate::testing::compiled(BTreeMap::from([("p.yaml".to_owned(), policies.as_bytes().to_vec())]))
}

/// The cases of a suite, run; each counts into the coverage that `into` names for it.
fn run_cases(policies: &str, cases: &str, coverages: &mut [Coverage]) {
    let program = Arc::new(compiled(policies).program.unwrap());
    let suite = format!("{SUITE}{cases}").into_bytes();
    let files = [("s.test.yaml", suite), ("fixtures/all.yaml", FIXTURES.into())];
    let files = files.map(|(path, bytes)| (path.to_owned(), bytes)).into();
    let suites = load(&files, &program, &Limits::default());
    let said = suites.findings.iter().map(|finding| &finding.message);
    let said: Vec<_> = said.filter(|message| !message.starts_with("no case uses")).collect();
    assert!(said.is_empty(), "{said:?}");
    let subject = Subject::watched(&program);
    let many = coverages.len();
    for (index, case) in suites.cases.iter().enumerate() {
        let report = run(case, &subject, &Settings::default(), &mut coverages[index % many]);
        assert!(report.passed(), "{}: {:#?}", case.name, report.failures);
    }
}

fn covered(policies: &str, cases: &str) -> CoverageReport {
    let mut coverages = [Coverage::of(&compiled(policies).program.unwrap())];
    run_cases(policies, cases, &mut coverages);
    coverages[0].report()
}

/// Points of a kind as `line name outcome count`.
fn points(report: &CoverageReport, kind: PointKind) -> Vec<String> {
    let of_kind = report.points.iter().filter(|point| point.kind == kind);
    of_kind.map(|point| format!("{} {} {:?} {}", point.line, point.name, point.outcome, point.count)).collect()
}

/// Checks what the cases reach of the points of one kind.
fn check(kind: PointKind, cases: &str, expected: &[&str]) {
    assert_eq!(points(&covered(POLICIES, cases), kind), expected, "{cases}");
}
