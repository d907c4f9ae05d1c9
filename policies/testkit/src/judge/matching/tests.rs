#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::json;

use super::*;

/// A matcher that holds of each of `yes` and of none of `no`.
fn check(matcher: Value, yes: &[Came], no: &[Came]) {
    let matcher = Matcher::read(matcher).unwrap();
    for came in yes {
        assert!(holds(&matcher, came), "{matcher:?} {came:?}");
    }
    for came in no {
        assert!(!holds(&matcher, came), "{matcher:?} {came:?}");
    }
}

fn json(value: Value) -> Came {
    Came::Json(value)
}

fn text(text: &str) -> Came {
    Came::Text(text.to_owned())
}

#[test]
fn literals_are_equal_to_themselves_alone() {
    check(json!("a"), &[json(json!("a")), text("a")], &[json(json!("b")), text("A"), Came::Nothing, json(json!(["a"]))]);
    check(
        json!(5),
        &[json(json!(5)), json(json!(5.0)), text("5"), text("5.0")],
        &[json(json!("5")), text("6"), text("five"), Came::Nothing],
    );
    check(json!(0.1), &[json(json!(0.1)), text("0.1")], &[json(json!(0)), text("0")]);
    check(json!(true), &[json(json!(true)), text("true")], &[json(json!("true")), json(json!(1)), text("1"), text("TRUE")]);
    check(json!([1, 2]), &[json(json!([1, 2.0]))], &[json(json!([2, 1])), json(json!([1])), text("[1,2]")]);
    let large = u64::MAX;
    check(json!(large), &[json(json!(large))], &[json(json!(large - 1))]);
}

#[test]
fn mappings_are_compared_whole_and_in_any_order() {
    let expected = json!({"equals": {"a": 1, "b": [null]}});
    check(
        expected,
        &[json(json!({"b": [null], "a": 1.0}))],
        &[json(json!({"a": 1})), json(json!({"a": 1, "b": [null], "c": 2})), json(json!({"a": 1, "b": [0]})), Came::Nothing],
    );
    check(json!({"equals": null}), &[json(Value::Null)], &[Came::Nothing, json(json!(0)), text("null")]);
}

#[test]
fn absent_and_present_are_opposites() {
    let there = [json(Value::Null), json(json!(0)), text("")];
    check(json!({"absent": true}), &[Came::Nothing], &there);
    check(json!({"present": true}), &there, &[Came::Nothing]);
}

#[test]
fn patterns_are_found_in_texts_numbers_and_booleans() {
    check(
        json!({"regex": "^4.9$"}),
        &[json(json!("409")), json(json!(429)), text("4x9")],
        &[json(json!(4290)), json(json!(["429"])), json(Value::Null), Came::Nothing],
    );
    check(json!({"regex": "tr"}), &[json(json!(true))], &[json(json!(false))]);
    assert!(!holds(&Matcher::Regex(crate::suite::Pattern::new("(".to_owned())), &text("(")));
}

#[test]
fn one_of_several_is_enough() {
    check(
        json!({"oneOf": [200, "a"]}),
        &[json(json!(200)), json(json!("a")), text("200"), text("a")],
        &[json(json!(201)), Came::Nothing],
    );
}

#[test]
fn numbers_lie_between_both_ends_or_near_one() {
    check(
        json!({"between": [1, 60]}),
        &[json(json!(1)), json(json!(60)), json(json!(30.5)), text("7")],
        &[json(json!(0.99)), json(json!(61)), json(json!("7")), text("soon"), text("NaN"), text("inf"), Came::Nothing],
    );
    check(
        json!({"about": 100, "within": 5}),
        &[json(json!(95)), json(json!(105)), text("100")],
        &[json(json!(94)), json(json!(106)), Came::Nothing],
    );
    check(
        json!({"about": -100, "within": "1%"}),
        &[json(json!(-99)), json(json!(-101))],
        &[json(json!(-98.9)), json(json!(100))],
    );
    check(json!({"about": 0, "within": "1%"}), &[json(json!(0))], &[json(json!(0.001))]);
}

#[test]
fn lengths_are_of_characters_items_and_members() {
    check(
        json!({"length": 2}),
        &[json(json!("äß")), json(json!([1, 2])), json(json!({"a": 1, "b": 2})), text("ab")],
        &[json(json!("a")), json(json!([])), json(json!(22)), Came::Nothing],
    );
    check(json!({"length": {"between": [1, 2]}}), &[text("a")], &[text(""), text("abc")]);
}

#[test]
fn texts_contain_texts_and_lists_values() {
    check(
        json!({"contains": "ell"}),
        &[json(json!("hello")), text("hello")],
        &[json(json!(["hello"])), text("help"), json(json!(5)), Came::Nothing],
    );
    check(
        json!({"contains": {"a": 1}}),
        &[json(json!([{"a": 1.0}, 2]))],
        &[json(json!([{"a": 1, "b": 2}])), json(json!({"a": 1}))],
    );
    check(json!({"contains": 5}), &[json(json!([5]))], &[text("5"), json(json!("5"))]);
}

#[test]
fn secrets_are_known_by_their_stand_ins_alone_or_as_bearer() {
    check(
        json!({"secret": "openai"}),
        &[text("<secret openai>"), text("Bearer <secret openai>"), json(json!("<secret openai>"))],
        &[text("<secret azure>"), text("Basic <secret openai>"), text("x<secret openai>"), Came::Nothing],
    );
}

#[test]
fn what_is_wanted_is_said_in_words() {
    let words = |matcher: Value| described(&Matcher::read(matcher).unwrap());
    assert_eq!(words(json!("a")), "\"a\"");
    assert_eq!(words(json!({"absent": true})), "nothing");
    assert_eq!(words(json!({"present": true})), "anything at all");
    assert_eq!(words(json!({"regex": "^a"})), "a text in which `^a` is found");
    assert_eq!(words(json!({"oneOf": [1, "a"]})), "one of 1, \"a\"");
    assert_eq!(words(json!({"between": [1, 2.5]})), "a number from 1 to 2.5");
    assert_eq!(words(json!({"about": 5, "within": 2})), "5 ± 2");
    assert_eq!(words(json!({"about": 5, "within": "1%"})), "5 ± 1%");
    assert_eq!(words(json!({"length": {"oneOf": [1, 2]}})), "a length of one of 1, 2");
    assert_eq!(words(json!({"contains": "a"})), "something that contains \"a\"");
    assert_eq!(words(json!({"secret": "a"})), "the value of the secret `a`");
}

#[test]
fn long_values_are_cut() {
    let shown = text(&"ä".repeat(1000)).to_string();
    assert!(shown.ends_with("… (2000 bytes)") && shown.chars().count() < 500, "{shown}");
}
