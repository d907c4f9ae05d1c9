//! The faults of upstreams that every release must survive, with policies on: what the client gets, how often and whom the gateway asks, and what it records.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::client::{ask, chat, said, stream, streaming};
use crate::support::gateway::Gateway;
use crate::support::policies::Policies;
use crate::support::upstream::{
    Script, Step, Upstream, completion, completion_of, event, failure, finish, head, last, role, streamed, text_chunk,
};

/// Two upstreams, the second of lower priority, and a gateway before them.
struct Pair {
    first: Upstream,
    second: Upstream,
    gateway: Gateway,
}

impl Pair {
    async fn start() -> Self {
        Self::with("retry: {attempts: 3, budget: 100%, backoff: {base: 10ms, max: 2s}}").await
    }

    async fn with(model: &str) -> Self {
        let (first, second) = (Upstream::start().await, Upstream::start().await);
        let mut policies = Policies::to(&[first.address, second.address]);
        policies.model = model.to_owned();
        policies.timeouts = "{connect: 1s, firstByte: 600ms, idle: 600ms, total: 10s}".to_owned();
        let gateway = Gateway::dev(&policies).await;
        Self { first, second, gateway }
    }

    fn counts(&self) -> (usize, usize) {
        (self.first.count(), self.second.count())
    }

    async fn record(&self, number: usize) -> Value {
        self.gateway.records(number).await.remove(number - 1)
    }
}

/// Target and outcome of each attempt.
fn attempts(record: &Value) -> Vec<String> {
    let text = |attempt: &Value, member: &str| attempt[member].as_str().unwrap_or_default().to_owned();
    let attempts = record["attempts"].as_array().unwrap();
    attempts.iter().map(|attempt| format!("{} {}", text(attempt, "target"), text(attempt, "outcome"))).collect()
}

/// One upstream alone, and one attempt.
async fn alone(model: &str) -> (Upstream, Gateway) {
    let upstream = Upstream::start().await;
    let mut policies = Policies::to(&[upstream.address]);
    policies.model = model.to_owned();
    policies.timeouts = "{connect: 1s, firstByte: 600ms, idle: 600ms, total: 10s}".to_owned();
    let gateway = Gateway::dev(&policies).await;
    (upstream, gateway)
}

#[tokio::test]
async fn what_breaks_before_the_answer_is_served_by_the_next_target() {
    let cases: [(&str, Script); 8] = [
        ("429 without retry-after", failure("429 Too Many Requests", "", "rate_limit_exceeded")),
        ("one 500", failure("500 Internal Server Error", "", "server_error")),
        ("503", failure("503 Service Unavailable", "", "overloaded")),
        ("reset before the head", vec![Step::Reset]),
        ("closed before the head", vec![Step::Close]),
        ("accepted and never answered", vec![Step::Hang]),
        ("half a head", vec![Step::Send("HTTP/1.1 200 OK\r\ncontent-".to_owned()), Step::Close]),
        ("its quota is spent", failure("429 Too Many Requests", "", "insufficient_quota")),
    ];
    let pair = Pair::start().await;
    for ((what, script), number) in cases.into_iter().zip(1..) {
        pair.first.then([script]);
        pair.second.then([completion_of("from the second", "second-1")]);
        let answer = ask(pair.gateway.data, &chat("hello")).await;
        assert_eq!(answer.status, 200, "{what}: {}", answer.body);
        assert_eq!(answer.content(), "from the second", "{what}");
        assert_eq!(answer.json()["model"], "second-1", "{what}: the model is the one that answered");
        let record = pair.record(number).await;
        assert_eq!(attempts(&record), ["up-1/main/m retried", "up-2/main/m served"], "{what}");
        assert_eq!(record.pointer("/usage/inputTokens"), Some(&json!(3)), "{what}");
        assert_eq!(pair.counts(), (number, number), "{what}");
    }
}

