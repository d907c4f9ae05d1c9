#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use http::HeaderValue;
use proptest::prelude::*;

fn classified(status: u16, body: &str) -> Failure {
    classify(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), body.as_bytes())
}

#[test]
fn a_status_alone_has_a_class_and_is_never_passed_on() {
    for (status, class) in [
        (301, ErrorClass::Server),
        (400, ErrorClass::BadRequest),
        (401, ErrorClass::Auth),
        (402, ErrorClass::QuotaExhausted),
        (403, ErrorClass::Auth),
        (404, ErrorClass::NotFound),
        (408, ErrorClass::Timeout),
        (409, ErrorClass::Server),
        (413, ErrorClass::BadRequest),
        (422, ErrorClass::BadRequest),
        (424, ErrorClass::Server),
        (429, ErrorClass::RateLimited),
        (500, ErrorClass::Server),
        (501, ErrorClass::Server),
        (502, ErrorClass::Overloaded),
        (503, ErrorClass::Overloaded),
        (504, ErrorClass::Overloaded),
        (529, ErrorClass::Overloaded),
    ] {
        let failure = classified(status, "");
        assert_eq!((failure.class, failure.relay, failure.message), (class, false, None), "{status}");
    }
}

#[test]
fn what_may_follow_depends_on_the_class() {
    for (class, retry, code) in [
        (ErrorClass::RateLimited, Retry::SameOrNext, ErrorCode::UpstreamRateLimited),
        (ErrorClass::Overloaded, Retry::SameOrNext, ErrorCode::UpstreamError),
        (ErrorClass::Server, Retry::SameOrNext, ErrorCode::UpstreamError),
        (ErrorClass::Timeout, Retry::NextOnly, ErrorCode::UpstreamTimeout),
        (ErrorClass::Connection, Retry::SameOrNext, ErrorCode::UpstreamUnreachable),
        (ErrorClass::QuotaExhausted, Retry::NextOnly, ErrorCode::UpstreamError),
        (ErrorClass::Auth, Retry::NextOnly, ErrorCode::UpstreamAuthFailed),
        (ErrorClass::ContextOverflow, Retry::Never, ErrorCode::InvalidRequest),
        (ErrorClass::ContentFilter, Retry::Never, ErrorCode::InvalidRequest),
        (ErrorClass::BadRequest, Retry::Never, ErrorCode::InvalidRequest),
        (ErrorClass::NotFound, Retry::Never, ErrorCode::UpstreamError),
        (ErrorClass::Truncated, Retry::SameOrNext, ErrorCode::UpstreamInvalidAnswer),
    ] {
        assert_eq!((class.retry(), class.client_code()), (retry, code), "{}", class.as_str());
    }
}

#[test]
fn the_transports_failures_have_classes_too() {
    for (kind, class) in [
        (TransportErrorKind::Connect, ErrorClass::Connection),
        (TransportErrorKind::ConnectTimeout, ErrorClass::Timeout),
        (TransportErrorKind::Reset, ErrorClass::Connection),
        (TransportErrorKind::Truncated, ErrorClass::Truncated),
        (TransportErrorKind::Protocol, ErrorClass::Server),
    ] {
        assert_eq!(ErrorClass::from(kind), class, "{kind}");
    }
}

#[test]
fn an_upstream_can_forbid_its_own_retry_but_not_another_target() {
    let mut headers = HeaderMap::new();
    headers.insert("x-should-retry", HeaderValue::from_static("false"));
    let retry = |status| classify(StatusCode::from_u16(status).unwrap(), &headers, b"").retry;
    assert_eq!((retry(500), retry(400), retry(401)), (Retry::NextOnly, Retry::Never, Retry::NextOnly));
    headers.insert("x-should-retry", HeaderValue::from_static("true"));
    assert_eq!(classify(StatusCode::BAD_REQUEST, &headers, b"").retry, Retry::Never);
}

#[test]
fn code_and_message_are_kept_for_the_record_and_bounded() {
    let failure = classified(500, &format!(r#"{{"error":{{"message":"{}","code":7}}}}"#, "é".repeat(1000)));
    assert_eq!((failure.code.as_deref(), failure.message.unwrap().chars().count()), (Some("7"), MAX_MESSAGE_CHARACTERS));
    assert_eq!(classified(404, r#"{"error":"no such model"}"#).message.as_deref(), Some("no such model"));
}

#[test]
fn a_body_beyond_the_bound_is_not_read() {
    let body = format!(r#"{{"error":{{"code":"context_length_exceeded"}}}}{}"#, " ".repeat(MAX_ERROR_BYTES));
    assert_eq!(classified(400, &body).class, ErrorClass::ContextOverflow, "only white space is cut");
    let body = format!(r#"{{"pad":"{}","error":{{"code":"context_length_exceeded"}}}}"#, "x".repeat(MAX_ERROR_BYTES));
    assert_eq!(classified(400, &body).class, ErrorClass::BadRequest);
}

#[test]
fn failures_inside_a_stream_have_the_same_classes() {
    for (body, class) in [
        (r#"{"error":{"message":"slow down","type":"rate_limit_error","code":"rate_limit_exceeded"}}"#, ErrorClass::RateLimited),
        (r#"{"error":{"type":"insufficient_quota","code":"429"}}"#, ErrorClass::QuotaExhausted),
        (r#"{"error":{"code":429}}"#, ErrorClass::RateLimited),
        (r#"{"error":{"type":"overloaded_error"}}"#, ErrorClass::Overloaded),
        (r#"{"error":{"code":"server_overloaded"}}"#, ErrorClass::Overloaded),
        (r#"{"error":{"type":"invalid_request_error","code":"context_length_exceeded"}}"#, ErrorClass::ContextOverflow),
        (r#"{"error":{"type":"BadRequestError","message":"odd"}}"#, ErrorClass::BadRequest),
        (r#"{"error":{"code":"content_filter"}}"#, ErrorClass::ContentFilter),
        (r#"{"error":{"code":7}}"#, ErrorClass::Server),
        (r#"{"error":"down"}"#, ErrorClass::Server),
        ("", ErrorClass::Server),
    ] {
        let failure = classify_in_band(body.as_bytes());
        assert_eq!((failure.class, failure.relay), (class, false), "{body}");
    }
}

proptest! {
    #[test]
    fn arbitrary_answers_never_panic(status in 100_u16..1000, body in prop::collection::vec(any::<u8>(), 0..80), json in "\\{\"error\":[\\[\\]{}\",:a-z0-9]{0,40}\\}") {
        for body in [&body[..], json.as_bytes()] {
            let failure = classify(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), body);
            prop_assert!(!failure.relay || (400..500).contains(&status));
            classify_in_band(body);
        }
    }
}
