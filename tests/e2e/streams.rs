//! Streams: nothing is held up, nothing unasked comes, and nothing that was cut looks complete.

use serde_json::{Value, json};

use crate::support::client::{ask, chat, said, stream, streaming};
use crate::support::gateway::Gateway;
use crate::support::policies::{HOUSE, Policies};
use crate::support::upstream::{Script, Step, Upstream, done, event, finish, head, last, role, streamed, text_chunk, usage};

async fn pair() -> (Upstream, Gateway) {
    let upstream = Upstream::start().await;
    let gateway = Gateway::dev(&Policies::to(&[upstream.address])).await;
    (upstream, gateway)
}

#[tokio::test]
async fn the_first_chunk_with_content_reaches_the_client_before_the_upstream_makes_the_next() {
    let (upstream, gateway) = pair().await;
    upstream.then([vec![head(), role(), text_chunk("one"), Step::Gate, text_chunk("two"), Step::Gate, finish(), done(), last()]]);
    let mut stream = stream(gateway.data, &streaming("hello")).await;
    // The role has no content and waits for the first that has.
    let first = [stream.next().await.unwrap(), stream.next().await.unwrap()];
    assert_eq!(said(&first), ["one"]);
    upstream.open();
    assert_eq!(said(&[stream.next().await.unwrap()]), ["two"]);
    upstream.open();
    assert_eq!(said(&stream.rest().await), ["finish stop", "[DONE]"]);
}

#[tokio::test]
async fn usage_is_asked_for_upstream_and_swallowed_unless_the_client_asked_too() {
    let (upstream, gateway) = pair().await;
    for (asked, expected) in [
        (json!(null), vec!["a", "finish stop", "[DONE]"]),
        (json!({"include_usage": false}), vec!["a", "finish stop", "[DONE]"]),
        (json!({"include_usage": true}), vec!["a", "finish stop", "usage 5", "[DONE]"]),
    ] {
        upstream.then([streamed(&["a"])]);
        let mut body = streaming("hello");
        if !asked.is_null() {
            body.as_object_mut().unwrap().insert("stream_options".to_owned(), asked.clone());
        }
        let events = stream(gateway.data, &body).await.rest().await;
        assert_eq!(said(&events), expected, "{asked}");
    }
    for got in upstream.got() {
        assert_eq!(got.body.pointer("/stream_options/include_usage"), Some(&Value::Bool(true)), "{}", got.text);
    }
    for record in gateway.records(3).await {
        assert_eq!(record.pointer("/usage/outputTokens"), Some(&json!(2)), "{record}");
        assert_eq!(record.get("outcome"), Some(&json!("completed")));
    }
}

