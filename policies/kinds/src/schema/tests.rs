#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::*;

/// Calls `look` with every schema of a schema and its path.
fn walk(schema: &Value, path: &str, look: &mut impl FnMut(&str, &Value)) {
    look(path, schema);
    match schema {
        Value::Array(items) => items.iter().enumerate().for_each(|(at, item)| walk(item, &format!("{path}/{at}"), look)),
        Value::Object(members) => members.iter().for_each(|(name, member)| walk(member, &format!("{path}/{name}"), look)),
        _ => {}
    }
}

#[test]
fn every_field_is_described_on_one_line() {
    for kind in Kind::ALL {
        walk(&schema_of(*kind), "", &mut |path, schema| {
            let Some(properties) = schema.get("properties").and_then(Value::as_object).filter(|_| !path.ends_with("/properties"))
            else {
                return;
            };
            for (name, property) in properties {
                let tagged = path.contains("/oneOf/") || path.ends_with("/if") || path.ends_with("/then");
                let text = property.get("description").and_then(Value::as_str);
                assert!(
                    tagged || text.is_some_and(|text| !text.is_empty() && !text.contains('\n')),
                    "{kind}{path}: {name}: {text:?}"
                );
            }
        });
    }
}

#[test]
fn nothing_may_be_null_and_every_mapping_is_closed() {
    walk(&schema_of_all(), "", &mut |path, schema| {
        assert_ne!(schema, &json!("null"), "{path}");
        assert_ne!(schema, &Value::Null, "{path}");
        if schema.get("type") == Some(&json!("object")) && !path.ends_with("/properties") {
            assert!(schema.get("additionalProperties").is_some(), "{path}");
        }
    });
}

#[test]
fn the_schema_is_the_same_every_time() {
    assert_eq!(serde_json::to_string(&schema_of_all()).unwrap(), serde_json::to_string(&schema_of_all()).unwrap());
}

#[test]
fn a_kind_describes_itself_and_names_itself() {
    let schema = schema_of(Kind::Limit);
    assert_eq!(schema.pointer("/properties/kind/const"), Some(&json!("Limit")));
    assert_eq!(schema.pointer("/properties/spec/$ref"), Some(&json!("#/$defs/LimitSpec")));
    assert!(schema["description"].as_str().unwrap().starts_with("How many requests"));
}
