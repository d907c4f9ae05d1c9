//! A chat request as a client wrote it: what decisions need is read from a scanned body, the rest stays unread.

use super::members::{count, flag, of_kind, text};
use crate::dialect::errors::RequestError;
use crate::json::{Elements, Kind, Object, Span, elements, scan_object};
use aigw_core::ErrorCode;

/// The most choices that a request can ask for (OpenAI's OpenAPI file of 2026-08-21).
pub(super) const MAX_CHOICES: u32 = 128;

/// What decisions need of a chat request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatRequest {
    /// The model's name, where the body gives one.
    pub model: Option<String>,
    /// True if the answer is to be a stream.
    pub stream: bool,
    /// True if the client asked for the usage chunk.
    pub include_usage: bool,
    /// The most tokens of one choice, under either name.
    pub max_output_tokens: Option<u64>,
    /// How many choices, 1 to 128.
    pub choices: u32,
    /// Where the array of messages lies.
    pub messages: Span,
}

impl ChatRequest {
    /// Reads a scanned body. The first member that is missing, of the wrong type or in conflict with an alias is the error.
    pub fn read(object: &Object) -> Result<Self, RequestError> {
        let model = text(object, "model")?;
        let messages = of_kind(object, "messages", Kind::Array)?.ok_or_else(|| RequestError::missing("messages"))?;
        Ok(Self {
            model,
            stream: flag(object, "stream")?.unwrap_or(false),
            include_usage: include_usage(object)?,
            max_output_tokens: max_output_tokens(object)?,
            choices: choices(object)?,
            messages: messages.value_span,
        })
    }

    /// The messages of the body it was read from, one by one, unread.
    pub fn messages<'a>(&self, object: &'a Object) -> Result<Elements<'a>, RequestError> {
        Ok(elements(object.bytes(), self.messages)?)
    }
}

fn include_usage(object: &Object) -> Result<bool, RequestError> {
    let Some(options) = of_kind(object, "stream_options", Kind::Object)? else { return Ok(false) };
    let options = scan_object(object.bytes(), options.value_span)?;
    Ok(flag(&options, "include_usage")?.unwrap_or(false))
}

fn max_output_tokens(object: &Object) -> Result<Option<u64>, RequestError> {
    let old = count(object, "max_tokens")?;
    let new = count(object, "max_completion_tokens")?;
    if old.is_some() && new.is_some() && old != new {
        let message = "`max_tokens` and `max_completion_tokens` name the same bound and differ".to_owned();
        return Err(RequestError { code: ErrorCode::ConflictingParameters, message, param: Some("max_tokens".to_owned()) });
    }
    Ok(new.or(old))
}

fn choices(object: &Object) -> Result<u32, RequestError> {
    let Some(choices) = count(object, "n")? else { return Ok(1) };
    match u32::try_from(choices) {
        Ok(choices @ 1..=MAX_CHOICES) => Ok(choices),
        _ => Err(RequestError::invalid("n", "between 1 and 128", &choices.to_string())),
    }
}

#[cfg(test)]
mod tests;
