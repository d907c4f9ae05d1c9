//! Error answers: OpenAI's shape, the stable code, and what the gateway's policy wants said instead.

use aigw_core::{ErrorCode, World};
use aigw_kinds::Refusal;
use aigw_providers::dialect::errors::{ErrorBody, error_type};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::call::message;
use crate::loaded::LoadedGateway;
use crate::reply::{Reply, ReplyBody};
use crate::status::status_of;

/// An error answer.
pub(crate) fn reply<W: World>(gateway: &LoadedGateway, refusal: &Refusal, request_id: &str) -> Reply<W> {
    let (status, message) = face(gateway, refusal.code, &refusal.message);
    let body = ErrorBody {
        message,
        kind: error_type(status),
        code: refusal.code.as_str(),
        param: refusal.param.as_deref(),
        request_id: Some(request_id),
    };
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, challenge(refusal.code));
    }
    if let Some(wait) = refusal.retry_after {
        // Whole seconds, and never so few that the client comes back too early.
        headers.insert(RETRY_AFTER, HeaderValue::from(wait.as_millis().div_ceil(1000).max(1)));
    }
    Reply { status, headers, body: ReplyBody::Whole(body.to_bytes()) }
}

/// How to prove who one is (RFC 9110, section 11.6.1). RFC 6750, section 3.1: an error is named only where a token was there.
fn challenge(code: ErrorCode) -> HeaderValue {
    match code {
        ErrorCode::TokenInvalid
        | ErrorCode::TokenExpired
        | ErrorCode::TokenNotYetValid
        | ErrorCode::TokenIssuer
        | ErrorCode::TokenAudience
        | ErrorCode::TokenClaims
        | ErrorCode::TokenUndeclared
        | ErrorCode::TokenAmbiguous
        | ErrorCode::TenantMismatch => HeaderValue::from_static("Bearer error=\"invalid_token\""),
        _ => HeaderValue::from_static("Bearer"),
    }
}

/// The event that ends a stream.
pub(crate) fn event(gateway: &LoadedGateway, code: ErrorCode, request_id: &str) -> Bytes {
    let (status, message) = face(gateway, code, message(code));
    let kind = error_type(status);
    ErrorBody { message, kind, code: code.as_str(), param: None, request_id: Some(request_id) }.to_event()
}

/// How a code is shown: the table's status and the engine's message, unless the gateway names others.
fn face<'a>(gateway: &'a LoadedGateway, code: ErrorCode, message: &'a str) -> (StatusCode, &'a str) {
    let row = gateway.error(code);
    let status = row.and_then(|row| StatusCode::from_u16(row.status?).ok()).unwrap_or(status_of(code));
    (status, row.and_then(|row| row.message.as_deref()).unwrap_or(message))
}
