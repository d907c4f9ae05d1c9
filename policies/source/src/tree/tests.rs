#![expect(clippy::indexing_slicing, reason = "tests")]

use crate::testing::{Case, case};

const TEXT: &str = "\
spec:
  limits:
    - tokens: 100
      per: day
    - tokens: 5
  a/b: {~x: 1, '': 2}
  0: zero
";

fn check(pointer: &str, value: Option<&str>, key: Option<&str>) {
    let (sources, document) = Case::sound(TEXT);
    assert_eq!(document.at(pointer).map(|node| sources.text(node.span)), value, "{pointer}");
    assert_eq!(document.root.key_span_at(pointer).map(|span| sources.text(span)), key, "key of {pointer}");
}

#[test]
fn a_json_pointer_leads_to_its_value_and_key() {
    check("", Some(TEXT.trim_end()), None);
    check("/spec/limits/0/tokens", Some("100"), Some("tokens"));
    check("/spec/limits/1", Some("tokens: 5"), Some("tokens: 5"));
    check("/spec/a~1b/~0x", Some("1"), Some("~x"));
    check("/spec/a~1b/", Some("2"), Some("''"));
    check("/spec/0", Some("zero"), Some("0"));
}

#[test]
fn a_json_pointer_to_nothing_leads_nowhere() {
    for pointer in ["spec", "/nope", "/spec/limits/2", "/spec/limits/00", "/spec/limits/+1", "/spec/limits/-", "/spec/0/x"] {
        check(pointer, None, None);
    }
}

#[test]
fn a_place_that_does_not_exist_is_its_nearest_parent() {
    let (sources, document) = Case::sound(TEXT);
    let locate = |pointer| sources.text(document.locate(pointer));
    let locate_key = |pointer| sources.text(document.locate_key(pointer));
    assert_eq!(locate("/spec/limits/1/per"), "tokens: 5");
    assert_eq!(locate("/spec/0/x/y"), "zero");
    assert_eq!(locate("bad"), TEXT.trim_end());
    assert_eq!(locate_key("/spec/limits/1/per"), "tokens: 5");
    assert_eq!(locate_key("/spec/limits/1/tokens"), "tokens");
}

#[test]
fn an_aliased_value_is_located_where_it_is_used() {
    let (sources, document) = Case::sound("a: &x {k: 1}\nb: *x\n");
    assert_eq!(sources.text(document.locate("/b")), "*x");
    assert_eq!(sources.text(document.locate("/b/k")), "1");
    assert_eq!(document.at("/b/k").map(|node| node.span), document.at("/a/k").map(|node| node.span));
}

#[test]
fn an_entry_reaches_from_its_key_to_the_end_of_its_value() {
    let (sources, document) = Case::sound("a: &x\n  k: |\n    long\n\nb: *x\nc:\n<<: *x\nd: 'q'\n");
    let spans: Vec<_> = document.root.entries().iter().map(|entry| sources.text(entry.span())).collect();
    assert_eq!(spans, ["a: &x\n  k: |\n    long", "b: *x", "c:", "k: |\n    long", "d: 'q'"]);
}

#[test]
fn spans_of_nodes_are_what_was_written() {
    let text = "a: [1,  2 ]\nb:\n- x\n- y\nc:\n  -   {k: 'it''s'}\nd: >-\n  one\n  two\n\ne: &e !!x\n   \"q\"\n";
    let case = case(text);
    let (sources, document) = (case.sources, &case.documents[0]);
    let span = |pointer| sources.text(document.locate(pointer));
    assert_eq!(span("/a"), "[1,  2 ]");
    assert_eq!(span("/b"), "- x\n- y");
    assert_eq!(span("/c"), "-   {k: 'it''s'}");
    assert_eq!(span("/c/0/k"), "'it''s'");
    assert_eq!(span("/d"), "one\n  two");
    assert_eq!(span("/e"), "\"q\"");
}

#[test]
fn a_value_that_is_not_there_has_the_place_where_it_would_be() {
    let (_, document) = Case::sound("a:\nb: [x, {c}]\nd:\n  -\n  - &x\n");
    let at = |pointer| document.at(pointer).map(|node| node.span.range());
    assert_eq!(at("/a"), Some(2..2));
    assert_eq!(at("/b/1/c"), Some(12..12));
    assert_eq!(at("/d/0"), Some(21..21));
    assert_eq!(document.at("/a").and_then(|node| node.as_str()), Some(""));
}

#[test]
fn accessors_say_nothing_of_what_a_node_is_not() {
    let (_, document) = Case::sound("a: [1]\nb: \"x\"\n");
    let (root, list, text) = (&document.root, document.at("/a"), document.at("/b"));
    assert!(root.is_map() && !root.is_seq() && root.items().is_empty() && root.as_str().is_none());
    assert!(list.is_some_and(|n| n.is_seq() && n.entries().is_empty() && n.get("0").is_none() && n.items().len() == 1));
    assert!(text.is_some_and(|n| !n.is_plain() && n.as_str() == Some("x") && n.items().is_empty()));
}
