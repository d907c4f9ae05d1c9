#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;

fn headers(list: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in list {
        headers.append(HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn written(headers: &HeaderMap) -> Vec<String> {
    let mut lines: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    lines.sort();
    lines
}

const CALLER: &[(&str, &str)] = &[
    ("host", "ai.contoso.example"),
    ("authorization", "Bearer canary"),
    ("api-key", "canary"),
    ("x-api-key", "canary"),
    ("ocp-apim-subscription-key", "canary"),
    ("proxy-authorization", "canary"),
    ("cookie", "session=canary"),
    ("content-length", "3"),
    ("expect", "100-continue"),
    ("te", "trailers"),
    ("connection", "keep-alive, X-Hop"),
    ("x-hop", "1"),
    ("keep-alive", "5"),
    ("transfer-encoding", "chunked"),
    ("upgrade", "h2c"),
    ("content-type", "application/json; charset=utf-8"),
    ("accept", "text/event-stream"),
    ("accept-encoding", "gzip, br"),
    ("user-agent", "test"),
    ("traceparent", "00-1"),
    ("x-multi", "a"),
    ("x-multi", "b"),
];

#[test]
fn a_call_to_a_model_carries_what_is_named_and_asks_for_plain_bytes() {
    let named = ["traceparent", "x-multi", "authorization", "x-hop", "cookie"].map(HeaderName::from_static);
    let sent = written(&request_headers(&headers(CALLER), Forward::Named(&named)));
    assert_eq!(
        sent,
        [
            "accept-encoding: identity",
            "accept: text/event-stream",
            "content-type: application/json",
            "traceparent: 00-1",
            "x-multi: a",
            "x-multi: b"
        ]
    );
}

#[test]
fn a_call_to_another_service_carries_all_but_credentials_and_the_connections_own() {
    let sent = written(&request_headers(&headers(CALLER), Forward::All));
    assert_eq!(
        sent,
        [
            "accept-encoding: gzip, br",
            "accept: text/event-stream",
            "content-type: application/json; charset=utf-8",
            "traceparent: 00-1",
            "user-agent: test",
            "x-multi: a",
            "x-multi: b"
        ]
    );
    assert!(!sent.concat().contains("canary"));
}

const UPSTREAM: &[(&str, &str)] = &[
    ("content-type", "application/json"),
    ("content-length", "7"),
    ("connection", "close, openai-model"),
    ("openai-model", "gpt"),
    ("openai-processing-ms", "12"),
    ("openai-organization", "org-canary"),
    ("x-ratelimit-remaining-requests", "9"),
    ("x-request-id", "theirs"),
    ("set-cookie", "__cf_bm=1"),
    ("server", "cloudflare"),
    ("retry-after", "2"),
    ("etag", "\"1\""),
];

#[test]
fn an_answer_of_a_model_tells_nothing_of_the_gateways_account() {
    let passed = written(&answer_headers(&headers(UPSTREAM), Answer::Model));
    assert_eq!(passed, ["content-type: application/json", "openai-processing-ms: 12", "retry-after: 2"]);
}

#[test]
fn an_answer_of_another_service_passes_but_for_cookies_and_the_connections_own() {
    let passed = written(&answer_headers(&headers(UPSTREAM), Answer::Any)).join("\n");
    for dropped in ["connection", "content-length", "set-cookie", "server", "x-request-id", "openai-model"] {
        assert!(!passed.contains(&format!("{dropped}:")), "{dropped}");
    }
    assert!(passed.contains("etag: \"1\"") && passed.contains("openai-organization: org-canary"));
}

#[test]
fn the_head_of_a_stream_forbids_holding_it_back() {
    let mut head = headers(&[("content-type", "text/event-stream")]);
    stream_headers(&mut head);
    assert_eq!(
        written(&head),
        ["cache-control: no-cache", "content-type: text/event-stream; charset=utf-8", "x-accel-buffering: no"]
    );
}
