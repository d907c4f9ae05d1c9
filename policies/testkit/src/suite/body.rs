//! What a body must be, as written.

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::Value;

use super::Matcher;

/// What a body must be: values at JSON Pointers, and nothing is said of the rest; or the whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BodyExpect {
    /// The whole body, as JSON.
    pub exactly: Option<Value>,
    /// The whole body, as a text.
    pub text: Option<Matcher>,
    /// The name of a snapshot of it.
    pub snapshot: Option<String>,
    /// Values, by JSON Pointer.
    pub at: IndexMap<String, Matcher>,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct BodyForm {
    /// The whole body, as JSON: nothing less, nothing more.
    exactly: Option<Value>,
    /// The whole body, as a text.
    text: Option<Matcher>,
    /// The name of a snapshot of the body.
    snapshot: Option<String>,
}

impl<'de> Deserialize<'de> for BodyExpect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut expect = Self::default();
        for (key, value) in IndexMap::<String, Value>::deserialize(deserializer)? {
            let matcher = |value| Matcher::read(value).map_err(D::Error::custom);
            match key.as_str() {
                "exactly" => expect.exactly = Some(value),
                "text" => expect.text = Some(matcher(value)?),
                "snapshot" => {
                    expect.snapshot =
                        Some(value.as_str().map(str::to_owned).ok_or_else(|| D::Error::custom("`snapshot` is a name"))?)
                }
                _ => drop(expect.at.insert(key, matcher(value)?)),
            }
        }
        Ok(expect)
    }
}

impl JsonSchema for BodyExpect {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "BodyExpect".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = BodyForm::json_schema(generator);
        schema.insert("additionalProperties".to_owned(), generator.subschema_for::<Matcher>().to_value());
        let text = "What a body must be: values at JSON Pointers such as `/messages/0/role`, and nothing is said of the rest; or the whole, by `exactly`, `text` or `snapshot`.";
        schema.insert("description".to_owned(), text.into());
        schema
    }
}
