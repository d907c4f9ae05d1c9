use super::*;
use crate::finding::RuleId;
use crate::sources::{FileId, Span};

const FIRST: RuleId = RuleId { code: "A001", name: "first" };
const SECOND: RuleId = RuleId { code: "A002", name: "second" };

fn files() -> (Sources, FileId, FileId) {
    let mut sources = Sources::new();
    let (b, a) = (sources.add("b", "xxxx"), sources.add("a", "xxxx"));
    (sources, a, b)
}

#[test]
fn findings_are_sorted_by_path_place_and_code_whatever_their_order() {
    let (sources, a, b) = files();
    let sorted = [
        Finding::warning(SECOND, Span::new(a, 0, 1), "m"),
        Finding::error(FIRST, Span::new(a, 1, 1), "m"),
        Finding::error(FIRST, Span::new(a, 1, 2), "m"),
        Finding::advice(SECOND, Span::new(a, 1, 2), "m"),
        Finding::error(FIRST, Span::new(b, 0, 0), "m"),
        Finding::error(FIRST, Span::new(b, 0, 0), "n"),
    ];
    let mut findings: Findings = sorted.iter().rev().cloned().collect();
    findings.sort(&sources);
    assert_eq!(findings.into_vec(), sorted);
}

#[test]
fn the_same_finding_twice_is_kept_once() {
    let (sources, a, b) = files();
    let mut findings = Findings::new();
    for file in [a, b, a] {
        findings.push(Finding::error(FIRST, Span::point(file, 0), "m"));
        findings.push(Finding::error(SECOND, Span::point(file, 0), "m"));
    }
    findings.sort(&sources);
    assert_eq!(findings.len(), 4);
}

#[test]
fn levels_are_counted() {
    let (_, a, _) = files();
    let mut findings = Findings::new();
    assert!(findings.is_empty() && !findings.has_errors());
    findings.push(Finding::advice(FIRST, Span::point(a, 0), "m"));
    findings.push(Finding::warning(FIRST, Span::point(a, 0), "m"));
    assert!(!findings.has_errors());
    findings.push(Finding::error(FIRST, Span::point(a, 0), "m"));
    findings.push(Finding::error(FIRST, Span::point(a, 0), "m"));
    assert!(findings.has_errors());
    let counts = [Level::Error, Level::Warning, Level::Advice].map(|level| findings.count(level));
    assert_eq!(counts, [2, 1, 1]);
    findings.retain(|finding| finding.level != Level::Error);
    assert_eq!(findings.len(), 2);
}
