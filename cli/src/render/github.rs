//! GitHub Actions' annotations: workflow commands on standard output.

use aigw_source::Level;

use super::Report;

pub(super) fn render(report: &Report<'_>) -> String {
    let mut out = String::new();
    for finding in report.findings {
        let position = report.sources.position(finding.primary.span.file, finding.primary.span.start);
        let command = match finding.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Advice => "notice",
        };
        let message = match &finding.help {
            Some(help) => format!("{}\n{help}", finding.message),
            None => finding.message.clone(),
        };
        out += &format!(
            "::{command} file={},line={},col={},title={}::{}\n",
            property(report.path(finding)),
            position.line,
            position.column,
            property(&format!("{} {}", finding.rule.code, finding.rule.name)),
            data(&message)
        );
    }
    out
}

/// Escapes a command's text, as the runner decodes it.
pub(super) fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a command's property, in which colons and commas have a meaning too.
pub(super) fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