#[tokio::test]
async fn a_stream_that_breaks_before_its_first_content_is_served_by_the_next_target() {
    let in_band = json!({"error": {"message": "x", "type": "server_error", "code": "overloaded"}}).to_string();
    let cases: [(&str, Script); 6] = [
        ("first token too late", vec![head(), role(), Step::Hang]),
        ("closed before content", vec![head(), role(), Step::Close]),
        ("ended before content", vec![head(), role(), last()]),
        ("error before content", vec![head(), role(), event(&in_band), last()]),
        ("invalid JSON before content", vec![head(), event("{\"choices\":[{"), Step::Hang]),
        ("no stream at all", completion("not a stream")),
    ];
    let pair = Pair::start().await;
    for ((what, script), number) in cases.into_iter().zip(1..) {
        pair.first.then([script]);
        pair.second.then([streamed(&["from", "the second"])]);
        let stream = stream(pair.gateway.data, &streaming("hello")).await;
        assert_eq!(stream.status, 200, "{what}");
        assert_eq!(said(&stream.rest().await), ["from", "the second", "finish stop", "[DONE]"], "{what}");
        assert_eq!(attempts(&pair.record(number).await), ["up-1/main/m retried", "up-2/main/m served"], "{what}");
    }
}

#[tokio::test]
async fn what_breaks_after_the_first_content_is_never_sent_again() {
    let cases: [(&str, Script, &str); 4] = [
        ("dies half-way", vec![Step::Close], "error stream_truncated"),
        ("stalls", vec![Step::Hang], "error stream_timeout"),
        ("invalid JSON", vec![event("{\"choices\":[{"), Step::Hang], "error stream_invalid"),
        ("no terminal event", vec![finish(), last()], "finish stop"),
    ];
    let pair = Pair::start().await;
    for ((what, end, expected), number) in cases.into_iter().zip(1..) {
        let mut script = vec![head(), text_chunk("half")];
        script.extend(end);
        pair.first.then([script]);
        let events = said(&stream(pair.gateway.data, &streaming("hello")).await.rest().await);
        assert_eq!(events.get(..2).unwrap(), ["half", expected], "{what}");
        assert_eq!(pair.counts(), (number, 0), "{what}");
    }
}

#[tokio::test]
async fn a_request_that_is_at_fault_itself_is_neither_retried_nor_routed_around() {
    let cases = [
        ("400 Bad Request", "context_length_exceeded", "400 context_length_exceeded"),
        ("400 Bad Request", "content_filter", "400 content_filter"),
        ("400 Bad Request", "invalid_value", "400 invalid_value"),
        ("404 Not Found", "model_not_found", "502 upstream_error"),
    ];
    let pair = Pair::start().await;
    for ((status, code, expected), number) in cases.into_iter().zip(1..) {
        pair.first.then([failure(status, "", code)]);
        assert_eq!(ask(pair.gateway.data, &chat("hello")).await.code(), expected, "{code}");
        assert_eq!(pair.counts(), (number, 0), "{code}");
    }
}

#[tokio::test]
async fn a_provider_that_limits_the_rate_is_left_alone_for_as_long_as_it_says() {
    let pair = Pair::start().await;
    pair.first.then([failure("429 Too Many Requests", "retry-after: 60\r\n", "rate_limit_exceeded")]);
    for _ in 0..3 {
        assert_eq!(ask(pair.gateway.data, &chat("hello")).await.content(), "ok");
    }
    assert_eq!(pair.counts(), (1, 3));
}

#[tokio::test]
async fn the_wait_that_every_provider_asks_for_is_passed_on() {
    let (upstream, gateway) = alone("retry: {attempts: 3, backoff: {base: 10ms, max: 100ms}}").await;
    upstream.then([failure("429 Too Many Requests", "retry-after: 7\r\n", "rate_limit_exceeded")]);
    for _ in 0..2 {
        let answer = ask(gateway.data, &chat("hello")).await;
        assert_eq!(answer.code(), "429 upstream_rate_limited");
        let wait: u32 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((6..=7).contains(&wait), "{wait}");
    }
    assert_eq!(upstream.count(), 1, "who said to wait is not asked meanwhile");
}

#[tokio::test]
async fn a_short_wait_is_waited() {
    let (upstream, gateway) = alone("retry: {attempts: 2, budget: 100%, backoff: {base: 10ms, max: 5s}}").await;
    upstream.then([failure("429 Too Many Requests", "retry-after: 1\r\n", "rate_limit_exceeded")]);
    let began = Instant::now();
    assert_eq!(ask(gateway.data, &chat("hello")).await.content(), "ok");
    assert!(began.elapsed() >= Duration::from_millis(950), "{:?}", began.elapsed());
    assert_eq!(upstream.count(), 2);
}

