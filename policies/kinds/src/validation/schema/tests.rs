#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::json;

use super::*;

fn fault(schema: &Value) -> (String, String) {
    let fault = BodySchema::new(schema).unwrap_err();
    (fault.at, fault.message)
}

fn at(schema: &Value) -> String {
    fault(schema).0
}

/// How a small body does not fit.
fn misfit(schema: &Value, body: &Value) -> Option<String> {
    BodySchema::new(schema).unwrap().misfit(body, 100).map(|misfit| misfit.message)
}

#[test]
fn what_does_not_fit_is_told_by_its_place_and_never_by_its_value() {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "required": ["model"],
        "properties": {
            "model": {"enum": ["small", "big"]},
            "n": {"type": "integer", "maximum": 4},
            "user": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 8},
            "mail": {"format": "email"},
            "tags": {"items": {"$ref": "#/$defs/tag"}},
        },
        "additionalProperties": false,
        "$defs": {"tag": {"type": "string"}},
    });
    assert_eq!(misfit(&schema, &json!({"model": "big", "n": 2, "tags": ["a"], "mail": "a@b.example"})), None);
    let told = |body: Value| misfit(&schema, &body).unwrap();
    assert_eq!(told(json!({})), "the body lacks the member `model`");
    assert_eq!(told(json!({"model": "SECRET"})), "`/model` has a value that is not taken");
    assert_eq!(told(json!({"model": "big", "n": 99})), "`/n` breaks `maximum`");
    assert_eq!(told(json!({"model": "big", "user": "SECRET"})), "`/user` breaks `pattern`");
    assert_eq!(told(json!({"model": "big", "mail": "SECRET"})), "`/mail` breaks `format`");
    assert_eq!(told(json!({"model": "big", "tags": ["a", 7]})), "`/tags/1` has the wrong type");
    assert_eq!(told(json!({"model": "big", "odd": "SECRET"})), "the body has the member `odd`, which is not taken");
    let many = told(json!({"model": "big", "tags": [1, 2, 3, 4, 5]}));
    assert_eq!(many, "`/tags/0` has the wrong type; `/tags/1` has the wrong type; `/tags/2` has the wrong type; and more");
    let long = BodySchema::new(&schema).unwrap().misfit(&json!({"tags": [1, 2]}), MANY_FAULTS_UP_TO + 1).unwrap();
    assert_eq!((long.message.matches(';').count(), long.keywords.contains(',')), (0, false));
    let name = "x".repeat(5_000);
    assert!(told(json!({"model": "big", name: 1})).len() < 600);
}

#[test]
fn what_would_judge_nothing_is_refused() {
    for (schema, pointer) in [
        (json!({"requierd": ["a"]}), "/requierd"),
        (json!({"properties": {"a": {"nullable": true}}}), "/properties/a/nullable"),
        (json!({"format": "regex"}), "/format"),
        (json!({"properties": {"a/b": {"format": "colour"}}}), "/properties/a~1b/format"),
        (json!({"$schema": "http://json-schema.org/draft-04/schema#"}), "/$schema"),
        (json!({"contentEncoding": "base64"}), "/contentEncoding"),
        (json!({"$dynamicRef": "#x"}), "/$dynamicRef"),
        (json!({"type": "number", "allOf": {}}), "/allOf"),
        (json!({"properties": {"a": 7}}), "/properties/a"),
        (json!(7), ""),
    ] {
        assert_eq!(at(&schema), pointer, "{schema}");
    }
    assert!(fault(&json!({"requierd": []})).1.contains("did you mean `required`?"));
    // Names of members and values are no keywords.
    let named = json!({"properties": {"nullable": {"const": {"$ref": "https://x"}}, "$ref": true}, "enum": [{"$ref": 1}]});
    assert!(BodySchema::new(&named).is_ok());
}

#[test]
fn what_is_no_schema_is_refused_at_its_place() {
    for (schema, pointer) in [
        (json!({"type": "text"}), "/type"),
        (json!({"properties": {"a": {"maxLength": -1}}}), "/properties/a/maxLength"),
        (json!({"properties": {"a": {"pattern": "("}}}), "/properties/a/pattern"),
        (json!({"properties": {"a": {"pattern": "(?=a)b"}}}), "/properties/a/pattern"),
        (json!({"pattern": "a{1000}{1000}"}), "/pattern"),
    ] {
        assert_eq!(at(&schema), pointer, "{schema}");
    }
}

#[test]
fn references_stay_in_the_file_and_nothing_is_fetched() {
    for target in ["https://contoso.example/x.json", "other.json", "file:///etc/passwd", "#/$defs/nope", "#/enum/0", "#anchor"] {
        let schema = json!({"$defs": {"a": {}}, "enum": [{}], "properties": {"x": {"$ref": target}}});
        assert_eq!(at(&schema), "/properties/x/$ref", "{target}");
    }
    let fine = json!({"$defs": {"a/b c": {"type": "integer"}}, "$ref": "#/$defs/a~1b%20c"});
    assert_eq!(misfit(&fine, &json!("x")).as_deref(), Some("the body has the wrong type"));
    assert_eq!(at(&json!({"$defs": {"a": {"$id": "https://x"}}})), "/$defs/a/$id");
}

#[test]
fn what_never_gets_on_is_refused() {
    let circle = json!({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"anyOf": [{"$ref": "#/$defs/a"}]}}, "$ref": "#/$defs/a"});
    for schema in [json!({"$ref": "#"}), json!({"allOf": [{"$ref": "#"}]}), json!({"not": {"$ref": "#"}}), circle] {
        assert!(fault(&schema).1.contains("in a circle"), "{schema}");
    }
    let mut doubling = json!({"type": "string"});
    for _ in 0..10 {
        doubling = json!({"allOf": [doubling.clone(), doubling]});
    }
    assert!(fault(&doubling).1.contains("on and on"));
}

#[test]
fn what_multiplies_with_every_level_is_refused() {
    let twice = json!({"items": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}});
    let overlap =
        json!({"properties": {"a": {"$ref": "#"}}, "additionalProperties": true, "patternProperties": {"a": {"$ref": "#"}}});
    for schema in [twice, overlap] {
        assert!(fault(&schema).1.contains("multiplies"), "{schema}");
    }
}

#[test]
fn trees_are_judged_to_the_end() {
    let tree = json!({
        "type": ["object", "array", "null"],
        "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}},
        "items": {"$ref": "#"},
        "additionalProperties": false,
    });
    assert_eq!(misfit(&tree, &json!({"left": {"right": null}, "right": [[{"left": null}]]})), None);
    let mut deep = json!(1);
    for _ in 0..MAX_LEVELS {
        deep = json!([deep]);
    }
    assert!(misfit(&tree, &deep).is_some());
}
