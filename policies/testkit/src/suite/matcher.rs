//! What a value must be, as written: a literal, or a mapping with one of the words below.

use aigw_core::Share;
use regex::{Regex, RegexBuilder};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::{Map, Value, json};

/// Most bytes that one compiled expression takes: beyond it a pattern is a mistake, such as a repetition of repetitions.
const MAX_REGEX_BYTES: usize = 1 << 20;

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
    Regex(Pattern),
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

/// A regular expression, compiled once.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// As written.
    pub text: String,
    /// Compiled, or why it cannot be.
    pub regex: Result<Regex, String>,
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

impl Matcher {
    /// Reads a matcher from JSON: a scalar or a list is a literal, a mapping is one of the words. What a schema cannot say, such as a pattern that is
    /// none, is kept as it is: it holds of nothing, and [`crate::load`] tells of it.
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
        let mut members = members.into_iter();
        let (Some((word, value)), None) = (members.next(), members.next()) else {
            return Err(MatcherError::new("a matcher has one word, and `about` its `within`; a mapping is compared by `equals`"));
        };
        let matcher = match (word.as_str(), within) {
            ("about", Some(within)) => Self::About(number("about", &value)?, Tolerance::read(&within)?),
            ("about", None) => return Err(MatcherError::new("`about` needs `within`: how far the number may be off")),
            (_, Some(_)) => return Err(MatcherError::new("`within` belongs to `about`")),
            ("equals", None) => Self::Equals(value),
            ("absent", None) => yes("absent", &value).map(|()| Self::Absent)?,
            ("present", None) => yes("present", &value).map(|()| Self::Present)?,
            ("regex", None) => Self::Regex(Pattern::new(text("regex", value)?)),
            ("oneOf", None) => Self::OneOf(list("oneOf", value)?),
            ("between", None) => Self::between(&list("between", value)?)?,
            ("length", None) => Self::Length(Box::new(Self::read(value)?)),
            ("contains", None) => Self::Contains(value),
            ("secret", None) => Self::Secret(text("secret", value)?),
            (other, None) => return Err(MatcherError::new(format!("`{other}` is not a matcher"))),
        };
        Ok(matcher)
    }

    fn between(ends: &[Value]) -> Result<Self, MatcherError> {
        let [least, most] = ends else { return Err(MatcherError::new("`between` has two numbers: [least, most]")) };
        Ok(Self::Between(number("between", least)?, number("between", most)?))
    }
}

impl Pattern {
    /// Compiles an expression.
    pub fn new(text: String) -> Self {
        let regex = RegexBuilder::new(&text).size_limit(MAX_REGEX_BYTES).build().map_err(|error| {
            let why = error.to_string();
            why.lines().last().unwrap_or_default().trim().trim_start_matches("error: ").trim_end_matches('.').to_owned()
        });
        Self { text, regex }
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl MatcherError {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
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

impl JsonSchema for Matcher {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Matcher".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let number = json!({"type": "number"});
        let share = generator.subschema_for::<Share>().to_value();
        let matcher = generator.subschema_for::<Self>().to_value();
        let texts = json!({"type": "string"});
        let yes = json!({"type": "boolean", "enum": [true]});
        let pair = json!({"type": "array", "items": number, "minItems": 2, "maxItems": 2});
        let forms = [
            form("equals", json!(true), "This value and no other; the way to compare a mapping or `null`."),
            form("absent", yes.clone(), "Nothing is there."),
            form("present", yes, "Something is there."),
            form("regex", texts.clone(), "A text in which this expression is found."),
            form("oneOf", json!({"type": "array", "minItems": 1}), "One of these values."),
            form("between", pair, "A number between two, both included."),
            about(&number, &share),
            form("length", matcher, "A text, list or mapping of this length: a number, or a matcher of it."),
            form("contains", json!(true), "A text that holds this text, or a list that holds this value."),
            form("secret", texts, "The value of the secret of this name, behind `Bearer ` or alone."),
        ];
        let literal = json!({"type": ["string", "number", "boolean", "array"]});
        json_schema!({
            "description": "What a value must be: a literal, or a mapping with one word such as `{between: [1, 60]}`.",
            "anyOf": std::iter::once(literal).chain(forms).collect::<Vec<_>>(),
            "x-help": "compare a mapping by `equals: {…}`, its members one by one, or use one of the matchers' words",
        })
    }
}

/// A mapping with one word.
fn form(word: &str, mut value: Value, description: &str) -> Value {
    match &mut value {
        Value::Object(members) => drop(members.insert("description".to_owned(), description.into())),
        other => *other = json!({"description": description}),
    }
    json!({"type": "object", "properties": {word: value}, "required": [word], "additionalProperties": false})
}

fn about(number: &Value, share: &Value) -> Value {
    json!({
        "type": "object",
        "properties": {
            "about": {"type": "number", "description": "A number near this one."},
            "within": {"anyOf": [number, share], "description": "How far it may be off: a share of it such as `1%`, or a number."},
        },
        "required": ["about", "within"],
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests;
