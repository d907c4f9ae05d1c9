#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::json::{ScanLimits, scan};
use serde_json::json;

fn check(body: &str, edit: impl FnOnce(&Object, &mut Splice), expected: &str) {
    let object = scan(&Bytes::copy_from_slice(body.as_bytes()), ScanLimits::default()).unwrap();
    let mut splice = Splice::new();
    edit(&object, &mut splice);
    assert_eq!(splice.apply(&object), expected.as_bytes(), "{body}");
}

fn capped(name: &str, body: &str, cap: &str, expected: &str) {
    let parameter = logical_parameter(name).unwrap();
    check(
        body,
        |object, splice| {
            let changed = parameter.cap(object, splice, &serde_json::from_str(cap).unwrap()).unwrap();
            assert_eq!(changed, body != expected, "{body}");
        },
        expected,
    );
}

#[test]
fn every_alias_in_the_request_is_capped() {
    capped("maxOutputTokens", r#"{"max_tokens":5000}"#, "2000", r#"{"max_tokens":2000}"#);
    capped("maxOutputTokens", r#"{"max_completion_tokens":5000}"#, "2000", r#"{"max_completion_tokens":2000}"#);
    capped(
        "maxOutputTokens",
        r#"{"max_tokens":5000,"max_completion_tokens":5000}"#,
        "2000",
        r#"{"max_tokens":2000,"max_completion_tokens":2000}"#,
    );
    capped(
        "maxOutputTokens",
        r#"{"max_tokens":null,"max_completion_tokens":5000}"#,
        "2000",
        r#"{"max_tokens":null,"max_completion_tokens":2000}"#,
    );
}

#[test]
fn what_is_not_above_its_cap_stays_as_written() {
    capped("maxOutputTokens", r#"{"max_tokens":2000}"#, "2000", r#"{"max_tokens":2000}"#);
    capped("temperature", r#"{"temperature":0.70}"#, "0.7", r#"{"temperature":0.70}"#);
    capped("topP", r#"{"top_p":1e-1}"#, "0.5", r#"{"top_p":1e-1}"#);
}

#[test]
fn a_cap_is_written_where_the_provider_would_otherwise_take_more() {
    capped("maxOutputTokens", r#"{}"#, "2000", r#"{"max_completion_tokens":2000}"#);
    capped("maxOutputTokens", r#"{"max_tokens":null}"#, "2000", r#"{"max_tokens":2000}"#);
    capped("temperature", r#"{}"#, "0.5", r#"{"temperature":0.5}"#);
    capped("temperature", r#"{}"#, "1.5", r#"{}"#);
    capped("n", r#"{}"#, "1", r#"{}"#);
    capped("n", r#"{"n":3}"#, "1", r#"{"n":1}"#);
    capped("presencePenalty", r#"{}"#, "0", r#"{}"#);
}

#[test]
fn a_cap_sees_what_an_earlier_policy_set() {
    let parameter = logical_parameter("maxOutputTokens").unwrap();
    check(
        "{}",
        |object, splice| {
            parameter.set(object, splice, &json!(9000));
            assert!(parameter.cap(object, splice, &Number::from(2000)).unwrap());
        },
        r#"{"max_completion_tokens":2000}"#,
    );
}

#[test]
fn what_is_no_number_cannot_be_capped() {
    let object = scan(&Bytes::from_static(br#"{"temperature":"hot"}"#), ScanLimits::default()).unwrap();
    let fault = logical_parameter("temperature").unwrap().cap(&object, &mut Splice::new(), &Number::from(1)).unwrap_err();
    assert_eq!(fault.param.as_deref(), Some("temperature"));
}

#[test]
fn setting_writes_every_alias_that_is_there_and_the_first_where_none_is() {
    let set = |value: Value| {
        move |object: &Object, splice: &mut Splice| logical_parameter("maxOutputTokens").unwrap().set(object, splice, &value)
    };
    check(r#"{"max_tokens":1}"#, set(json!(5)), r#"{"max_tokens":5}"#);
    check(r#"{"max_tokens":1,"max_completion_tokens":1}"#, set(json!(5)), r#"{"max_tokens":5,"max_completion_tokens":5}"#);
    check("{}", set(json!(5)), r#"{"max_completion_tokens":5}"#);
    let stop = |object: &Object, splice: &mut Splice| logical_parameter("stop").unwrap().set(object, splice, &json!(["a\"b"]));
    check("{}", stop, r#"{"stop":["a\"b"]}"#);
}

#[test]
fn a_default_fills_only_what_is_absent_or_null() {
    for (body, expected) in [
        (r#"{"temperature":0}"#, r#"{"temperature":0}"#),
        (r#"{"temperature":null}"#, r#"{"temperature":0.7}"#),
        ("{}", r#"{"temperature":0.7}"#),
    ] {
        let parameter = logical_parameter("temperature").unwrap();
        check(body, |object, splice| assert_eq!(parameter.set_default(object, splice, &json!(0.7)), body != expected), expected);
    }
}

#[test]
fn values_are_judged_by_type_and_bounds() {
    for (name, good, bad, words) in [
        ("maxOutputTokens", json!(1), json!(0), "a whole number from 1 to 10000000"),
        ("temperature", json!(2), json!(2.1), "a number from 0 to 2"),
        ("presencePenalty", json!(-2), json!("0"), "a number from -2 to 2"),
        ("n", json!(128), json!(1.5), "a whole number from 1 to 128"),
        ("seed", json!(-7), json!("7"), "a whole number"),
        ("stop", json!("x"), json!([]), "a text, or a list of 1 to 4 texts"),
        ("stop", json!(["a", "b", "c", "d"]), json!(["a", 1]), "a text, or a list of 1 to 4 texts"),
        ("user", json!("ann"), json!(""), "a text of 1 to 512 characters"),
        ("verbosity", json!("low"), json!("loud"), "one of `low`, `medium`, `high`"),
        ("logprobs", json!(true), json!("true"), "`true` or `false`"),
    ] {
        let parameter = logical_parameter(name).unwrap();
        assert_eq!(parameter.value.check(&good), Ok(()), "{name}");
        assert_eq!(parameter.value.check(&bad), Err(words.to_owned()), "{name}");
    }
}

#[test]
fn only_what_has_an_order_can_be_capped() {
    let capped: Vec<_> =
        LOGICAL_PARAMETERS.iter().filter(|parameter| parameter.can_be_capped()).map(|parameter| parameter.logical).collect();
    assert_eq!(capped, ["maxOutputTokens", "temperature", "topP", "n", "presencePenalty", "frequencyPenalty", "topLogprobs"]);
}

#[test]
fn no_two_parameters_share_a_name_or_a_member() {
    let mut names: Vec<_> = LOGICAL_PARAMETERS.iter().map(|parameter| parameter.logical).collect();
    let mut members: Vec<_> = LOGICAL_PARAMETERS.iter().flat_map(|parameter| parameter.wire).collect();
    let counts = (names.len(), members.len());
    names.sort_unstable();
    names.dedup();
    members.sort_unstable();
    members.dedup();
    assert_eq!((names.len(), members.len()), counts);
    assert!(logical_parameter("max_tokens").is_none());
}
