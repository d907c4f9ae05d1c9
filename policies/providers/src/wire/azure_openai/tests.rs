use super::*;
use crate::stream::StreamEnd;
use crate::usage::Usage;
use crate::wire::ErrorClass;
use crate::wire::tests::{Judged, check_class, figures, judge, sent};
use aigw_core::Operation;

fn deployments(version: &str) -> Api {
    Api::Deployments { version: version.to_owned() }
}

fn v1(version: Option<&str>) -> Api {
    Api::V1 { version: version.map(str::to_owned) }
}

fn check_path(base_path: &str, api: &Api, operation: Operation, expected: &str) {
    assert_eq!(path_and_query(&Target { operation, base_path, model: "gpt4o prod/é", api }), expected);
}

#[test]
fn a_deployment_and_a_version_stand_in_the_path_escaped() {
    let api = deployments("2024-10-21");
    check_path("/", &api, Operation::Chat, "/openai/deployments/gpt4o%20prod%2F%C3%A9/chat/completions?api-version=2024-10-21");
    check_path(
        "/apim",
        &deployments("a&b"),
        Operation::Embeddings,
        "/apim/openai/deployments/gpt4o%20prod%2F%C3%A9/embeddings?api-version=a%26b",
    );
}

#[test]
fn the_v1_paths_need_no_version() {
    check_path("/", &v1(None), Operation::Chat, "/openai/v1/chat/completions");
    check_path("", &v1(Some("preview")), Operation::Embeddings, "/openai/v1/embeddings?api-version=preview");
}

#[test]
fn an_address_may_be_written_with_the_part_that_portals_show() {
    for base in ["/openai/v1/", "/openai/v1", "/openai/", "/openai", "/", ""] {
        check_path(base, &v1(None), Operation::Chat, "/openai/v1/chat/completions");
    }
}

#[test]
fn only_what_changes_is_written_into_the_body() {
    let send = |api: Api| sent(&DEFINITION, "gpt4o-prod", &api, include_str!("fixtures/chat_request.json"), |_, _| {});
    assert_eq!(send(deployments("2024-10-21")), include_str!("fixtures/chat_request.deployments.json"));
    assert_eq!(send(v1(None)), include_str!("fixtures/chat_request.v1.json"));
}

#[test]
fn usage_in_streams_is_asked_for_only_where_the_version_knows_it() {
    for (version, asks) in [
        ("2024-06-01", false),
        ("2024-08-01-preview", false),
        ("2024-09-01-preview", true),
        ("2024-10-21", true),
        ("2025-04-01-preview", true),
        ("preview", true),
    ] {
        let body = sent(&DEFINITION, "d", &deployments(version), r#"{"messages":[],"stream":true}"#, |_, _| {});
        assert_eq!(body.contains("include_usage"), asks, "{version}");
    }
}

#[test]
fn a_bound_from_a_policy_is_written_under_the_name_that_the_version_knows() {
    let limit = |_: &crate::json::Object, splice: &mut Splice| splice.set_member("max_completion_tokens", &b"9"[..]);
    let send = |version, body| sent(&DEFINITION, "d", &deployments(version), body, limit);
    assert_eq!(send("2024-10-21", r#"{"messages":[]}"#), r#"{"messages":[],"max_tokens":9}"#);
    assert_eq!(send("2025-01-01-preview", r#"{"messages":[]}"#), r#"{"messages":[],"max_completion_tokens":9}"#);
    let own = r#"{"messages":[],"max_completion_tokens":20}"#;
    assert_eq!(send("2024-10-21", own), own.replace("20", "9"));
}

#[test]
fn usage_is_read_from_whole_answers() {
    let usage = Usage::of_answer(include_bytes!("fixtures/chat_answer.json"));
    assert_eq!(usage.map(figures), Some([Some(8), None, Some(1), None]));
}

#[test]
fn streams_are_judged() {
    let filters = Judged {
        swallowed: vec![5],
        first_content: Some(2),
        failure: None,
        end: StreamEnd::Complete,
        usage: Some([Some(8), None, Some(1), None]),
    };
    assert_eq!(judge(include_str!("fixtures/stream_filters.sse")), filters);
    let filtered = Judged { swallowed: vec![], first_content: Some(0), usage: None, ..filters };
    assert_eq!(judge(include_str!("fixtures/stream_filtered.sse")), filtered);
    let refused = Judged {
        swallowed: vec![0],
        first_content: None,
        failure: Some(ErrorClass::ContentFilter),
        end: StreamEnd::Truncated,
        usage: None,
    };
    assert_eq!(judge(include_str!("fixtures/stream_refused.sse")), refused);
}

#[test]
fn failures_have_their_classes() {
    check_class(400, include_str!("fixtures/error_prompt_filter.json"), ErrorClass::ContentFilter, true);
    check_class(400, include_str!("fixtures/error_prompt_filter_inner.json"), ErrorClass::ContentFilter, true);
    check_class(400, include_str!("fixtures/error_version.json"), ErrorClass::BadRequest, true);
    check_class(429, include_str!("fixtures/error_rate.json"), ErrorClass::RateLimited, false);
    check_class(429, include_str!("fixtures/error_rate_named.json"), ErrorClass::RateLimited, false);
    check_class(404, include_str!("fixtures/error_deployment.json"), ErrorClass::NotFound, false);
    check_class(401, include_str!("fixtures/error_key.json"), ErrorClass::Auth, false);
}
