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
