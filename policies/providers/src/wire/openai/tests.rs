use super::*;
use crate::stream::StreamEnd;
use crate::usage::Usage;
use crate::wire::tests::{Judged, check_class, figures, judge, sent};
use crate::wire::{Api, ErrorClass};
use aigw_core::Operation;

fn path(base_path: &str, operation: Operation) -> String {
    path_and_query(&Target { operation, base_path, model: "gpt-4o", api: &Api::Plain })
}

#[test]
fn paths_lie_below_the_base_address() {
    assert_eq!(path("/v1", Operation::Chat), "/v1/chat/completions");
    assert_eq!(path("/v1/", Operation::Embeddings), "/v1/embeddings");
    assert_eq!(path("/", Operation::Chat), "/v1/chat/completions");
    assert_eq!(path("/proxy/openai/v1", Operation::Chat), "/proxy/openai/v1/chat/completions");
}

#[test]
fn only_what_changes_is_written_into_the_body() {
    let send = |model, body| sent(&DEFINITION, model, &Api::Plain, body, |_, _| {});
    assert_eq!(send("gpt-4o", include_str!("fixtures/chat_request.json")), include_str!("fixtures/chat_request.sent.json"));
    let embeddings = send("text-embedding-3-small", include_str!("fixtures/embeddings_request.json"));
    assert_eq!(embeddings, include_str!("fixtures/embeddings_request.sent.json"));
    let same = r#"{"model":"gpt-4o","messages":[],"stream":false}"#;
    assert_eq!(send("gpt-4o", same), same);
}

#[test]
fn usage_is_read_from_whole_answers() {
    let read = |body: &str| Usage::of_answer(body.as_bytes()).map(figures);
    assert_eq!(read(include_str!("fixtures/chat_answer.json")), Some([Some(1117), Some(1024), Some(46), Some(12)]));
    assert_eq!(read(include_str!("fixtures/embeddings_answer.json")), Some([Some(2), None, None, None]));
}

#[test]
fn streams_are_judged() {
    let text = Judged {
        swallowed: vec![3],
        first_content: Some(1),
        failure: None,
        end: StreamEnd::Complete,
        usage: Some([Some(9), Some(0), Some(3), Some(0)]),
    };
    assert_eq!(judge(include_str!("fixtures/stream_text.sse")), text);
    let tools = Judged { swallowed: vec![], usage: None, ..text };
    assert_eq!(judge(include_str!("fixtures/stream_two_tool_calls.sse")), tools);
    let late = Judged { swallowed: vec![2], failure: Some(ErrorClass::Server), end: StreamEnd::Truncated, ..tools };
    assert_eq!(judge(include_str!("fixtures/stream_fails_late.sse")), late);
}

#[test]
fn failures_have_their_classes() {
    check_class(400, include_str!("fixtures/error_context.json"), ErrorClass::ContextOverflow, true);
    check_class(400, include_str!("fixtures/error_policy.json"), ErrorClass::ContentFilter, true);
    check_class(400, include_str!("fixtures/error_parameter.json"), ErrorClass::BadRequest, true);
    check_class(401, include_str!("fixtures/error_key.json"), ErrorClass::Auth, false);
    check_class(404, include_str!("fixtures/error_model.json"), ErrorClass::NotFound, false);
    check_class(429, include_str!("fixtures/error_rate.json"), ErrorClass::RateLimited, false);
    check_class(429, include_str!("fixtures/error_quota.json"), ErrorClass::QuotaExhausted, false);
    check_class(500, include_str!("fixtures/error_server.json"), ErrorClass::Server, false);
}
