//! Parameters by the one name that policies use, whatever the members are called on the wire.

use crate::dialect::errors::RequestError;
use crate::json::{Object, Splice};
use bytes::Bytes;
use serde_json::{Number, Value};

/// A parameter that policies may set, default or cap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogicalParameter {
    /// The name in policies.
    pub logical: &'static str,
    /// The members that carry it, the one to be written where a request has none first.
    pub wire: &'static [&'static str],
    /// What it may be.
    pub value: ParameterType,
    /// What a provider takes where a request says nothing; none for no bound at all.
    pub absent: Option<f64>,
}

/// What a parameter may be, bounds included (OpenAI's OpenAPI file of 2026-08-21).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ParameterType {
    /// A whole number.
    Integer {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// A number.
    Number {
        /// The least.
        min: f64,
        /// The greatest.
        max: f64,
    },
    /// True or false.
    Boolean,
    /// A text of at most so many characters, not empty.
    Text {
        /// The most characters.
        characters: usize,
    },
    /// A text, or a list of texts.
    Texts {
        /// The most texts.
        items: usize,
    },
    /// One of these words.
    Choice(&'static [&'static str]),
}

use ParameterType::{Boolean, Choice, Integer, Number as Real, Text, Texts};

/// Every parameter that a `Prompt` can name.
pub const LOGICAL_PARAMETERS: &[LogicalParameter] = &[
    // Ten million: above any model's output, and far below where a reservation of `n` times it could overflow.
    aliases("maxOutputTokens", &["max_completion_tokens", "max_tokens"], Integer { min: 1, max: 10_000_000 }, None),
    aliases("temperature", &["temperature"], Real { min: 0.0, max: 2.0 }, Some(1.0)),
    aliases("topP", &["top_p"], Real { min: 0.0, max: 1.0 }, Some(1.0)),
    aliases("n", &["n"], Integer { min: 1, max: 128 }, Some(1.0)),
    aliases("seed", &["seed"], Integer { min: i64::MIN, max: i64::MAX }, None),
    aliases("presencePenalty", &["presence_penalty"], Real { min: -2.0, max: 2.0 }, Some(0.0)),
    aliases("frequencyPenalty", &["frequency_penalty"], Real { min: -2.0, max: 2.0 }, Some(0.0)),
    aliases("stop", &["stop"], Texts { items: 4 }, None),
    aliases("user", &["user"], Text { characters: 512 }, None),
    aliases("safetyIdentifier", &["safety_identifier"], Text { characters: 512 }, None),
    aliases(
        "reasoningEffort",
        &["reasoning_effort"],
        Choice(&["none", "minimal", "low", "medium", "high", "xhigh", "max"]),
        None,
    ),
    aliases("verbosity", &["verbosity"], Choice(&["low", "medium", "high"]), None),
    aliases("serviceTier", &["service_tier"], Choice(&["auto", "default", "flex", "scale", "priority", "fast"]), None),
    aliases("parallelToolCalls", &["parallel_tool_calls"], Boolean, None),
    aliases("logprobs", &["logprobs"], Boolean, None),
    aliases("topLogprobs", &["top_logprobs"], Integer { min: 0, max: 20 }, Some(0.0)),
    aliases("store", &["store"], Boolean, None),
];

const fn aliases(
    logical: &'static str,
    wire: &'static [&'static str],
    value: ParameterType,
    absent: Option<f64>,
) -> LogicalParameter {
    LogicalParameter { logical, wire, value, absent }
}

/// The parameter that policies call so.
pub fn logical_parameter(name: &str) -> Option<&'static LogicalParameter> {
    LOGICAL_PARAMETERS.iter().find(|parameter| parameter.logical == name)
}

impl LogicalParameter {
    /// True if it has an order, so that it can be capped.
    pub fn can_be_capped(&self) -> bool {
        self.logical != "seed" && matches!(self.value, Integer { .. } | Real { .. })
    }

    /// Sets it, under every name that the request has it by.
    pub fn set(&self, object: &Object, splice: &mut Splice, value: &Value) {
        for name in self.names(object, splice) {
            splice.set_member(name, value.to_string());
        }
    }

    /// Sets it where the request leaves it out or says `null`. True if it did.
    pub fn set_default(&self, object: &Object, splice: &mut Splice, value: &Value) -> bool {
        let absent = !self.wire.iter().any(|name| present(object, splice, name));
        if absent {
            self.set(object, splice, value);
        }
        absent
    }

    /// Lowers it to `cap` under every name that the request has it by; where it has none and what the provider would then take is
    /// more, writes `cap`. True if anything changed. A value that is no number is the caller's error.
    pub fn cap(&self, object: &Object, splice: &mut Splice, cap: &Number) -> Result<bool, RequestError> {
        let limit = cap.as_f64().unwrap_or(f64::INFINITY);
        let mut changed = false;
        for name in self.names(object, splice) {
            let above = match splice.current(object, name) {
                None | Some(b"null") => self.absent.is_none_or(|taken| taken > limit),
                Some(raw) => number(raw).ok_or_else(|| RequestError::invalid(name, "a number", "something else"))? > limit,
            };
            if above {
                splice.set_member(name, Bytes::from(cap.to_string()));
                changed = true;
            }
        }
        Ok(changed)
    }

    /// The members to write it to: those with a value; else the first that is there as `null`; else its first name.
    fn names(&self, object: &Object, splice: &Splice) -> Vec<&'static str> {
        let valued: Vec<_> = self.wire.iter().copied().filter(|name| present(object, splice, name)).collect();
        if !valued.is_empty() {
            return valued;
        }
        let null = self.wire.iter().copied().find(|name| splice.current(object, name).is_some());
        null.or(self.wire.first().copied()).into_iter().collect()
    }
}

fn present(object: &Object, splice: &Splice, name: &str) -> bool {
    splice.current(object, name).is_some_and(|raw| raw != b"null")
}

fn number(raw: &[u8]) -> Option<f64> {
    raw.first().filter(|byte| matches!(byte, b'-' | b'0'..=b'9'))?;
    std::str::from_utf8(raw).ok()?.parse().ok()
}

impl ParameterType {
    /// Whether a value fits. If not, what would, in words: `must be …`.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        let fits = match self {
            Integer { min, max } => value.as_i64().is_some_and(|number| (*min..=*max).contains(&number)),
            Real { min, max } => value.as_f64().is_some_and(|number| (*min..=*max).contains(&number)),
            Boolean => value.is_boolean(),
            Text { characters } => value.as_str().is_some_and(|text| !text.is_empty() && text.chars().count() <= *characters),
            Texts { items } => match value {
                Value::Array(texts) => (1..=*items).contains(&texts.len()) && texts.iter().all(Value::is_string),
                _ => value.is_string(),
            },
            Choice(words) => value.as_str().is_some_and(|text| words.contains(&text)),
        };
        if fits { Ok(()) } else { Err(self.describe()) }
    }

    /// What it may be, in words that follow `must be`.
    pub fn describe(&self) -> String {
        match self {
            Integer { min: i64::MIN, max: i64::MAX } => "a whole number".to_owned(),
            Integer { min, max } => format!("a whole number from {min} to {max}"),
            Real { min, max } => format!("a number from {min} to {max}"),
            Boolean => "`true` or `false`".to_owned(),
            Text { characters } => format!("a text of 1 to {characters} characters"),
            Texts { items } => format!("a text, or a list of 1 to {items} texts"),
            Choice(words) => format!("one of {}", words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")),
        }
    }
}

#[cfg(test)]
mod tests;
