#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::json;

use super::*;

/// Reads a matcher; our schema and the reader must agree on whether it is one. Gives the message where it is none.
fn check(value: Value) -> Result<Matcher, String> {
    let schema = schemars::schema_for!(Matcher).to_value();
    let fits = jsonschema::validator_for(&schema).unwrap().is_valid(&value);
    let read = Matcher::read(value.clone());
    // A bare `null` is most often a value that was forgotten: the schema wants `{equals: null}`.
    assert_eq!(fits, read.is_ok() && value != Value::Null, "{value}: {read:?}");
    read.map_err(|error| error.to_string())
}

#[test]
fn every_word_is_read() {
    assert_eq!(check(json!("a")), Ok(Matcher::Equals(json!("a"))));
    assert_eq!(check(json!([1, "a"])), Ok(Matcher::Equals(json!([1, "a"]))));
    assert_eq!(check(json!({"equals": {"a": 1}})), Ok(Matcher::Equals(json!({"a": 1}))));
    assert_eq!(check(json!({"equals": null})), Ok(Matcher::Equals(Value::Null)));
    assert_eq!(check(json!({"absent": true})), Ok(Matcher::Absent));
    assert_eq!(check(json!({"present": true})), Ok(Matcher::Present));
    assert_eq!(check(json!({"oneOf": [1, 2]})), Ok(Matcher::OneOf(vec![json!(1), json!(2)])));
    assert_eq!(check(json!({"between": [1, 2.5]})), Ok(Matcher::Between(Number(1.0), Number(2.5))));
    assert_eq!(check(json!({"about": 5, "within": 1})), Ok(Matcher::About(Number(5.0), Tolerance::Absolute(Number(1.0)))));
    let part = Tolerance::Part("1%".parse().unwrap());
    assert_eq!(check(json!({"within": "1%", "about": 5})), Ok(Matcher::About(Number(5.0), part)));
    assert_eq!(check(json!({"length": 2})), Ok(Matcher::Length(Box::new(Matcher::Equals(json!(2))))));
    assert_eq!(check(json!({"contains": "a"})), Ok(Matcher::Contains(json!("a"))));
    assert_eq!(check(json!({"secret": "key"})), Ok(Matcher::Secret("key".to_owned())));
    assert_eq!(check(json!({"regex": "^a"})), Ok(Matcher::Regex(Pattern::new("^a".to_owned()))));
}

#[test]
fn what_is_no_matcher_is_refused() {
    for wrong in [
        json!({}),
        json!({"regexp": "a"}),
        json!({"regex": "a", "contains": "b"}),
        json!({"regex": 5}),
        json!({"absent": false}),
        json!({"absent": "true"}),
        json!({"oneOf": 5}),
        json!({"between": [1]}),
        json!({"between": [1, 2, 3]}),
        json!({"between": ["1", "2"]}),
        json!({"about": 5}),
        json!({"within": 5}),
        json!({"about": "5", "within": 1}),
        json!({"about": 5, "within": "1"}),
        json!({"length": {"size": 1}}),
        json!({"between": [1, 2], "within": 1}),
    ] {
        assert!(check(wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn a_share_of_more_than_all_is_refused_by_the_reader_alone() {
    let wrong = Matcher::read(json!({"about": 5, "within": "101%"})).unwrap_err().to_string();
    assert!(wrong.starts_with("`101%` is not a share"), "{wrong}");
}

#[test]
fn a_pattern_that_is_none_is_kept_with_its_fault() {
    assert_eq!(Pattern::new("(".to_owned()).regex.unwrap_err(), "unclosed group");
    let bomb = Pattern::new("((a{1000}){1000}){1000}".to_owned()).regex.unwrap_err();
    assert!(bomb.contains("size limit"), "{bomb}");
    assert!(Pattern::new("^a$".to_owned()).regex.is_ok());
}
