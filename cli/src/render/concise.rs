//! One line a finding: `file:line:column: level[CODE] message`.

use super::{Report, level_name};

pub(super) fn render(report: &Report<'_>) -> String {
    let mut out = String::new();
    for finding in report.findings.iter().take(report.most) {
        let help = finding.help.as_deref().map(|help| format!("; {help}")).unwrap_or_default();
        out += &format!(
            "{}: {}[{}] {}{help}\n",
            report.place(finding),
            level_name(finding.level),
            finding.rule.code,
            finding.message
        );
    }
    if report.findings.len() > report.most {
        out += &format!("and {} more\n", report.findings.len() - report.most);
    }
    out
}
