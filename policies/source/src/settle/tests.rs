use insta::assert_snapshot;

use crate::testing::{Case, case};

#[test]
fn a_duplicate_key_is_refused_with_both_places_and_the_first_counts() {
    let case = case("a: 1\nb: {x: 1, 'x': 2, \"x\": 3}\na: 2\n");
    assert_snapshot!(case.render(), @r#"
    C002 error 2:11 `\'x\'` (again here): `x` stands twice in this mapping
      2:5 `x` (first here)
      help: remove one of them, or join their values
    C002 error 2:19 `\"x\"` (again here): `x` stands twice in this mapping
      2:5 `x` (first here)
      help: remove one of them, or join their values
    C002 error 3:1 `a` (again here): `a` stands twice in this mapping
      1:1 `a` (first here)
      help: remove one of them, or join their values
    "#);
    let json: Vec<_> = case.documents.iter().map(|document| document.root.to_json()).collect();
    assert_eq!(json, [serde_json::json!({"a": 1, "b": {"x": 1}})]);
}

#[test]
fn a_duplicate_among_many_keys_is_found() {
    let many: String = (0..40).map(|n| format!("k{n}: {n}\n")).collect();
    let case = case(&format!("{many}k17: again\n"));
    assert_eq!(case.codes(), ["C002"]);
    assert_eq!(case.documents.first().map(|document| document.root.entries().len()), Some(40));
}

fn merged(text: &str, expected: serde_json::Value) {
    let case = case(text);
    let json: Vec<_> = case.documents.iter().map(|document| document.root.to_json()).collect();
    assert_eq!(json, [expected], "{text:?}: {}", case.render());
}

#[test]
fn merges_are_applied_where_they_stand() {
    merged(
        "d: &d {a: 1, b: 2}\nr:\n  x: 0\n  <<: *d\n  y: 9\n",
        serde_json::json!({"d": {"a": 1, "b": 2}, "r": {"x": 0, "a": 1, "b": 2, "y": 9}}),
    );
    merged(
        "a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b}\n",
        serde_json::json!({"a": {"x": 1}, "b": {"x": 1, "y": 2}, "c": {"x": 1, "y": 2}}),
    );
    merged(
        "a: &a {x: 1}\nb: &b {y: 2}\nc: {<<: [*a, *b]}\n",
        serde_json::json!({"a": {"x": 1}, "b": {"y": 2}, "c": {"x": 1, "y": 2}}),
    );
    merged("c: {<<: {x: 1}}\n", serde_json::json!({"c": {"x": 1}}));
    merged("c: {<<: []}\n", serde_json::json!({"c": {}}));
    merged("c: {'<<': {x: 1}}\n", serde_json::json!({"c": {"<<": {"x": 1}}}));
}

#[test]
fn a_merge_that_overrides_is_warned_of_and_the_nearer_value_wins() {
    let text = "a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc:\n  <<: [*a, *b]\n  x: 0\n";
    assert_snapshot!(case(text).render(), @r#"
    C003 warning 5:3 `x`: `x` replaces the value that `<<` would bring
      1:8 `x` (the value that is lost)
      4:8 `*a` (merged here)
      help: leave the key out of one of the two, so that the value stands in one place
    C003 warning 1:14 `y`: `y` replaces the value that `<<` would bring
      2:8 `y` (the value that is lost)
      4:12 `*b` (merged here)
      help: leave the key out of one of the two, so that the value stands in one place
    "#);
    merged(text, serde_json::json!({"a": {"x": 1, "y": 2}, "b": {"y": 3, "z": 4}, "c": {"y": 2, "z": 4, "x": 0}}));
}

#[test]
fn faults_inside_an_anchored_value_are_reported_once() {
    assert_eq!(case("a: &a {x: 1, x: 2}\nb: *a\nc: [*a, *a]\n").codes(), ["C002"]);
    assert_eq!(case("d: &d {x: 1}\na: &a {<<: *d, x: 2}\nb: *a\n").codes(), ["C003"]);
}

#[test]
fn only_mappings_can_be_merged() {
    assert_snapshot!(case("a: &a [1]\nb: {<<: *a}\nc: {<<: 5}\n<<: &m {d: 1}\n<<: *m\n").render(), @r#"
    C025 error 1:8 `1`: `<<` merges mappings only
      help: name an anchored mapping: `<<: *name`; put `<<` in quotes if it is a key of yours
    C025 error 3:9 `5`: `<<` merges mappings only
      help: name an anchored mapping: `<<: *name`; put `<<` in quotes if it is a key of yours
    C002 error 5:1 `<<` (again here): `<<` stands twice in this mapping
      4:1 `<<` (first here)
      help: merge several mappings with one list: `<<: [*a, *b]`
    "#);
}

#[test]
fn a_merged_value_knows_where_it_was_used() {
    let (sources, document) = Case::sound("a: &a {x: 1}\nb: {<<: *a}\n");
    let used = document.at("/b/x").and_then(|node| node.used_at).map(|span| sources.text(span));
    assert_eq!(used, Some("*a"));
}
