//! Errors in the shape that OpenAI's and Azure OpenAI's clients read.
//!
//! Both surfaces share it: `{"error":{"message","type","param","code"}}`. Azure's own errors leave members out and never name others,
//! so its clients read this one too.

use crate::json::{ScanError, push_quoted};
use crate::sse::data_event;
use aigw_core::ErrorCode;
use bytes::Bytes;

/// What an error says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorBody<'a> {
    /// For people.
    pub message: &'a str,
    /// The class of error, see [`error_type`].
    pub kind: &'a str,
    /// The stable code.
    pub code: &'a str,
    /// The member of the request that it is about.
    pub param: Option<&'a str>,
    /// The id under which the request stands in the logs.
    pub request_id: Option<&'a str>,
}

impl ErrorBody<'_> {
    /// The body of an error answer.
    pub fn to_bytes(&self) -> Bytes {
        self.write().into()
    }

    /// The event that ends a stream which fails after its first byte. Nothing follows it, `[DONE]` least of all.
    pub fn to_event(&self) -> Bytes {
        data_event(&self.write())
    }

    fn write(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(128 + self.message.len());
        out.extend_from_slice(b"{\"error\":{\"message\":");
        push_quoted(&mut out, self.message);
        out.extend_from_slice(b",\"type\":");
        push_quoted(&mut out, self.kind);
        out.extend_from_slice(b",\"param\":");
        match self.param {
            Some(param) => push_quoted(&mut out, param),
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b",\"code\":");
        push_quoted(&mut out, self.code);
        if let Some(id) = self.request_id {
            out.extend_from_slice(b",\"request_id\":");
            push_quoted(&mut out, id);
        }
        out.extend_from_slice(b"}}");
        out
    }
}

/// The `type` that goes with an HTTP status.
pub fn error_type(status: http::StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        429 => "rate_limit_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    }
}

/// What is wrong with a request's body; the fault of who sent it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RequestError {
    /// The stable code.
    pub code: ErrorCode,
    /// For people.
    pub message: String,
    /// The member it is about.
    pub param: Option<String>,
}

impl RequestError {
    pub(crate) fn missing(param: &str) -> Self {
        let message = format!("the required member `{param}` is missing");
        Self { code: ErrorCode::MissingParameter, message, param: Some(param.to_owned()) }
    }

    pub(crate) fn invalid(param: &str, expected: &str, found: &str) -> Self {
        let message = format!("the member `{param}` must be {expected}, and is {found}");
        Self { code: ErrorCode::InvalidParameter, message, param: Some(param.to_owned()) }
    }
}

impl From<ScanError> for RequestError {
    fn from(fault: ScanError) -> Self {
        let (code, param) = match &fault {
            ScanError::DuplicateMember { name, .. } => (ErrorCode::DuplicateMember, Some(name.clone())),
            ScanError::TooDeep { .. } => (ErrorCode::JsonTooDeep, None),
            ScanError::TooManyMembers { .. } | ScanError::NotAnObject { .. } | ScanError::NotAnArray { .. } => {
                (ErrorCode::InvalidRequest, None)
            }
            _ => (ErrorCode::InvalidJson, None),
        };
        Self { code, message: fault.to_string(), param }
    }
}

#[cfg(test)]
mod tests;
