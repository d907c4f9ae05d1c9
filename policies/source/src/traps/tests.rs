use insta::assert_snapshot;

use super::*;
use crate::edit::apply_edits;
use crate::testing::{Case, render};

#[test]
fn values_that_other_tools_take_for_something_else_are_found() {
    for (text, expected) in [
        ("yes", "`true`"),
        ("On", "`true`"),
        ("TRUE", "`true`"),
        ("no", "`false`"),
        ("off", "`false`"),
        ("False", "`false`"),
        ("NULL", "`null`"),
        ("0o17", "an octal number"),
        ("017", "an octal number"),
        ("-010", "an octal number"),
        ("089", "a number"),
        ("0x1F", "a hexadecimal number"),
        ("0b1_0", "a binary number"),
        ("12:30:00", "a number of base 60"),
        ("22:30", "a number of base 60"),
        ("0:30.5", "a number of base 60"),
        ("1_000", "a number"),
        ("+1", "a number"),
        (".5", "a number"),
        ("1.", "a number"),
        ("1e999", "a number"),
        ("01.5", "a number"),
        ("-.inf", "infinity"),
        (".NaN", "not-a-number"),
    ] {
        assert_eq!(taken_for(text), Some(expected), "{text}");
    }
}

#[test]
fn values_that_all_tools_read_alike_are_left_alone() {
    for text in [
        "",
        "~",
        "null",
        "true",
        "false",
        "0",
        "-1",
        "10",
        "1.5",
        "1e3",
        "-0",
        "3.10",
        "gpt-4o",
        "none",
        "y es",
        "250ms",
        "80%",
        "1.2.3",
        "2026-01-01",
        "08:00",
        "10.0.0.0/8",
        "::1",
        "12:60",
        "12:",
        ":30",
        "0x",
        "0o8",
        "_1",
        "-",
        ".",
        "..",
        "e1",
        "1e",
        "-.nan",
        "onwards",
        "10:20:30:aa",
    ] {
        assert_eq!(taken_for(text), None, "{text}");
    }
}

#[test]
fn a_trap_is_a_warning_with_a_fix() {
    let (sources, document) = Case::sound("country: no # why\ncode: [0123, 'no', \"on\"]\non: |\n  yes\n");
    assert_snapshot!(render(&sources, &traps(&document).into_iter().collect()), @r#"
    C004 warning 1:10 `no`: `no` is text here, but `false` to other YAML tools
      help: write `"no"` to say text, or the value that is meant
      fix: 1:10 `no` -> `"no"`
    C004 warning 2:8 `0123`: `0123` is text here, but an octal number to other YAML tools
      help: write `"0123"` to say text, or the value that is meant
      fix: 2:8 `0123` -> `"0123"`
    "#);
}

#[test]
fn an_aliased_trap_is_found_where_it_is_defined() {
    let (_, document) = Case::sound("a: &a no\nb: *a\nc: {<<: {d: off}}\n");
    assert_eq!(traps(&document).len(), 2);
}

#[test]
fn the_fix_changes_nothing_but_the_quotes() {
    let text = "a: no\nb: [0123, {c: 1_0}]\n";
    let (_, document) = Case::sound(text);
    let edits: Vec<_> = traps(&document).into_iter().filter_map(|finding| finding.fix).flat_map(|fix| fix.edits).collect();
    let fixed = apply_edits(text, &edits).unwrap_or_default();
    assert_eq!(fixed, "a: \"no\"\nb: [\"0123\", {c: \"1_0\"}]\n");
    let (_, after) = Case::sound(&fixed);
    assert_eq!(after.root.to_json(), document.root.to_json());
    assert!(traps(&after).is_empty());
}
