#![expect(clippy::unwrap_used, reason = "tests")]

use aigw_source::{Finding, RuleId, Sources, Span};

use super::*;

#[test]
fn fingerprints_stay_when_lines_move_and_tell_equal_findings_apart() {
    let prints = |text: &str| {
        let mut sources = Sources::new();
        let file = sources.add("a.yaml", text);
        let at = |byte: usize| Span::new(file, u32::try_from(byte).unwrap(), u32::try_from(byte + 1).unwrap());
        let rule = RuleId { code: "C001", name: "unknown-key" };
        let findings: Vec<Finding> =
            text.match_indices('x').map(|(byte, _)| Finding::error(rule, at(byte), "unknown key `x`")).collect();
        fingerprints(&Report { verb: "lint", sources: &sources, findings: &findings, most: 10 })
    };
    let (one, moved) = (prints("x: 1\nx: 2\n"), prints("\n\nx: 1\n\nx: 2\n"));
    assert_eq!(one, moved);
    assert_ne!(one.first(), one.get(1));
}

#[test]
fn a_secret_found_in_plain_text_is_not_repeated_in_any_format() {
    let mut sources = Sources::new();
    let file = sources.add("a.yaml", "key: sk-proj-canary\n");
    let rule = RuleId { code: "S601", name: "secret-in-plain-text" };
    let findings = [Finding::error(rule, Span::new(file, 5, 19), "a provider's API key stands here")];
    let report = Report { verb: "lint", sources: &sources, findings: &findings, most: 10 };
    for format in [Format::Pretty, Format::Concise, Format::Json, Format::Sarif, Format::Junit, Format::Github] {
        let text = render(&report, format, false);
        assert!(text.contains("a.yaml") && !text.contains("canary"), "{text}");
    }
}
