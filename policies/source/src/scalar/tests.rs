use super::*;
use crate::testing::Case;

fn check(text: &str, expected: Meaning<'_>) {
    assert_eq!(plain(text), expected, "{text:?}");
}

#[test]
fn plain_scalars_mean_what_json_means() {
    check("", Meaning::Null);
    check("~", Meaning::Null);
    check("null", Meaning::Null);
    check("true", Meaning::Bool(true));
    check("false", Meaning::Bool(false));
    check("0", Meaning::Int(0));
    check("-7", Meaning::Int(-7));
    check("18446744073709551615", Meaning::Int(18_446_744_073_709_551_615));
    check("1.5", Meaning::Float(1.5));
    check("3.10", Meaning::Float(3.1));
    check("-0", Meaning::Float(-0.0));
    check("1e3", Meaning::Float(1000.0));
    check("1.5E-2", Meaning::Float(0.015));
    check("9999999999999999999999999999999999999999", Meaning::Float(1e40));
}

#[test]
fn every_other_plain_scalar_is_text() {
    for text in [
        "yes",
        "no",
        "on",
        "off",
        "True",
        "FALSE",
        "Null",
        "NULL",
        "012",
        "00",
        "0x1F",
        "0o17",
        "0b1",
        "1_000",
        "+1",
        ".5",
        "1.",
        "-",
        "-.5",
        "1e",
        "1e+",
        "1.5.2",
        "12:30",
        ".inf",
        "-.inf",
        ".nan",
        "1e999",
        "2026-01-01",
        "١",
        "1 ",
        "--1",
    ] {
        check(text, Meaning::Text(text));
    }
}

#[test]
fn the_tree_becomes_json() {
    let text = "a: [1, -2, 1.5, true, ~, 'true', \"1\", no, 0x1F, 18446744073709551615, 1e2]\nb: {}\nc: []\n? d\n: |\n  x\n";
    let (_, document) = Case::sound(text);
    let expected = serde_json::json!({
        "a": [1, -2, 1.5, true, null, "true", "1", "no", "0x1F", u64::MAX, 100.0], "b": {}, "c": [], "d": "x\n",
    });
    assert_eq!(document.root.to_json(), expected);
}

#[test]
fn integers_beyond_64_bits_become_the_nearest_double() {
    let (_, document) = Case::sound("[18446744073709551616, -9223372036854775809]");
    assert_eq!(document.root.to_json(), serde_json::json!([18_446_744_073_709_551_616.0, -9_223_372_036_854_775_809.0]));
}
