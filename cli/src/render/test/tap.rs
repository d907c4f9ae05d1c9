//! TAP, version 14: a line a case, what failed as YAML below it.

use aigw_testkit::FailureKind;
use aigw_testkit::results::{CaseResult, FailureResult, Results, RunStatus};
use serde::Serialize;

use super::{at, failed, full_name, one_line, orphan};

/// What stands below a line that is not ok.
#[derive(Serialize)]
struct Diagnostics<'a> {
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failures: Vec<Failed<'a>>,
}

/// One thing that failed.
#[derive(Serialize)]
struct Failed<'a> {
    kind: FailureKind,
    message: &'a str,
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    came: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    diff: Option<&'a str>,
}

impl<'a> Failed<'a> {
    fn of(failure: &'a FailureResult) -> Self {
        Self {
            kind: failure.kind,
            message: &failure.message,
            at: at(&failure.place),
            expected: failure.expected.as_deref(),
            came: failure.came.as_deref(),
            diff: failure.diff.as_deref(),
        }
    }
}

pub(super) fn render(results: &Results) -> String {
    let count = results.cases.len() + results.orphans.len() + results.findings.len();
    let mut out = format!("TAP version 14\n1..{count}\n");
    if results.status == RunStatus::NoTest {
        // An empty plan is green to many readers.
        return out + "Bail out! no test ran\n";
    }
    let mut number = 0;
    let mut line = |name: &str, diagnostics: Option<Diagnostics<'_>>| {
        number += 1;
        let word = if diagnostics.is_some() { "not ok" } else { "ok" };
        out += &format!("{word} {number} - {}\n", escaped(name));
        out += &diagnostics.as_ref().map(below).unwrap_or_default();
    };
    for finding in &results.findings {
        let name = format!("{} {} ({})", finding.code, finding.name, at(&finding.place));
        let (message, help) = (finding.message.as_str(), finding.help.as_deref());
        line(&name, Some(Diagnostics { message, at: Some(at(&finding.place)), help, failures: Vec::new() }));
    }
    for case in &results.cases {
        line(&full_name(case), of_case(case));
    }
    for path in &results.orphans {
        line(path, Some(Diagnostics { message: &orphan(path), at: None, help: None, failures: Vec::new() }));
    }
    out
}

fn of_case(case: &CaseResult) -> Option<Diagnostics<'_>> {
    failed(case).then(|| Diagnostics {
        message: case.failures.first().map_or("", |failure| &failure.message),
        at: Some(at(&case.place)),
        help: None,
        failures: case.failures.iter().map(Failed::of).collect(),
    })
}

/// In a description, `#` begins a directive.
fn escaped(name: &str) -> String {
    one_line(name).replace('\\', "\\\\").replace('#', "\\#")
}

fn below(diagnostics: &Diagnostics<'_>) -> String {
    let yaml = serde_yaml::to_string(diagnostics).unwrap_or_default();
    let lines: String = yaml.lines().map(|line| format!("  {line}\n")).collect();
    format!("  ---\n{lines}  ...\n")
}