#[tokio::test]
async fn a_persistent_failure_costs_as_many_sends_as_the_policy_allows_and_says_so() {
    let (upstream, gateway) = alone("retry: {attempts: 3, budget: 100%, backoff: {base: 10ms, max: 20ms}}").await;
    let broken = || failure("503 Service Unavailable", "", "overloaded");
    upstream.then([broken(), broken(), broken()]);
    assert_eq!(ask(gateway.data, &chat("hello")).await.code(), "502 upstream_error");
    assert_eq!(upstream.count(), 3);
    // The outage is over.
    assert_eq!(ask(gateway.data, &chat("hello")).await.content(), "ok");
}

#[tokio::test]
async fn retries_do_not_exceed_their_budget() {
    let (upstream, gateway) = alone("retry: {attempts: 3, budget: 0%, backoff: {base: 1ms, max: 1ms}}").await;
    upstream.then((0..20).map(|_| failure("503 Service Unavailable", "", "overloaded")));
    for _ in 0..10 {
        assert_eq!(ask(gateway.data, &chat("hello")).await.code(), "502 upstream_error");
    }
    // Ten retries are free, whatever the budget: the first five requests take two each.
    assert_eq!(upstream.count(), 20);
}

#[tokio::test]
async fn one_failing_target_alone_gives_each_failure_its_own_code() {
    let (upstream, gateway) = alone("retry: {attempts: 1}").await;
    let cases: [(Script, &str); 6] = [
        (vec![Step::Reset], "502 upstream_unreachable"),
        (vec![Step::Hang], "504 upstream_timeout"),
        (vec![Step::Send("no HTTP at all\r\n\r\n".to_owned()), Step::Close], "502 upstream_invalid_answer"),
        (failure("500 Internal Server Error", "", "x"), "502 upstream_error"),
        (failure("401 Unauthorized", "", "invalid_api_key"), "502 upstream_auth_failed"),
        (failure("302 Found", "location: http://127.0.0.1:1/\r\n", "x"), "502 upstream_invalid_answer"),
    ];
    for (script, code) in cases {
        upstream.then([script.clone()]);
        let answer = ask(gateway.data, &chat("hello")).await;
        assert_eq!(answer.code(), code, "{script:?}");
        assert!(answer.headers.contains_key("x-request-id"), "{script:?}");
    }
}

#[tokio::test]
async fn an_upstream_that_is_gone_is_unreachable_and_comes_back() {
    let upstream = Upstream::start().await;
    let mut policies = Policies::to(&[upstream.address]);
    policies.model = "retry: {attempts: 1}".to_owned();
    let gateway = Gateway::dev(&policies).await;
    assert_eq!(ask(gateway.data, &chat("hello")).await.content(), "ok");
    let address = upstream.address;
    drop(upstream);
    assert_eq!(ask(gateway.data, &chat("hello")).await.code(), "502 upstream_unreachable");
    let _back = Upstream::start_at(address).await;
    assert_eq!(ask(gateway.data, &chat("hello")).await.content(), "ok");
}

#[tokio::test]
async fn a_model_that_is_spent_falls_back_to_the_next_and_a_final_refusal_of_that_one_stands() {
    let (first, second) = (Upstream::start().await, Upstream::start().await);
    let mut policies = Policies::to(&[first.address, second.address]);
    policies.targets = Some("{target: up-1/m}".to_owned());
    policies.model = "retry: {attempts: 1}\nfallback: [spare]".to_owned();
    policies.more = "---\napiVersion: aigw.dev/v1\nkind: Model\nmetadata: {name: spare}\nspec: {operation: chat, targets: [{target: up-2/m}]}\n".to_owned();
    let yaml = policies.yaml().replace("models: [chat]", "models: [chat, spare]");
    let gateway = Gateway::dev_yaml(&yaml).await;
    first.then([failure("500 Internal Server Error", "", "x"), failure("500 Internal Server Error", "", "x")]);
    second.then([completion("from the spare"), failure("400 Bad Request", "", "content_filter")]);
    assert_eq!(ask(gateway.data, &chat("hello")).await.content(), "from the spare");
    assert_eq!(ask(gateway.data, &chat("hello")).await.code(), "400 content_filter");
    assert_eq!(gateway.records(1).await.remove(0)["model"], "spare");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_cut_and_never_looks_whole() {
    let (upstream, gateway) = alone("retry: {attempts: 1}").await;
    let half = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"id\":\"c\"";
    upstream.then([vec![Step::Send(half.to_owned()), Step::Gate, Step::Close]]);
    let mut raw = crate::support::client::stream(gateway.data, &chat("hello")).await;
    upstream.open();
    assert!(raw.is_cut().await);
    assert_eq!(gateway.records(1).await.remove(0)["code"], "stream_truncated");
}
