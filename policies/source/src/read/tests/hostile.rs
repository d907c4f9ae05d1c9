//! Input made to hurt: each is refused or read in bounded time and memory.

use std::time::{Duration, Instant};

use crate::testing::case;
use crate::{Findings, Limits, Sources};

/// Far above what any of these takes in a debug build on a loaded machine, far below what an unbounded reader would.
const PATIENCE: Duration = Duration::from_secs(20);

fn check(text: &str, codes: &[&str], documents: usize) {
    let begin = Instant::now();
    let case = case(text);
    let took = begin.elapsed();
    let start: String = text.chars().take(40).collect();
    assert!(took < PATIENCE, "took {took:?}: {start:?}…");
    let mut found = case.codes();
    found.dedup();
    assert_eq!((found.as_slice(), case.documents.len()), (codes, documents), "{start:?}…");
}

#[test]
fn an_alias_bomb_is_refused_while_it_is_small() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        let aliases = vec![format!("*a{}", n - 1); 9].join(", ");
        text.push_str(&format!("a{n}: &a{n} [{aliases}]\n"));
    }
    check(&text, &["C023"], 0);
}

#[test]
fn an_alias_chain_that_deepens_with_each_link_is_refused() {
    let chain: String = (1..5_000).map(|n| format!("- &a{n} [*a{}]\n", n - 1)).collect();
    check(&format!("- &a0 [x]\n{chain}"), &["C022"], 0);
}

#[test]
fn many_copies_of_one_huge_scalar_are_refused() {
    let text = format!("- &a {}\n{}", "x".repeat(500_000), "- *a\n".repeat(50_000));
    check(&text, &["C023"], 0);
}

#[test]
fn a_merge_bomb_is_refused() {
    let keys: String = (0..500).map(|n| format!("k{n}: 1, ")).collect();
    let merges: String = (0..5_000).map(|n| format!("m{n}: {{<<: *a}}\n")).collect();
    check(&format!("a: &a {{{keys}}}\n{merges}"), &["C023"], 0);
}

#[test]
fn anchors_on_anchors_cost_nothing_until_they_are_used() {
    let opening: String = (0..60).map(|n| format!("&a{n} [")).collect();
    let text = format!("{opening}{}{}", "x, ".repeat(90_000), "]".repeat(60));
    check(&text, &[], 1);
}

#[test]
fn deep_nesting_is_refused() {
    for depth in [65, 10_000, 140_000] {
        check(&"[".repeat(depth), &["C022"], 0);
        check(&"{a: ".repeat(depth), &["C022"], 0);
        check(&"- ".repeat(depth), &["C022"], 0);
        check(&"? ".repeat(depth), &["C022"], 0);
        check(&"- [{a: ".repeat(depth), &["C000"], 0);
        check(&"[{a: ".repeat(depth), &["C022"], 0);
    }
    let block: String = (0..1_400).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    check(&block, &["C022"], 0);
}

#[test]
fn nesting_up_to_the_limit_is_read() {
    check(&format!("{}{}", "[".repeat(64), "]".repeat(64)), &[], 1);
    check(&format!("{}x", "- ".repeat(64)), &[], 1);
}

#[test]
fn a_hundred_megabytes_are_refused_by_their_length() {
    let bytes = vec![b'['; 100 << 20];
    let begin = Instant::now();
    let (mut sources, mut findings) = (Sources::new(), Findings::new());
    assert_eq!(sources.add_bytes("big.yaml", &bytes, &Limits::default(), &mut findings), None);
    assert_eq!(findings.iter().map(|finding| finding.rule.code).collect::<Vec<_>>(), ["C021"]);
    assert!(sources.iter().all(|(_, file)| file.text.is_empty()));
    assert!(begin.elapsed() < PATIENCE);
}

#[test]
fn a_hundred_thousand_documents_are_refused() {
    check(&"---\na\n".repeat(100_000), &["C023"], 1_000);
    check(&"---\n".repeat(100_000), &["C023"], 0);
    check(&"---\n[\n".repeat(100_000), &["C000"], 0);
}

#[test]
fn huge_scalars_are_read() {
    let big = "x".repeat(1_000_000);
    check(&big, &[], 1);
    check(&format!("a: '{big}'\n"), &[], 1);
    check(&format!("a: \"{big}\"\n"), &[], 1);
    check(&format!("a: |\n  {big}\n"), &[], 1);
    check(&format!("a: {}\n", "x\n ".repeat(300_000)), &[], 1);
    check(&format!("a: \"{}\"\n", "\\x41".repeat(200_000)), &[], 1);
    check(&format!("a: '{}'\n", "''".repeat(400_000)), &[], 1);
    check(&format!("a: |\n{}", "\n".repeat(1_000_000)), &[], 1);
}

#[test]
fn unclosed_quotes_and_brackets_of_a_whole_file_are_refused() {
    let big = "x ".repeat(500_000);
    check(&format!("a: '{big}"), &["C000"], 0);
    check(&format!("a: \"{big}"), &["C000"], 0);
    check(&format!("a: [{}", "x, ".repeat(30_000)), &["C000"], 0);
    check(&"'a\n".repeat(300_000), &["C000"], 0);
    check(&"a: 'b\n---\n".repeat(90), &["C000"], 0);
}

#[test]
fn floods_of_one_construct_stay_quick() {
    check(&"# comment\n".repeat(100_000), &[], 0);
    check(&format!("{}a: 1\n", "#\n".repeat(500_000)), &[], 1);
    check(&"\n".repeat(1_000_000), &[], 0);
    check(&" ".repeat(1_000_000), &[], 0);
    check(&"\t".repeat(1_000_000), &[], 0);
    check(&"\r".repeat(1_000_000), &[], 0);
    check(&"a: 1\n".repeat(40_000), &["C002"], 1);
    check(&format!("{{{}}}", "a: 1, ".repeat(40_000)), &["C002"], 1);
    check(&format!("[{}]", "? , ".repeat(20_000)), &["C000"], 0);
    check(&"&a ".repeat(300_000), &["C000"], 0);
    check(&"!t ".repeat(300_000), &["C024", "C000"], 0);
    check(&"*a ".repeat(300_000), &["C028", "C000"], 0);
    check(&"%x\n".repeat(300_000), &["C000"], 0);
    check(&": ".repeat(300_000), &["C000", "C022"], 0);
    check(&"a: ".repeat(300_000), &["C000"], 0);
    check(&"...\n".repeat(250_000), &[], 0);
    check(&"- !t x\n".repeat(40_000), &["C024"], 1);
    check(&"- \n# -\n".repeat(40_000), &[], 1);
}
