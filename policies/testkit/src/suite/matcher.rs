//! What a value must be, as written: a literal, or a mapping with one of the words below.

use aigw_core::Share;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::{Map, Value};

/// What a value must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Matcher {
    /// This value and no other. Numbers are compared as numbers.
    Equals(Value),
    /// Nothing is there.
    Absent,
    /// Something is there.
    Present,
    /// A text in which the expression is found.
    Regex(String),
    /// One of these values.
    OneOf(Vec<Value>),
    /// A number between the two, both included.
    Between(Number, Number),
    /// A number near this one.
    About(Number, Tolerance),
    /// A text, list or mapping of this length.
    Length(Box<Matcher>),
    /// A text that holds this text, or a list that holds this value.
    Contains(Value),
    /// The value of a secret; behind `Bearer ` or alone.
    Secret(String),
}

/// A number as written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number(pub f64);

/// How far a number may be off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// That much.
    Absolute(Number),
    /// That part of it.
    Part(Share),
}

/// Why a mapping is no matcher.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MatcherError(String);

/// The words that begin a matcher.
pub(crate) const WORDS: [&str; 11] =
    ["equals", "absent", "present", "regex", "oneOf", "between", "about", "within", "length", "contains", "secret"];

impl Matcher {
    /// Reads a matcher from JSON: a scalar or a list is a literal, a mapping is one of the words.
    ///
    /// # Errors
    /// A mapping with other keys, or a word with a value that it cannot have.
    pub fn read(value: Value) -> Result<Self, MatcherError> {
        match value {
            Value::Object(members) => Self::word(members),
            literal => Ok(Self::Equals(literal)),
        }
    }

    fn word(mut members: Map<String, Value>) -> Result<Self, MatcherError> {
        let within = members.shift_remove("within");
        let count = members.len();
        let Some((word, value)) = members.into_iter().next().filter(|_| count == 1) else {
            return Err(MatcherError::new("a matcher has one word, and `about` its `within`; a mapping is compared by `equals`"));
        };
        let matcher = match (word.as_str(), within) {
            ("about", Some(within)) => Self::About(number("about", &value)?, Tolerance::read(&within)?),
            ("about", None) => {
                return Err(MatcherError::new("`about` needs `within`: how far the number may be off, as `1%` or a number"));
            }
            (_, Some(_)) => return Err(MatcherError::new("`within` belongs to `about`")),
            ("equals", None) => Self::Equals(value),
            ("absent", None) => yes("absent", &value).map(|()| Self::Absent)?,
            ("present", None) => yes("present", &value).map(|()| Self::Present)?,
            ("regex", None) => Self::Regex(text("regex", value)?),
            ("oneOf", None) => Self::OneOf(list("oneOf", value)?),
            ("between", None) => Self::between(&list("between", value)?)?,
            ("length", None) => Self::Length(Box::new(Self::read(value)?)),
            ("contains", None) => Self::Contains(value),
            ("secret", None) => Self::Secret(text("secret", value)?),
            (other, None) => return Err(MatcherError::unknown(other)),
        };
        Ok(matcher)
    }

    fn between(ends: &[Value]) -> Result<Self, MatcherError> {
        let [least, most] = ends else { return Err(MatcherError::new("`between` has two numbers: [least, most]")) };
        let (least, most) = (number("between", least)?, number("between", most)?);
        if least.0 > most.0 {
            return Err(MatcherError::new("`between` has the smaller number first: nothing lies between these"));
        }
        Ok(Self::Between(least, most))
    }
}

impl MatcherError {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    fn unknown(word: &str) -> Self {
        let meant = aigw_source::nearest(word, WORDS.iter().copied()).map(|meant| format!("; did you mean `{meant}`?"));
        Self(format!("`{word}` is not a matcher{}", meant.unwrap_or_else(|| "; a mapping is compared by `equals`".to_owned())))
    }
}

impl Tolerance {
    fn read(value: &Value) -> Result<Self, MatcherError> {
        match value {
            Value::String(text) => {
                text.parse().map(Self::Part).map_err(|error: aigw_core::UnitError| MatcherError::new(error.to_string()))
            }
            other => number("within", other).map(Self::Absolute),
        }
    }
}

fn number(word: &str, value: &Value) -> Result<Number, MatcherError> {
    let number = value.as_f64().filter(|number| number.is_finite());
    number.map(Number).ok_or_else(|| MatcherError::new(format!("`{word}` takes numbers")))
}

fn text(word: &str, value: Value) -> Result<String, MatcherError> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(MatcherError::new(format!("`{word}` takes a text"))),
    }
}

fn list(word: &str, value: Value) -> Result<Vec<Value>, MatcherError> {
    match value {
        Value::Array(items) => Ok(items),
        _ => Err(MatcherError::new(format!("`{word}` takes a list"))),
    }
}

fn yes(word: &str, value: &Value) -> Result<(), MatcherError> {
    match value {
        Value::Bool(true) => Ok(()),
        _ => Err(MatcherError::new(format!("`{word}` is written `{{{word}: true}}`"))),
    }
}

impl<'de> Deserialize<'de> for Matcher {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "only its schema is used")]
struct Words {
    /// This value and no other; the way to compare a mapping.
    equals: Option<Value>,
    /// Nothing is there: `true`.
    absent: Option<bool>,
    /// Something is there: `true`.
    present: Option<bool>,
    /// A text in which this expression is found.
    regex: Option<String>,
    /// One of these values.
    one_of: Option<Vec<Value>>,
    /// A number between two, both included.
    between: Option<[f64; 2]>,
    /// A number near this one, by `within`.
    about: Option<f64>,
    /// How far `about` may be off: a share such as `1%`, or a number.
    within: Option<Value>,
    /// A text, list or mapping of this length: a number, or a matcher of it.
    length: Option<Value>,
    /// A text that holds this text, or a list that holds this value.
    contains: Option<Value>,
    /// The value of the secret of this name, behind `Bearer ` or alone.
    secret: Option<String>,
}

impl JsonSchema for Matcher {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Matcher".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let words = Words::json_schema(generator);
        json_schema!({
            "description": "What a value must be: a literal, or a mapping with one word such as `{between: [1, 60]}`.",
            "anyOf": [{"type": ["string", "number", "boolean", "array"]}, words],
        })
    }
}