#[tokio::test]
async fn a_stream_that_is_cut_after_its_first_content_ends_with_one_error_and_never_looks_complete() {
    let upstream = Upstream::start().await;
    let mut policies = Policies::to(&[upstream.address]);
    policies.timeouts = "{connect: 1s, firstByte: 5s, idle: 300ms, total: 20s}".to_owned();
    policies.model = "retry: {attempts: 3}".to_owned();
    let gateway = Gateway::dev(&policies).await;
    let in_band = json!({"error": {"message": "overloaded", "type": "server_error", "code": "overloaded"}}).to_string();
    let cases: [(&str, Script, &str); 8] = [
        ("reset", vec![Step::Gate, Step::Reset], "stream_truncated"),
        ("connection closed within the body", vec![Step::Close], "stream_truncated"),
        ("body ended without a finish reason", vec![last()], "stream_truncated"),
        ("[DONE] without a finish reason", vec![done(), last()], "stream_truncated"),
        ("stall", vec![Step::Hang], "stream_timeout"),
        ("chunk that is not JSON", vec![event(r#"{"choices":[{"delta":{"content":"lo"#), Step::Hang], "stream_invalid"),
        ("error in the stream", vec![event(&in_band), Step::Hang], "stream_upstream_error"),
        (
            "half an event, then closed",
            vec![Step::Send("10\r\ndata: {\"choices\"\r\n".to_owned()), Step::Close],
            "stream_truncated",
        ),
    ];
    let count = cases.len();
    for (what, end, code) in cases {
        let mut script = vec![head(), role(), text_chunk("half")];
        script.extend(end);
        upstream.then([script]);
        let mut stream = stream(gateway.data, &streaming("hello")).await;
        let mut events = vec![stream.next().await.unwrap(), stream.next().await.unwrap()];
        if what == "reset" {
            upstream.open();
        }
        events.extend(stream.rest().await);
        assert_eq!(said(&events), ["half".to_owned(), format!("error {code}")], "{what}");
    }
    assert_eq!(upstream.count(), count, "what has begun is not sent again");
    for (record, number) in gateway.records(count).await.iter().zip(1..) {
        assert_eq!(record.get("outcome"), Some(&json!("failed")), "{number}: {record}");
    }
}

#[tokio::test]
async fn a_missing_terminal_event_after_every_finish_reason_is_supplied_and_recorded() {
    let (upstream, gateway) = pair().await;
    upstream.then([vec![head(), text_chunk("whole"), finish(), usage(), last()]]);
    let events = stream(gateway.data, &streaming("hello")).await.rest().await;
    assert_eq!(said(&events), ["whole", "finish stop", "[DONE]"]);
    let record = gateway.records(1).await.remove(0);
    assert_eq!(record.get("outcome"), Some(&json!("completed")));
    assert!(record.to_string().contains("terminal event supplied"), "{record}");
}

#[tokio::test]
async fn an_unreadable_event_that_held_no_content_is_dropped() {
    let (upstream, gateway) = pair().await;
    upstream.then([vec![head(), text_chunk("a"), event("ping"), text_chunk("b"), finish(), done(), last()]]);
    let events = stream(gateway.data, &streaming("hello")).await.rest().await;
    assert_eq!(said(&events), ["a", "b", "finish stop", "[DONE]"]);
}

#[tokio::test]
async fn a_client_that_leaves_cancels_the_upstream_and_is_recorded_once() {
    let (upstream, gateway) = pair().await;
    upstream.then([vec![head(), text_chunk("one"), Step::Hang]]);
    let mut stream = stream(gateway.data, &streaming("hello")).await;
    assert_eq!(said(&[stream.next().await.unwrap()]), ["one"]);
    stream.leave();
    upstream.left(1).await;
    // The answer of another request shows that nothing of the first is still to come.
    assert_eq!(ask(gateway.data, &chat("again")).await.content(), "ok");
    let outcomes: Vec<Value> = gateway.records(2).await.iter().map(|record| record["outcome"].clone()).collect();
    assert_eq!(outcomes, ["cancelled", "completed"]);
}

#[tokio::test]
async fn a_client_that_leaves_before_the_answer_began_cancels_the_upstream_too() {
    let (upstream, gateway) = pair().await;
    upstream.then([vec![Step::Hang]]);
    let asking = tokio::spawn({
        let address = gateway.data;
        async move { ask(address, &chat("hello")).await }
    });
    upstream.request(1).await;
    asking.abort();
    upstream.left(1).await;
    assert_eq!(gateway.records(1).await.remove(0)["outcome"], "cancelled");
}

#[tokio::test]
async fn the_callers_bytes_go_upstream_but_for_what_policies_change() {
    let (upstream, gateway) = pair().await;
    let mut body = chat("hello");
    let members = body.as_object_mut().unwrap();
    members.insert("max_tokens".to_owned(), json!(5000));
    members.insert("x_unknown".to_owned(), json!({"big": 12_345_678_901_234_567_u64}));
    assert_eq!(ask(gateway.data, &body).await.content(), "ok");
    let got = upstream.request(1).await;
    assert_eq!(got.body["messages"], json!([{"role": "system", "content": HOUSE}, {"role": "user", "content": "hello"}]));
    assert_eq!(got.body["max_tokens"], 2000);
    assert!(got.text.contains(r#""x_unknown":{"big":12345678901234567}"#), "{}", got.text);
}
