//! The stand-in: answers from the request alone, so that policies can be tried without a key or a network.
//!
//! Deterministic: the same request and settings give the same answer; what varies, the id and the time, is handed in. It answers
//! the request that would have been sent, after all edits.

mod chat;
mod embeddings;
mod words;

use super::{BodyContext, Credential, Definition, Target};
use crate::dialect::errors::{ErrorBody, RequestError};
use crate::json::{Object, ScanLimits, Splice, scan};
use aigw_core::{Millis, Operation};
use bytes::Bytes;
use http::StatusCode;

/// The stand-in.
pub const DEFINITION: Definition = Definition { type_name: "mock", credential: Credential::None, path_and_query, edit_body };

/// What a stand-in is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MockSettings {
    /// What it says; none to repeat the end of the conversation.
    pub text: Option<String>,
    /// How long it takes before the first byte.
    pub latency: Millis,
    /// How long it takes between two events of a stream.
    pub chunk_interval: Millis,
}

/// One call to the stand-in.
#[derive(Clone, Copy, Debug)]
pub struct MockCall<'a> {
    /// What is asked for.
    pub operation: Operation,
    /// The body as it would be sent.
    pub body: &'a Bytes,
    /// What makes the answer's ids its own.
    pub id: &'a str,
    /// Seconds since 1970.
    pub created: u64,
}

/// What the stand-in answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MockAnswer {
    /// One JSON body.
    Whole {
        /// 200, or 400 for a request that cannot be read.
        status: StatusCode,
        /// How long to wait before it.
        after: Millis,
        /// The body.
        body: Bytes,
    },
    /// A stream of events, as `text/event-stream`.
    Stream(Vec<MockEvent>),
}

/// One event of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MockEvent {
    /// How long to wait before it.
    pub after: Millis,
    /// The whole event.
    pub raw: Bytes,
}

/// Answers a call.
pub fn answer(settings: &MockSettings, call: &MockCall<'_>) -> MockAnswer {
    respond(settings, call).unwrap_or_else(|fault| {
        let code = fault.code.as_str();
        let error = ErrorBody {
            message: &fault.message,
            kind: "invalid_request_error",
            code,
            param: fault.param.as_deref(),
            request_id: None,
        };
        MockAnswer::Whole { status: StatusCode::BAD_REQUEST, after: settings.latency, body: error.to_bytes() }
    })
}

fn respond(settings: &MockSettings, call: &MockCall<'_>) -> Result<MockAnswer, RequestError> {
    let object: Object = scan(call.body, ScanLimits { depth: crate::json::MAX_DEPTH, ..ScanLimits::default() })?;
    match call.operation {
        Operation::Chat => chat::answer(settings, call, &object),
        Operation::Embeddings => embeddings::answer(settings, &object),
        Operation::Models | Operation::Http => {
            Err(RequestError::invalid("operation", "chat or embeddings", call.operation.as_str()))
        }
    }
}

fn path_and_query(target: &Target<'_>) -> String {
    format!("/v1{}", target.operation_path())
}

fn edit_body(context: &BodyContext<'_>, splice: &mut Splice) {
    super::body::openai(context, splice);
}

#[cfg(test)]
mod tests;
