//! JUnit XML: a suite a suite, a case a case. Its `time` is absent, since readers take it for time that somebody waited.

use std::collections::BTreeMap;

use aigw_testkit::results::{CaseResult, Results, RunStatus};
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use super::{at, orphan, told, told_finding};

pub(super) fn render(results: &Results) -> String {
    let mut junit = Report::new("aigw test");
    junit.add_test_suites(findings(results));
    junit.add_test_suites(suites(results));
    if !results.orphans.is_empty() {
        let mut suite = TestSuite::new("snapshots");
        suite.add_test_cases(results.orphans.iter().map(|path| {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(orphan(path)).set_type("orphaned-snapshot");
            TestCase::new(path.as_str(), status)
        }));
        junit.add_test_suite(suite);
    }
    if results.status == RunStatus::NoTest {
        junit.add_test_suite(no_test());
    }
    // Writing to memory fails only where a text holds what XML cannot: then the reader still gets a well-formed report that says so.
    junit.to_string().unwrap_or_else(|error| format!("<testsuites name=\"aigw\" errors=\"1\"><!-- {error} --></testsuites>"))
        + "\n"
}

/// A suite a file in which something is wrong.
fn findings(results: &Results) -> impl Iterator<Item = TestSuite> {
    let mut suites: BTreeMap<&str, TestSuite> = BTreeMap::new();
    for finding in &results.findings {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(finding.message.clone()).set_type(finding.code.clone()).set_description(told_finding(finding));
        let name = format!("{} {} ({})", finding.code, finding.name, at(&finding.place));
        let path = finding.place.file.as_str();
        suites.entry(path).or_insert_with(|| TestSuite::new(path)).add_test_case(TestCase::new(name, status));
    }
    suites.into_values()
}

/// Suites in the order of their first cases.
fn suites(results: &Results) -> Vec<TestSuite> {
    let mut suites: Vec<(&str, TestSuite)> = Vec::new();
    for case in &results.cases {
        if suites.last().is_none_or(|(name, _)| *name != case.suite) {
            suites.push((&case.suite, TestSuite::new(case.suite.as_str())));
        }
        if let Some((_, suite)) = suites.last_mut() {
            suite.add_test_case(one(case));
        }
    }
    suites.into_iter().map(|(_, suite)| suite).collect()
}

fn one(case: &CaseResult) -> TestCase {
    let status = match case.failures.first() {
        None => TestCaseStatus::success(),
        Some(first) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(first.message.clone()).set_type(first.kind.as_str());
            status.set_description(case.failures.iter().map(told).collect::<Vec<_>>().join("\n\n"));
            status
        }
    };
    let mut test = TestCase::new(case.name.as_str(), status);
    test.set_classname(case.suite.as_str());
    // As reporters that draw annotations read them.
    test.extra.insert("file".into(), case.place.file.as_str().into());
    test.extra.insert("line".into(), case.place.line.to_string().into());
    test.add_property(Property::new("virtual-ms", case.virtual_ms.to_string()));
    test.add_property(Property::new("requests", case.requests.to_string()));
    test
}

/// A report without any case is green to many readers.
fn no_test() -> TestSuite {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message("no test ran").set_type("no-test");
    let mut suite = TestSuite::new("tests");
    suite.add_test_case(TestCase::new("no test ran", status));
    suite
}
