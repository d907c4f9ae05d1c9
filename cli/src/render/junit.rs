//! JUnit XML: a suite a file, a case a finding; a file without findings does not appear, and a run without any is one passed case.

use std::collections::BTreeMap;

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use super::{Report, level_name};

pub(super) fn render(report: &Report<'_>) -> String {
    let mut suites: BTreeMap<&str, TestSuite> = BTreeMap::new();
    for finding in report.findings {
        let path = report.path(finding);
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(finding.message.clone()).set_type(level_name(finding.level));
        let lines = [Some(report.place(finding)), finding.help.clone()];
        status.set_description(lines.into_iter().flatten().collect::<Vec<_>>().join("\n"));
        let name = format!("{} {} ({})", finding.rule.code, finding.rule.name, report.place(finding));
        let suite = suites.entry(path).or_insert_with(|| TestSuite::new(path));
        suite.add_test_case(TestCase::new(name, status));
    }
    let mut junit = Junit::new(format!("aigw {}", report.verb));
    if suites.is_empty() {
        let mut suite = TestSuite::new("policies");
        suite.add_test_case(TestCase::new("no findings", TestCaseStatus::success()));
        junit.add_test_suite(suite);
    }
    junit.add_test_suites(suites.into_values());
    // Writing to memory fails only where a text holds what XML cannot: then the reader still gets a well-formed report that says so.
    junit.to_string().unwrap_or_else(|error| format!("<testsuites name=\"aigw\" errors=\"1\"><!-- {error} --></testsuites>"))
        + "\n"
}
