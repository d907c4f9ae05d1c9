#![expect(clippy::indexing_slicing, reason = "tests")]

use insta::assert_snapshot;

use super::*;
use crate::finding::RuleId;
use crate::testing::{Case, case, render};

/// What the first allow of a text covers.
fn covers(text: &str, expected: &str) {
    let (sources, document) = Case::sound(text);
    let mut findings = Findings::new();
    let allows = allows(&sources, &document, &mut findings);
    assert!(findings.is_empty(), "{text:?}: {}", render(&sources, &findings));
    assert_eq!(sources.text(allows[0].covers), expected, "{text:?}");
}

#[test]
fn a_comment_above_covers_what_follows() {
    covers("a: 1\n# aigw: allow R101\nb:\n  c: 2\nd: 3\n", "b:\n  c: 2");
    covers("a:\n  # aigw: allow R101\n  # more\n\n  - x: 1\n    y: 2\n  - z\n", "x: 1\n    y: 2");
    covers("a:\n  b: 1\n  # aigw: allow R101\nc: 2\n", "c: 2");
    covers("a:\n- 1\n# aigw: allow R101\n- {x: 1}\n", "{x: 1}");
    covers("a: &a 1\n# aigw: allow R101\nb: *a\nc: 1\n", "b: *a");
}

#[test]
fn a_comment_above_the_first_key_covers_the_document() {
    covers("# aigw: allow R101\na: 1\nb: 2\n", "a: 1\nb: 2");
    covers("---\n# aigw: allow R101\n\n- a\n- b\n", "- a\n- b");
}

#[test]
fn a_comment_behind_covers_the_outermost_part_that_begins_on_its_line() {
    covers("a: 1\nb: 2 # aigw: allow R101\nc: 3\n", "b: 2");
    covers("a: # aigw: allow R101\n  b: 1\n  c: 2\nd: 1\n", "a: # aigw: allow R101\n  b: 1\n  c: 2");
    covers("a:\n  - b: 1 # aigw: allow R101\n    c: 2\n  - d\n", "b: 1 # aigw: allow R101\n    c: 2");
    covers("a:\n  - b: 1\n    c: 2 # aigw: allow R101\n  - d\n", "c: 2");
    covers("a: {b: 1, c: {d: 1}} # aigw: allow R101\n", "a: {b: 1, c: {d: 1}}");
}

#[test]
fn a_comment_behind_an_end_covers_what_ends() {
    covers("a: [\n  1,\n  2\n] # aigw: allow R101\nb: 1\n", "a: [\n  1,\n  2\n]");
    covers("x: 1\na: {\n  b: [\n    1\n  ], # aigw: allow R101\n}\n", "b: [\n    1\n  ]");
}

#[test]
fn a_comment_with_nothing_to_cover_covers_itself() {
    covers("a: 1\n# aigw: allow R101\n", "# aigw: allow R101");
    covers("a: 1\n--- # aigw: allow R101\n", "# aigw: allow R101");
}

#[test]
fn codes_and_reason_are_read() {
    for (comment, codes, reason) in [
        ("# aigw: allow R101 -- on purpose", &["R101"][..], Some("on purpose")),
        ("#aigw:allow R101,B205   Q301--x -- y", &["R101", "B205", "Q301"], Some("x -- y")),
        ("# aigw: allow R101 --", &["R101"], None),
        ("# aigw: allow R101", &["R101"], None),
    ] {
        let (sources, document) = Case::sound(&format!("{comment}\na: 1\n"));
        let allows = allows(&sources, &document, &mut Findings::new());
        assert_eq!(
            (allows[0].codes.as_slice(), allows[0].reason.as_deref()),
            (&*codes.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>(), reason),
            "{comment}"
        );
    }
}

#[test]
fn a_comment_of_ours_that_cannot_be_understood_is_an_error() {
    let comments = ["alow R101", "allow", "allow -- why", "allow r101", "allow R1O1", "allowR101", "", "disable R101"];
    let text: String = comments.iter().map(|comment| format!("# aigw: {comment}\n")).collect();
    let (sources, document) = Case::sound(&format!("{text}# yaml-language-server: x\n# see aigw: docs\na: 1\n"));
    let mut findings = Findings::new();
    assert!(allows(&sources, &document, &mut findings).is_empty());
    assert_eq!(findings.len(), comments.len());
    findings.retain(|finding| finding.message.contains("alow"));
    assert_snapshot!(render(&sources, &findings), @r#"
    C029 error 1:1 `# aigw: alow R101`: `aigw: alow R101` is no comment that can be understood
      note: a comment that begins with `aigw:` is an order
      help: write `# aigw: allow R101 -- reason`
    "#);
}

const R101: RuleId = RuleId { code: "R101", name: "a" };
const R102: RuleId = RuleId { code: "R102", name: "b" };

#[test]
fn allowed_findings_are_dropped_and_unused_codes_are_named() {
    let text = "a: 1\n# aigw: allow R101, R102 -- known\nb: {c: 2}\nd: 3 # aigw: allow R101 -- unused\n";
    let (sources, document) = Case::sound(text);
    let allows = allows(&sources, &document, &mut Findings::new());
    let at = |pointer: &str| document.locate(pointer);
    let findings: Findings = [
        Finding::error(R101, at("/a"), "not covered"),
        Finding::error(R101, at("/b/c"), "covered"),
        Finding::error(R101, at("/b"), "covered, once more"),
        Finding::warning(R102, at("/d"), "another code"),
    ]
    .into_iter()
    .collect();
    let (kept, unused) = apply_allows(findings.clone(), &allows, |_| true);
    let kept: Vec<_> = kept.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(kept, ["not covered", "another code"]);
    let unused: Vec<_> = unused.iter().map(|allow| (allow.codes.join(" "), allow.reason.clone().unwrap_or_default())).collect();
    assert_eq!(unused, [("R102".to_owned(), "known".to_owned()), ("R101".to_owned(), "unused".to_owned())]);

    let (kept, unused) = apply_allows(findings, &allows, |finding| finding.rule != R101);
    assert_eq!((kept.len(), unused.len()), (4, 2));
}

#[test]
fn many_comments_over_many_values_stay_quick() {
    let text: String = (0..20_000).map(|n| format!("k{n}: [1]\n# aigw: allow R101\n")).collect();
    let case = case(&text);
    let allows = allows(&case.sources, &case.documents[0], &mut Findings::new());
    assert_eq!(allows.len(), 20_000);
    assert_eq!(case.sources.text(allows[7].covers), "k8: [1]");
}
