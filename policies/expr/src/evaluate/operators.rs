//! Comparing and computing. Numbers are checked: what overflows is an error, never a wrong number.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::{MAX_BUILT_TEXT_BYTES, Value};
use crate::tree::{Arithmetic, Comparison, Method};

/// Whether two values are the same; values of different kinds never are.
pub(super) fn equal(a: &Value<'_>, b: &Value<'_>) -> bool {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => a == b,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Missing, Value::Missing) => true,
        (Value::Json(a), Value::Json(b)) => a == b,
        _ => number_order(a, b) == Some(Ordering::Equal),
    }
}

/// Whether `a` stands so to `b`; what is missing never does. `None` where the two have no order.
pub(super) fn ordered(how: Comparison, a: &Value<'_>, b: &Value<'_>) -> Option<bool> {
    let order = match (a, b) {
        (Value::Missing, _) | (_, Value::Missing) => return Some(false),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        _ => number_order(a, b)?,
    };
    Some(match how {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::AtMost => order.is_le(),
        Comparison::More => order.is_gt(),
        Comparison::AtLeast => order.is_ge(),
    })
}

fn number_order(a: &Value<'_>, b: &Value<'_>) -> Option<Ordering> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        _ => float(a)?.partial_cmp(&float(b)?),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a whole number beside a floating one is read as one")]
fn float(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Int(value) => Some(*value as f64),
        Value::Float(value) => Some(*value),
        _ => None,
    }
}

/// Computes, or says why not, to follow the quoted expression.
pub(super) fn compute<'a>(how: Arithmetic, a: Value<'a>, b: Value<'a>) -> Result<Value<'a>, &'static str> {
    match (how, a, b) {
        (Arithmetic::Add, Value::Text(a), Value::Text(b)) => joined(a, &b),
        (how, Value::Int(a), Value::Int(b)) => whole(how, a, b).map(Value::Int),
        (_, Value::Missing, _) | (_, _, Value::Missing) => Err("computes with something missing"),
        (how, a, b) => {
            let (Some(a), Some(b)) = (float(&a), float(&b)) else {
                return Err("computes with something other than numbers");
            };
            floating(how, a, b).map(Value::Float)
        }
    }
}

fn joined<'a>(a: Cow<'a, str>, b: &str) -> Result<Value<'a>, &'static str> {
    if a.len().saturating_add(b.len()) > MAX_BUILT_TEXT_BYTES {
        return Err("builds too long a text");
    }
    let mut text = a.into_owned();
    text.push_str(b);
    Ok(Value::Text(Cow::Owned(text)))
}

fn whole(how: Arithmetic, a: i64, b: i64) -> Result<i64, &'static str> {
    if b == 0 && matches!(how, Arithmetic::Divide | Arithmetic::Remainder) {
        return Err("divides by zero");
    }
    match how {
        Arithmetic::Add => a.checked_add(b),
        Arithmetic::Subtract => a.checked_sub(b),
        Arithmetic::Multiply => a.checked_mul(b),
        Arithmetic::Divide => a.checked_div(b),
        Arithmetic::Remainder => a.checked_rem(b),
    }
    .ok_or("is too large a number")
}

fn floating(how: Arithmetic, a: f64, b: f64) -> Result<f64, &'static str> {
    if b == 0.0 && matches!(how, Arithmetic::Divide | Arithmetic::Remainder) {
        return Err("divides by zero");
    }
    let result = match how {
        Arithmetic::Add => a + b,
        Arithmetic::Subtract => a - b,
        Arithmetic::Multiply => a * b,
        Arithmetic::Divide => a / b,
        Arithmetic::Remainder => a % b,
    };
    if result.is_finite() { Ok(result) } else { Err("is too large a number") }
}

/// A scalar as text; another value comes back.
pub(super) fn shown(value: Value<'_>) -> Result<Value<'_>, Value<'_>> {
    let text = match value {
        Value::Text(_) => return Ok(value),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        // As Rhai shows it: a whole floating number keeps its `.0`.
        Value::Float(value) => format!("{value:?}"),
        other => return Err(other),
    };
    Ok(Value::Text(Cow::Owned(text)))
}

/// What is made of one text, or why not, to follow the quoted text's expression.
pub(super) fn of_text<'a>(method: Method, text: &str) -> Result<Value<'a>, &'static str> {
    let bounded = |made: String| {
        if made.len() > MAX_BUILT_TEXT_BYTES { Err("builds too long a text") } else { Ok(Value::Text(Cow::Owned(made))) }
    };
    match method {
        Method::ToLower | Method::ToUpper if text.len() > MAX_BUILT_TEXT_BYTES => Err("builds too long a text"),
        Method::ToLower => bounded(text.to_lowercase()),
        Method::ToUpper => bounded(text.to_uppercase()),
        Method::ParseInt => text.trim().parse().map(Value::Int).map_err(|_| "is no whole number"),
        _ => match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Float(number)),
            _ => Err("is no number"),
        },
    }
}
