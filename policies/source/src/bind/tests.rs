#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::str::FromStr;

use insta::assert_snapshot;
use serde::Deserialize;

use super::*;
use crate::testing::{Case, render};

fn fits<T: DeserializeOwned + PartialEq + Debug>(text: &str, expected: T) {
    let (_, document) = Case::sound(text);
    assert_eq!(try_bind::<T>(&document.root), Ok(expected), "{text:?}");
}

/// The pointer and the finding of a text that does not fit.
fn fails<T: DeserializeOwned + Debug>(text: &str) -> String {
    let (sources, document) = Case::sound(text);
    let error = try_bind::<T>(&document.root).unwrap_err();
    let findings = [error.finding].into_iter().collect();
    format!("at {:?}\n{}", error.pointer, render(&sources, &findings))
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Rule {
    name: String,
    #[serde(default)]
    max_tokens: Option<u32>,
    #[serde(default, alias = "act")]
    action: Option<Action>,
    #[serde(default)]
    timeout: Option<Timeout>,
    #[serde(default)]
    by_status: BTreeMap<u16, Timeout>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
enum Action {
    Block,
    Route(Target),
    Retry {
        times: u8,
    },
    Wait(u32),
    Split(u8, u8),
    #[serde(rename = "log")]
    Log(Settings),
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    to: String,
}

#[derive(Debug, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    level: u8,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(try_from = "String")]
struct Timeout(u64);

impl TryFrom<String> for Timeout {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let millis = text.strip_suffix("ms").and_then(|n| u64::from_str(n).ok());
        millis.map(Self).ok_or_else(|| format!("`{text}` is not a duration: write `250ms`"))
    }
}

fn rule(name: &str) -> Rule {
    Rule { name: name.to_owned(), max_tokens: None, action: None, timeout: None, by_status: BTreeMap::new() }
}

#[test]
fn a_text_field_takes_any_scalar_as_it_was_written() {
    for (text, expected) in [
        ("3.10", "3.10"),
        ("no", "no"),
        ("true", "true"),
        ("0123", "0123"),
        ("'null'", "null"),
        ("\"\"", ""),
        ("|\n  x\n", "x\n"),
    ] {
        fits(&format!("name: {text}"), rule(expected));
    }
}

#[test]
fn null_is_no_text() {
    assert_snapshot!(fails::<Rule>("name: null"), @r#"
    at "/name"
    C025 error 1:7 `null`: expected text, found `null`
      help: put it in quotes if it is text
    "#);
    assert_snapshot!(fails::<Rule>("name:\n"), @r#"
    at "/name"
    C025 error 1:6 ``: expected text, found nothing
    "#);
    assert_snapshot!(fails::<Rule>("name: [a]"), @r#"
    at "/name"
    C025 error 1:7 `[a]`: expected text, found a list
    "#);
}

#[test]
fn options_are_none_where_nothing_is_said() {
    fits("{name: a, maxTokens: ~}", rule("a"));
    fits("name: a\nmaxTokens:\n", rule("a"));
    fits("{name: a, maxTokens: 5}", Rule { max_tokens: Some(5), ..rule("a") });
}

#[test]
fn numbers_and_booleans_come_from_plain_scalars_only() {
    fits("[1, 2, 255]", vec![1_u8, 2, 255]);
    fits("[-1, 127]", vec![-1_i64, 127]);
    fits("[1, 1.5, 1e3]", vec![1.0_f64, 1.5, 1000.0]);
    fits("18446744073709551615", u64::MAX);
    fits("170141183460469231731687303715884105727", i128::MAX);
    fits("5", 5_u128);
    fits("[true, false]", vec![true, false]);
    fits("[~, null, ]", vec![(), ()]);
    fits("x", 'x');
    assert_snapshot!(fails::<u32>("'5'"), @r#"
    at ""
    C025 error 1:1 `\'5\'`: expected a whole number, found the text `5`
      help: remove the quotes
      fix: 1:1 `\'5\'` -> `5`
    "#);
    assert_snapshot!(fails::<bool>("\"true\""), @r#"
    at ""
    C025 error 1:1 `\"true\"`: expected `true` or `false`, found the text `true`
      help: remove the quotes
      fix: 1:1 `\"true\"` -> `true`
    "#);
    assert_snapshot!(fails::<f64>("'1.5'"), @r#"
    at ""
    C025 error 1:1 `\'1.5\'`: expected a number, found the text `1.5`
      help: remove the quotes
      fix: 1:1 `\'1.5\'` -> `1.5`
    "#);
    assert_snapshot!(fails::<bool>("Off"), @r#"
    at ""
    C025 error 1:1 `Off`: expected `true` or `false`, found the text `Off`
      help: write `false`
      fix: 1:1 `Off` -> `false`
    "#);
    assert_snapshot!(fails::<bool>("maybe"), @r#"
    at ""
    C025 error 1:1 `maybe`: expected `true` or `false`, found the text `maybe`
    "#);
    assert_snapshot!(fails::<bool>("yes"), @r#"
    at ""
    C025 error 1:1 `yes`: expected `true` or `false`, found the text `yes`
      help: write `true`
      fix: 1:1 `yes` -> `true`
    "#);
    assert_snapshot!(fails::<u32>("012"), @r#"
    at ""
    C025 error 1:1 `012`: expected a whole number, found the text `012`
    "#);
    assert_snapshot!(fails::<u32>("1.5"), @r#"
    at ""
    C025 error 1:1 `1.5`: expected a whole number, found `1.5`
    "#);
}

#[test]
fn numbers_out_of_range_are_refused() {
    assert_snapshot!(fails::<Vec<u8>>("[1, 256]"), @r#"
    at "/1"
    C027 error 1:5 `256`: expected a whole number from 0 to 255, found `256`
    "#);
    assert_snapshot!(fails::<u32>("-1"), @r#"
    at ""
    C027 error 1:1 `-1`: expected a whole number from 0 to 4294967295, found `-1`
    "#);
    assert_snapshot!(fails::<u64>("18446744073709551616"), @r#"
    at ""
    C027 error 1:1 `18446744073709551616`: `18446744073709551616` is too large a number
    "#);
    assert_snapshot!(fails::<u128>("-1"), @r#"
    at ""
    C027 error 1:1 `-1`: expected a whole number from 0, found `-1`
    "#);
    assert_snapshot!(fails::<char>("xy"), @r#"
    at ""
    C027 error 1:1 `xy`: expected one character, found the text `xy`
    "#);
}

#[test]
fn an_unknown_key_is_named_with_the_one_that_was_meant() {
    assert_snapshot!(fails::<Vec<Rule>>("- name: a\n- name: b\n  max_tokens: 5\n"), @r#"
    at "/1/max_tokens"
    C001 error 3:3 `max_tokens`: unknown key `max_tokens`
      note: the keys here are `name`, `maxTokens`, `act`, `action`, `timeout`, `byStatus`
      help: did you mean `maxTokens`?
      fix: 3:3 `max_tokens` -> `maxTokens`
    "#);
    assert_snapshot!(fails::<Rule>("name: a\nnmae: b\n"), @r#"
    at "/nmae"
    C001 error 2:1 `nmae`: unknown key `nmae`
      note: the keys here are `name`, `maxTokens`, `act`, `action`, `timeout`, `byStatus`
      help: remove the key
    "#);
    assert_snapshot!(fails::<Rule>("name: a\nbanana: b\n"), @r#"
    at "/banana"
    C001 error 2:1 `banana`: unknown key `banana`
      note: the keys here are `name`, `maxTokens`, `act`, `action`, `timeout`, `byStatus`
      help: remove the key
    "#);
}

#[test]
fn a_missing_key_is_reported_at_the_key_that_holds_the_mapping() {
    assert_snapshot!(fails::<Rule>("maxTokens: 5\n"), @r#"
    at ""
    C026 error 1:1 `maxTokens`: the key `name` is missing
      help: add `name: …`
    "#);
    assert_snapshot!(fails::<Rule>("{}\n"), @r#"
    at ""
    C026 error 1:1 `{}`: the key `name` is missing
      help: add `name: …`
    "#);
    assert_snapshot!(fails::<BTreeMap<String, Rule>>("a: {name: x}\nb:\n  maxTokens: 5\n"), @r#"
    at "/b"
    C026 error 2:1 `b`: the key `name` is missing
      help: add `name: …`
    "#);
}

#[test]
fn one_field_under_two_names_is_refused() {
    assert_snapshot!(fails::<Rule>("name: a\naction: block\nact: block\n"), @r#"
    at ""
    C002 error 1:1 `name`: `action` stands twice in this mapping, under two names
      help: remove one of them
    "#);
}

#[test]
fn a_value_that_its_type_refuses_is_blamed_itself() {
    fits("{name: a, timeout: 5ms}", Rule { timeout: Some(Timeout(5)), ..rule("a") });
    assert_snapshot!(fails::<Rule>("name: a\ntimeout: 5\n"), @r#"
    at "/timeout"
    C027 error 2:10 `5`: `5` is not a duration: write `250ms`
    "#);
    assert_snapshot!(fails::<Rule>("name: a\nbyStatus:\n  429: 1ms\n  500: x\n"), @r#"
    at "/byStatus/500"
    C027 error 4:8 `x`: `x` is not a duration: write `250ms`
    "#);
}

#[test]
fn keys_are_read_as_the_type_they_have() {
    fits("{1: a, 2: b}", BTreeMap::from([(1_u8, "a".to_owned()), (2, "b".to_owned())]));
    fits("{-1: a}", BTreeMap::from([(-1_i32, "a".to_owned())]));
    fits("{true: a}", BTreeMap::from([(true, "a".to_owned())]));
    fits("{x: 1}", BTreeMap::from([('x', 1)]));
    fits("{ms: 1}", BTreeMap::from([("ms".to_owned(), 1)]));
    assert_snapshot!(fails::<BTreeMap<u8, u8>>("{1: 1, x: 1}"), @r#"
    at "/x"
    C025 error 1:8 `x`: expected a whole number from 0 to 255, found the text `x`
    "#);
    assert_snapshot!(fails::<BTreeMap<u8, u8>>("{300: 1}"), @r#"
    at "/300"
    C027 error 1:2 `300`: expected a whole number from 0 to 255, found `300`
    "#);
}

#[derive(Debug, PartialEq, PartialOrd, Eq, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Word {
    Up,
    Down,
}

#[test]
fn a_key_can_be_a_word_of_an_enum() {
    fits("{up: 1, down: 2}", BTreeMap::from([(Word::Up, 1), (Word::Down, 2)]));
    assert_snapshot!(fails::<BTreeMap<Word, u8>>("{up: 1, dwon: 2}"), @r#"
    at "/dwon"
    C027 error 1:9 `dwon`: unknown word `dwon`
      note: the words here are `up`, `down`
      help: did you mean `down`?
      fix: 1:9 `dwon` -> `down`
    "#);
}

#[test]
fn variants_come_from_words_and_from_mappings_with_one_key() {
    fits("block", Action::Block);
    fits("'block'", Action::Block);
    fits("{block: }", Action::Block);
    fits("route: {to: x}", Action::Route(Target { to: "x".to_owned() }));
    fits("retry: {times: 3}", Action::Retry { times: 3 });
    fits("wait: 3", Action::Wait(3));
    fits("split: [1, 2]", Action::Split(1, 2));
    fits("log: {level: 2}", Action::Log(Settings { level: 2 }));
    fits("log", Action::Log(Settings::default()));
}

#[test]
fn what_is_no_variant_is_refused_with_its_place() {
    assert_snapshot!(fails::<Action>("blok"), @r#"
    at ""
    C027 error 1:1 `blok`: unknown word `blok`
      note: the words here are `block`, `route`, `retry`, `wait`, `split`, `log`
      help: did you mean `block`?
      fix: 1:1 `blok` -> `block`
    "#);
    assert_snapshot!(fails::<Action>("rotue: {to: x}"), @r#"
    at ""
    C027 error 1:1 `rotue`: unknown word `rotue`
      note: the words here are `block`, `route`, `retry`, `wait`, `split`, `log`
      help: did you mean `route`?
      fix: 1:1 `rotue` -> `route`
    "#);
    assert_snapshot!(fails::<Action>("{block: , wait: 1}"), @r#"
    at ""
    C027 error 1:11 `wait`: expected one key here, found `wait` as well
      help: keep one of `block`, `route`, `retry`, `wait`, `split`, `log`
    "#);
    assert_snapshot!(fails::<Action>("{}"), @r#"
    at ""
    C025 error 1:1 `{}`: expected one key, found an empty mapping
      help: write one of `block`, `route`, `retry`, `wait`, `split`, `log`
    "#);
    assert_snapshot!(fails::<Action>("[block]"), @r#"
    at ""
    C025 error 1:1 `[block]`: expected a word, or a mapping with one key, found a list
      help: write one of `block`, `route`, `retry`, `wait`, `split`, `log`
    "#);
    assert_snapshot!(fails::<Action>("~"), @r#"
    at ""
    C025 error 1:1 `~`: expected a word, or a mapping with one key, found `~`
      help: write one of `block`, `route`, `retry`, `wait`, `split`, `log`
    "#);
    assert_snapshot!(fails::<Action>("block: {x: 1}"), @r#"
    at ""
    C027 error 1:8 `{x: 1}`: `block` takes no settings
      help: write `block` alone
    "#);
    assert_snapshot!(fails::<Action>("wait"), @r#"
    at ""
    C027 error 1:1 `wait`: `wait` needs a value
      help: write `wait: …`
    "#);
    assert_snapshot!(fails::<Action>("route"), @r#"
    at ""
    C026 error 1:1 `route`: the key `to` is missing
      help: add `to: …`
    "#);
    assert_snapshot!(fails::<Action>("retry: {times: 3, tims: 4}"), @r#"
    at "/retry/tims"
    C001 error 1:19 `tims`: unknown key `tims`
      note: the keys here are `times`
      help: remove the key
    "#);
    assert_snapshot!(fails::<Action>("split: [1, 2, 3]"), @r#"
    at "/split"
    C027 error 1:15 `3`: expected 2 items, found 3
    "#);
    assert_snapshot!(fails::<Action>("split: [1]"), @r#"
    at "/split"
    C027 error 1:8 `[1]`: expected a list of 2, found 1 items
    "#);
}

#[test]
fn the_wrong_shape_is_named() {
    assert_snapshot!(fails::<Rule>("- a\n"), @r#"
    at ""
    C025 error 1:1 `- a`: expected a mapping, found a list
    "#);
    assert_snapshot!(fails::<Vec<u8>>("a: 1\n"), @r#"
    at ""
    C025 error 1:1 `a: 1`: expected a list, found a mapping
      help: write `[…]`, or each item on a line after `- `
    "#);
    assert_snapshot!(fails::<Vec<u8>>("5\n"), @r#"
    at ""
    C025 error 1:1 `5`: expected a list, found `5`
      help: write `[…]`, or each item on a line after `- `
    "#);
    assert_snapshot!(fails::<(u8, u8)>("[1]"), @r#"
    at ""
    C027 error 1:1 `[1]`: expected a list of 2, found 1 items
    "#);
    assert_snapshot!(fails::<[u8; 2]>("[1]"), @r#"
    at ""
    C027 error 1:1 `[1]`: expected a list of 2, found 1 items
    "#);
    assert_snapshot!(fails::<()>("5\n"), @r#"
    at ""
    C025 error 1:1 `5`: expected nothing, found `5`
    "#);
}

#[test]
fn a_failure_inside_an_alias_says_where_it_was_used() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only bound")]
    struct Two {
        a: serde_json::Value,
        b: Settings,
    }
    assert_snapshot!(fails::<Two>("a: &x {level: high}\nb: *x\n"), @r#"
    at "/b/level"
    C025 error 1:15 `high`: expected a whole number, found the text `high`
      2:4 `*x` (used here)
    "#);
    assert_snapshot!(fails::<Two>("a: &x {level: high}\nb:\n  <<: *x\n"), @r#"
    at "/b/level"
    C025 error 1:15 `high`: expected a whole number, found the text `high`
      3:7 `*x` (used here)
    "#);
}

#[test]
fn json_values_are_bound_as_the_tree_says() {
    let text = "a: [1, -2, 1.5, true, ~, 'x', no, 99999999999999999999]\nb: {c: {}}\n";
    let (_, document) = Case::sound(text);
    fits(text, document.root.to_json());
}

#[test]
fn what_nobody_asks_for_is_skipped() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Header {
        kind: String,
    }
    fits("kind: Route\nspec: {a: [1, {b: 2}]}\n", Header { kind: "Route".to_owned() });
}

#[test]
fn faults_are_collected() {
    let (_, document) = Case::sound("[1, x]");
    let mut findings = Findings::new();
    assert_eq!(bind::<Vec<u8>>(&document.root, &mut findings), None);
    assert_eq!(bind::<Vec<String>>(&document.root, &mut findings), Some(vec!["1".to_owned(), "x".to_owned()]));
    assert_eq!(findings.len(), 1);
}
