//! Members of a request by name and type. `null` is absent, as OpenAI takes it.

use crate::dialect::errors::RequestError;
use crate::json::{Kind, Member, Object, as_bool, as_u64, string_value};

pub(super) fn text(object: &Object, name: &str) -> Result<Option<String>, RequestError> {
    read(object, name, "a string", |member| string_value(object.bytes(), member.value_span).map(Into::into))
}

pub(super) fn flag(object: &Object, name: &str) -> Result<Option<bool>, RequestError> {
    read(object, name, "a boolean", |member| as_bool(object.bytes(), member.value_span))
}

pub(super) fn count(object: &Object, name: &str) -> Result<Option<u64>, RequestError> {
    let Some(member) = of_kind(object, name, Kind::Number)? else { return Ok(None) };
    let count = as_u64(object.bytes(), member.value_span);
    count.map(Some).ok_or_else(|| RequestError::invalid(name, "a whole number, not negative", sort_of_number(object.raw(member))))
}

pub(super) fn of_kind<'a>(object: &'a Object, name: &str, kind: Kind) -> Result<Option<&'a Member>, RequestError> {
    match object.present(name) {
        Some(member) if member.kind != kind => Err(RequestError::invalid(name, kind.describe(), member.kind.describe())),
        found => Ok(found),
    }
}

fn read<T>(object: &Object, name: &str, expected: &str, value: impl Fn(&Member) -> Option<T>) -> Result<Option<T>, RequestError> {
    let Some(member) = object.present(name) else { return Ok(None) };
    value(member).map(Some).ok_or_else(|| RequestError::invalid(name, expected, member.kind.describe()))
}

/// Why a number is no count.
fn sort_of_number(raw: &[u8]) -> &'static str {
    match raw {
        [b'-', ..] => "a negative number",
        digits if digits.iter().all(u8::is_ascii_digit) => "too large a number",
        _ => "a number with a fraction or an exponent",
    }
}
