//! One matcher against one value.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use crate::suite::{Matcher, Number, Tolerance};
use crate::world::stand_in;

/// Longest text that a message shows of a value.
const SHOWN: usize = 400;

/// What came.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Came {
    /// Nothing.
    Nothing,
    /// JSON, which knows numbers from texts.
    Json(Value),
    /// A text that stands for itself, such as a header's value: a number in it is compared as one.
    Text(String),
}

/// Whether a value is what the matcher wants.
pub(crate) fn holds(matcher: &Matcher, came: &Came) -> bool {
    match matcher {
        Matcher::Absent => *came == Came::Nothing,
        Matcher::Present => *came != Came::Nothing,
        Matcher::Equals(value) => equals(value, came),
        Matcher::OneOf(values) => values.iter().any(|value| equals(value, came)),
        Matcher::Regex(pattern) => {
            let found = |text: &str| pattern.regex.as_ref().is_ok_and(|regex| regex.is_match(text));
            came.scalar().is_some_and(|text| found(&text))
        }
        Matcher::Between(least, most) => came.number().is_some_and(|number| least.0 <= number && number <= most.0),
        Matcher::About(about, within) => came.number().is_some_and(|number| (number - about.0).abs() <= within.of(*about)),
        Matcher::Length(length) => came.length().is_some_and(|count| holds(length, &Came::Json(count.into()))),
        Matcher::Contains(part) => contains(part, came),
        Matcher::Secret(name) => {
            let value = stand_in(name);
            came.text().is_some_and(|text| text == value || text.strip_prefix("Bearer ") == Some(&value))
        }
    }
}

fn equals(value: &Value, came: &Came) -> bool {
    match (value, came) {
        (_, Came::Nothing) => false,
        (_, Came::Json(json)) => same(value, json),
        (Value::String(text), Came::Text(came)) => text == came,
        (Value::Number(_) | Value::Bool(_), Came::Text(came)) => {
            *came == *value.to_string() || value.as_f64().is_some_and(|number| came.parse() == Ok(number))
        }
        (_, Came::Text(_)) => false,
    }
}

/// Equality of JSON, in which `1` and `1.0` are one number and the order of members is none.
pub(crate) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) => a == b || (a.is_f64() || b.is_f64()) && a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => one == other,
    }
}

fn contains(part: &Value, came: &Came) -> bool {
    match came {
        Came::Nothing => false,
        Came::Json(Value::Array(items)) => items.iter().any(|item| same(part, item)),
        Came::Json(_) | Came::Text(_) => match (part.as_str(), came.text()) {
            (Some(part), Some(text)) => text.contains(part),
            _ => false,
        },
    }
}

/// What a matcher wants, in words.
pub(super) fn described(matcher: &Matcher) -> String {
    match matcher {
        Matcher::Equals(value) => shown(value),
        Matcher::Absent => "nothing".to_owned(),
        Matcher::Present => "anything at all".to_owned(),
        Matcher::Regex(pattern) => format!("a text in which `{}` is found", pattern.text),
        Matcher::OneOf(values) => format!("one of {}", values.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Matcher::Between(least, most) => format!("a number from {} to {}", least.0, most.0),
        Matcher::About(about, Tolerance::Absolute(within)) => format!("{} ± {}", about.0, within.0),
        Matcher::About(about, Tolerance::Part(within)) => format!("{} ± {within}", about.0),
        Matcher::Length(length) => format!("a length of {}", described(length)),
        Matcher::Contains(part) => format!("something that contains {}", shown(part)),
        Matcher::Secret(name) => format!("the value of the secret `{name}`"),
    }
}

fn shown(value: &Value) -> String {
    cut(&value.to_string())
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}… ({} bytes)", text.get(..end).unwrap_or_default(), text.len()),
        None => text.to_owned(),
    }
}

impl Came {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Json(Value::String(text)) | Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a text, number or boolean.
    fn scalar(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Json(value @ (Value::Number(_) | Value::Bool(_))) => Some(value.to_string().into()),
            other => other.text().map(Cow::Borrowed),
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Self::Json(value) => value.as_f64(),
            Self::Text(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            Self::Nothing => None,
        }
    }

    fn length(&self) -> Option<usize> {
        match self {
            Self::Json(Value::Array(items)) => Some(items.len()),
            Self::Json(Value::Object(members)) => Some(members.len()),
            other => other.text().map(|text| text.chars().count()),
        }
    }
}

impl fmt::Display for Came {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Json(value) => f.write_str(&shown(value)),
            Self::Text(text) => f.write_str(&cut(text)),
        }
    }
}

impl Tolerance {
    pub(crate) fn of(self, about: Number) -> f64 {
        match self {
            Self::Absolute(within) => within.0,
            Self::Part(share) => about.0.abs() * f64::from(share.as_ppm()) / 1e6,
        }
    }
}

#[cfg(test)]
mod tests;
