use super::*;
use crate::json::{Object, Splice};
use crate::stream::StreamEnd;
use crate::usage::Usage;
use crate::wire::tests::{Judged, check_class, figures, judge, sent};
use crate::wire::{Api, ErrorClass};
use aigw_core::Operation;

#[test]
fn paths_lie_below_the_base_address_exactly_as_written() {
    let path = |base_path| path_and_query(&Target { operation: Operation::Chat, base_path, model: "m", api: &Api::Plain });
    assert_eq!(path("/v1"), "/v1/chat/completions");
    assert_eq!(path("/"), "/chat/completions");
    assert_eq!(path("/openai/v1/"), "/openai/v1/chat/completions");
}

#[test]
fn a_bound_from_a_policy_takes_the_older_name() {
    let limit = |_: &Object, splice: &mut Splice| splice.set_member("max_completion_tokens", &b"500"[..]);
    let body =
        sent(&DEFINITION, "meta-llama/Llama-3.1-8B", &Api::Plain, include_str!("fixtures/chat_request.json").trim_end(), limit);
    assert_eq!(body, include_str!("fixtures/chat_request.sent.json").trim_end());
}

#[test]
fn usage_is_read_from_whole_answers() {
    let usage = Usage::of_answer(include_bytes!("fixtures/chat_answer.json"));
    assert_eq!(usage.map(figures), Some([Some(10), Some(8), Some(5), None]));
}

#[test]
fn streams_are_judged() {
    let reasoning = Judged {
        swallowed: vec![],
        first_content: Some(3),
        failure: None,
        end: StreamEnd::Complete,
        usage: Some([Some(10), Some(8), Some(5), None]),
    };
    assert_eq!(judge(include_str!("fixtures/stream_reasoning.sse")), reasoning);
    let endless = Judged { first_content: Some(0), end: StreamEnd::DoneMissing, usage: None, ..reasoning };
    assert_eq!(judge(include_str!("fixtures/stream_without_done.sse")), endless);
    let failed = Judged {
        swallowed: vec![1],
        first_content: None,
        failure: Some(ErrorClass::Overloaded),
        end: StreamEnd::Truncated,
        usage: None,
    };
    assert_eq!(judge(include_str!("fixtures/stream_error_in_success.sse")), failed);
}

#[test]
fn failures_have_their_classes() {
    check_class(400, include_str!("fixtures/error_context.json"), ErrorClass::ContextOverflow, false);
    check_class(400, include_str!("fixtures/error_context_nested.json"), ErrorClass::ContextOverflow, true);
    check_class(402, include_str!("fixtures/error_balance.json"), ErrorClass::QuotaExhausted, false);
    check_class(404, include_str!("fixtures/error_text.json"), ErrorClass::NotFound, false);
    check_class(422, include_str!("fixtures/error_detail.json"), ErrorClass::BadRequest, false);
    check_class(502, include_str!("fixtures/error_html.html"), ErrorClass::Overloaded, false);
}
