#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::json::{ScanLimits, scan};
use bytes::Bytes;

fn object(text: &str) -> Object {
    scan(&Bytes::copy_from_slice(text.as_bytes()), ScanLimits::default()).unwrap()
}

fn check_error(text: &str, code: ErrorCode, param: &str, message: &str) {
    let fault = ChatRequest::read(&object(text)).unwrap_err();
    assert_eq!((fault.code, fault.param.as_deref(), fault.message.as_str()), (code, Some(param), message), "{text}");
}

#[test]
fn what_decisions_need_is_read() {
    let object = object(
        r#"{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}, {}],"stream":true,"stream_options":{"include_usage":true},"max_tokens":7,"n":2,"seed":1}"#,
    );
    let request = ChatRequest::read(&object).unwrap();
    assert_eq!((request.model.as_deref(), request.stream, request.include_usage), (Some("gpt-4o"), true, true));
    assert_eq!((request.max_output_tokens, request.choices), (Some(7), 2));
    assert_eq!(request.messages(&object).unwrap().count(), 2);
}

#[test]
fn what_is_absent_or_null_is_as_the_dialect_says() {
    for text in [
        r#"{"messages":[]}"#,
        r#"{"model":null,"messages":[],"stream":null,"stream_options":null,"max_tokens":null,"max_completion_tokens":null,"n":null}"#,
    ] {
        let request = ChatRequest::read(&object(text)).unwrap();
        let expected = ChatRequest {
            model: None,
            stream: false,
            include_usage: false,
            max_output_tokens: None,
            choices: 1,
            messages: request.messages,
        };
        assert_eq!(request, expected, "{text}");
    }
}

#[test]
fn both_names_of_the_output_bound_are_read_and_may_agree() {
    for members in [
        r#""max_tokens":5"#,
        r#""max_completion_tokens":5"#,
        r#""max_tokens":5,"max_completion_tokens":5"#,
        r#""max_tokens":null,"max_completion_tokens":5"#,
    ] {
        let request = ChatRequest::read(&object(&format!(r#"{{"messages":[],{members}}}"#))).unwrap();
        assert_eq!(request.max_output_tokens, Some(5), "{members}");
    }
}

#[test]
fn what_cannot_be_meant_is_refused_with_the_member_named() {
    use ErrorCode::{ConflictingParameters, InvalidParameter, MissingParameter};
    for (members, code, param, message) in [
        (r#""model":"x""#, MissingParameter, "messages", "the required member `messages` is missing"),
        (r#""messages":null"#, MissingParameter, "messages", "the required member `messages` is missing"),
        (r#""messages":"Hi""#, InvalidParameter, "messages", "the member `messages` must be an array, and is a string"),
        (r#""messages":[],"model":7"#, InvalidParameter, "model", "the member `model` must be a string, and is a number"),
        (
            r#""messages":[],"stream":"true""#,
            InvalidParameter,
            "stream",
            "the member `stream` must be a boolean, and is a string",
        ),
        (
            r#""messages":[],"stream_options":true"#,
            InvalidParameter,
            "stream_options",
            "the member `stream_options` must be an object, and is a boolean",
        ),
        (
            r#""messages":[],"stream_options":{"include_usage":1}"#,
            InvalidParameter,
            "include_usage",
            "the member `include_usage` must be a boolean, and is a number",
        ),
        (
            r#""messages":[],"max_tokens":-1"#,
            InvalidParameter,
            "max_tokens",
            "the member `max_tokens` must be a whole number, not negative, and is a negative number",
        ),
        (
            r#""messages":[],"max_tokens":1.0"#,
            InvalidParameter,
            "max_tokens",
            "the member `max_tokens` must be a whole number, not negative, and is a number with a fraction or an exponent",
        ),
        (
            r#""messages":[],"max_tokens":99999999999999999999"#,
            InvalidParameter,
            "max_tokens",
            "the member `max_tokens` must be a whole number, not negative, and is too large a number",
        ),
        (r#""messages":[],"n":0"#, InvalidParameter, "n", "the member `n` must be between 1 and 128, and is 0"),
        (r#""messages":[],"n":129"#, InvalidParameter, "n", "the member `n` must be between 1 and 128, and is 129"),
        (
            r#""messages":[],"max_tokens":1,"max_completion_tokens":2"#,
            ConflictingParameters,
            "max_tokens",
            "`max_tokens` and `max_completion_tokens` name the same bound and differ",
        ),
    ] {
        check_error(&format!("{{{members}}}"), code, param, message);
    }
}

#[test]
fn a_member_that_occurs_twice_in_what_is_read_is_refused() {
    let fault = ChatRequest::read(&object(r#"{"messages":[],"stream_options":{"include_usage":true,"include_usage":false}}"#))
        .unwrap_err();
    assert_eq!(fault.code, ErrorCode::DuplicateMember);
}
