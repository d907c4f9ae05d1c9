#![expect(clippy::indexing_slicing, reason = "tests")]

use insta::assert_snapshot;

use super::*;
use crate::testing::{Case, case, case_with};

mod hostile;
mod properties;

/// The findings of several texts, one after the other.
fn faults(texts: &[&str]) -> String {
    texts.iter().map(|text| format!("{text:?}\n{}", case(text).render())).collect()
}

#[test]
fn syntax_errors_are_said_with_place_and_help() {
    assert_snapshot!(faults(&[
        "a: 'abc\nb: 1\n",
        "a: \"x\n\n",
        "a: [1, 2\n",
        "a: [1, 2}\n",
        "[1]]\n",
        "a: b: c\n",
        "a: 1\n b: 2\n",
        "- a\nb: 1\n",
        "a:\n  b: 1\n c: 2\n",
        "a: @x\n",
        "a: 'x' y\n",
        "a: \"\\q\"\n",
        "key: - a\n",
        "abc\nd: 1\n",
        "{a: 1 b: 2}\n",
        "[a b: 2 c\n]\n",
    ]), @r#"
    "a: 'abc\nb: 1\n"
    C000 error 1:4 `\'`: this quoted value is never closed
      help: add the missing quote
    "a: \"x\n\n"
    C000 error 1:4 `\"`: this quoted value is never closed
      help: add the missing quote
    "a: [1, 2\n"
    C000 error 1:4 `[`: this `[` is never closed
      help: add the missing bracket
    "a: [1, 2}\n"
    C000 error 1:4 `[`: `}` does not close `[`
    "[1]]\n"
    C000 error 1:4 `]`: this bracket closes nothing
    "a: b: c\n"
    C000 error 1:5 `:`: `:` is not allowed here
      help: put the value in quotes if the `: ` belongs to it, or indent the key as its neighbours are
    "a: 1\n b: 2\n"
    C000 error 2:3 `:`: `:` is not allowed here
      help: put the value in quotes if the `: ` belongs to it, or indent the key as its neighbours are
    "- a\nb: 1\n"
    C000 error 2:1 `b`: expected a `-` of the list
      help: line the keys of a mapping and the `-` of a list up with their neighbours
    "a:\n  b: 1\n c: 2\n"
    C000 error 3:2 `c`: expected a key of the mapping
      help: line the keys of a mapping and the `-` of a list up with their neighbours
    "a: @x\n"
    C000 error 1:4 `@`: a value cannot begin with `@`
      help: put the value in quotes
    "a: 'x' y\n"
    C000 error 1:8 `y`: text after the closing quote
      help: put the whole value in one pair of quotes
    "a: \"\\q\"\n"
    C000 error 1:4 `\"`: unknown escape in a quoted value
      help: write `\\` for a backslash, or use single quotes
    "key: - a\n"
    C000 error 1:6 `-`: a list cannot begin here
      help: begin it on a line of its own, or write it as `[a, b]`
    "abc\nd: 1\n"
    C000 error 2:2 `:`: `:` is not allowed here
      help: put the value in quotes if the `: ` belongs to it, or indent the key as its neighbours are
    "{a: 1 b: 2}\n"
    C000 error 1:8 `:`: expected `,` or `}`
    "[a b: 2 c\n]\n"
    "#);
}

#[test]
fn tabs_are_refused_where_they_would_indent() {
    assert_snapshot!(faults(&["a:\n\t- b\n", "a:\n\tb: 1\n", "a:\n  b: 1\n\tc: 2\n"]), @r#"
    "a:\n\t- b\n"
    C000 error 2:2 `-`: a tab where only spaces are allowed
      help: indent with spaces; YAML does not allow tabs there
    "a:\n\tb: 1\n"
    C000 error 2:2 `b`: a tab where only spaces are allowed
      help: indent with spaces; YAML does not allow tabs there
    "a:\n  b: 1\n\tc: 2\n"
    C000 error 2:6 `1`: a tab where only spaces are allowed
      help: indent with spaces; YAML does not allow tabs there
    "#);
}

#[test]
fn what_the_policy_language_leaves_out_is_refused() {
    assert_snapshot!(faults(&[
        "a: !!str 1\nb: !x {}\nc: ! y\n",
        "!foo!bar x\n",
        "%YAML 1.2\n---\na: 1\n",
        "? [a]\n: 1\n",
        "{[a]: 1}\n",
        ": 1\n",
        "a: &x [1]\n*x : 2\n",
    ]), @r#"
    "a: !!str 1\nb: !x {}\nc: ! y\n"
    C024 error 1:4 `!!str`: tags are not part of the policy language
      help: remove the tag; a value in quotes is text, a plain number is a number
    C024 error 2:4 `!x`: tags are not part of the policy language
      help: remove the tag; a value in quotes is text, a plain number is a number
    C024 error 3:4 `!`: tags are not part of the policy language
      help: remove the tag; a value in quotes is text, a plain number is a number
    "!foo!bar x\n"
    C024 error 1:1 `!`: tags are not part of the policy language
      help: remove the tag
    "%YAML 1.2\n---\na: 1\n"
    C000 error 1:1 `%`: directives are not part of the policy language
      help: remove the line that begins with `%`
    "? [a]\n: 1\n"
    C000 error 1:3 `[a]`: a key must be a scalar, not a list or a mapping
      help: put the key in quotes if it begins with `[` or `{`
    "{[a]: 1}\n"
    C000 error 1:2 `[a]`: a key must be a scalar, not a list or a mapping
      help: put the key in quotes if it begins with `[` or `{`
    ": 1\n"
    C000 error 1:2 ``: a key is missing before `:`
    "a: &x [1]\n*x : 2\n"
    C000 error 2:1 `*x`: a key must be a scalar, not a list or a mapping
      help: put the key in quotes if it begins with `[` or `{`
    "#);
}

#[test]
fn aliases_must_name_a_finished_value() {
    assert_snapshot!(faults(&["a: *nope\n", "&a [*a]\n", "a: &a {b: {c: *a}}\n", "a: 1\n---\nb: &x 1\n---\nc: *x\n"]), @r#"
    "a: *nope\n"
    C028 error 1:4 `*nope`: this alias names no anchor before it in the document
      help: a value that begins with `*` needs quotes
    "&a [*a]\n"
    C028 error 1:5 `*a`: this alias stands inside the value it names
      help: write the value out
    "a: &a {b: {c: *a}}\n"
    C028 error 1:15 `*a`: this alias stands inside the value it names
      help: write the value out
    "a: 1\n---\nb: &x 1\n---\nc: *x\n"
    C028 error 5:4 `*x`: this alias names no anchor before it in the document
      help: a value that begins with `*` needs quotes
    "#);
}

#[test]
fn aliases_bring_a_copy_that_knows_where_it_is_used() {
    let (sources, document) = Case::sound("a: &x [1, {b: &y 2}]\nc: *x\nd: *y\n*y : e\nf: &x 3\ng: *x\n");
    let expected = serde_json::json!({"a": [1, {"b": 2}], "c": [1, {"b": 2}], "d": 2, "2": "e", "f": 3, "g": 3});
    assert_eq!(document.root.to_json(), expected);
    let used = document.at("/c").and_then(|node| node.used_at).map(|span| sources.text(span));
    assert_eq!(used, Some("*x"));
    assert_eq!(document.at("/c/0").and_then(|node| node.used_at), None);
}

#[test]
fn an_alias_reaches_into_a_collection_that_is_still_open() {
    let (_, document) = Case::sound("a:\n  - &x {k: [&y [1]]}\n  - b: *x\n    c: [*y]\n");
    let expected = serde_json::json!({"a": [{"k": [[1]]}, {"b": {"k": [[1]]}, "c": [[1]]}]});
    assert_eq!(document.root.to_json(), expected);
}

#[test]
fn a_broken_document_does_not_take_its_neighbours_with_it() {
    let case = case("a: 1\n---\nb: [\n---\nc: *nope\n---\n- - ? {}\n---\nd: 4\n");
    let roots: Vec<_> = case.documents.iter().map(|document| document.root.to_json().to_string()).collect();
    assert_eq!(roots, ["{\"a\":1}", "{\"d\":4}"]);
    assert_eq!(case.documents.iter().map(|document| document.index).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(case.codes(), ["C000", "C028", "C000"]);
}

#[test]
fn a_document_whose_meaning_is_clear_comes_back_in_spite_of_its_faults() {
    let case = case("a: 1\na: 2\nb: !t 3\n");
    assert_eq!(case.documents[0].root.to_json(), serde_json::json!({"a": 1, "b": 3}));
    assert_eq!(case.codes(), ["C024", "C002"]);
}

#[test]
fn empty_documents_are_left_out() {
    for text in ["", "\n\n", "# only a comment\n", "---\n", "---\n---\n...\n", "--- # x\n...\n"] {
        assert!(case(text).documents.is_empty() && case(text).findings.is_empty(), "{text:?}");
    }
    assert_eq!(case("---\n---\na: 1\n---\n").documents.len(), 1);
    assert_eq!(case("~").documents.len(), 1);
    assert_eq!(case("''").documents.len(), 1);
}

#[test]
fn comments_belong_to_the_document_they_stand_in() {
    let text = "# one\na: 1 #two\n---\n# three\nb: '# no'\n#\n# four\n...\n# five\n";
    let case = case(text);
    let comments = |index: usize| -> Vec<(&str, &str)> {
        let comments = case.documents[index].comments.iter();
        comments.map(|comment| (comment.text.as_str(), case.sources.text(comment.span))).collect()
    };
    assert_eq!(comments(0), [("one", "# one"), ("two", "#two")]);
    assert_eq!(comments(1), [("three", "# three"), ("", "#"), ("four", "# four"), ("five", "# five")]);
}

#[test]
fn line_breaks_of_windows_change_nothing() {
    let text = "# c\na: 1\nb:\n  - x\n  - |\n    l1\n    l2\nc: >-\n  f1\n  f2\n'd': \"e\n  f\"\n";
    let (sources, unix) = Case::sound(text);
    let (windows_sources, windows) = Case::sound(&text.replace('\n', "\r\n"));
    assert_eq!(windows.root.to_json(), unix.root.to_json());
    assert_eq!(windows.comments[0].text, unix.comments[0].text);
    let place = |sources: &Sources, document: &Document| sources.position(document.file, document.locate("/b/1").start);
    assert_eq!(place(&windows_sources, &windows), place(&sources, &unix));
}

#[test]
fn faults_of_one_file_are_capped() {
    let text: String = (0..150).map(|n| format!("k{n}: !t x\n")).collect();
    let case = case(&text);
    assert_eq!(case.findings.len(), FAULTS);
    let last = case.findings.iter().next_back();
    assert_eq!(last.map(|finding| finding.notes.clone()), Some(vec!["50 more faults of this file are not shown".to_owned()]));
}

#[test]
fn limits_are_those_that_were_asked_for() {
    let limits = Limits { file_bytes: 40, depth: 2, nodes: 7, text_bytes: 10, documents: 2 };
    let codes = |text: &str| case_with(text, &limits).codes();
    assert_eq!(codes("a: [1]"), [""; 0]);
    assert_eq!(codes("[[1], [2]]"), [""; 0]);
    assert_eq!(codes("[[[1]]]"), ["C022"]);
    assert_eq!(codes("- a: {}\n"), ["C022"]);
    assert_eq!(codes("- &a [1]\n- [*a]\n"), ["C022"]);
    assert_eq!(codes("[1, 2, 3, 4, 5, 6]"), [""; 0]);
    assert_eq!(codes("[1, 2, 3, 4, 5, 6, 7]"), ["C023"]);
    assert_eq!(codes("[&a [1, 2], *a, 1]"), ["C023"]);
    assert_eq!(codes("[1, 2]\n---\n[1, 2, 3]"), [""; 0]);
    assert_eq!(codes("[1, 2]\n---\n[1, 2, 3, 4]"), ["C023"]);
    assert_eq!(codes("abcde: 12345"), [""; 0]);
    assert_eq!(codes("abcde: 123456"), ["C023"]);
    assert_eq!(codes("[&a 12345, *a]"), [""; 0]);
    assert_eq!(codes("[&a 123456, *a]"), ["C023"]);
    assert_eq!(codes("1\n---\n2\n"), [""; 0]);
    assert_eq!(codes("1\n---\n2\n---\n3"), ["C023"]);
    assert_eq!(codes(&" ".repeat(41)), ["C021"]);
}
