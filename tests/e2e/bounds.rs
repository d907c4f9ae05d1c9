//! What comes from outside is bounded, and each bound has its code. HTTP/2 and TLS, too.

use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::client::{Client, ask, ask_http2, chat, post, streaming};
use crate::support::gateway::Gateway;
use crate::support::policies::{KEY, Policies};
use crate::support::soon;
use crate::support::tls::Certificate;
use crate::support::upstream::{Step, Upstream, head, text_chunk};

async fn bounded(bounds: &str) -> Gateway {
    let mut policies = Policies::mock("{text: here}");
    policies.gateway = format!("bounds: {bounds}");
    Gateway::dev(&policies).await
}

/// Writes that and reads until the gateway closes the connection.
async fn raw(gateway: &Gateway, text: &str) -> String {
    let mut stream = TcpStream::connect(gateway.data).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    soon("the connection's end", stream.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn headers_beyond_the_bounds_are_refused() {
    let gateway = bounded("{headers: 4KiB, headerCount: 20}").await;
    for (headers, expected) in [
        (vec![("x-long".to_owned(), "x".repeat(5_000))], "431 headers_too_large"),
        ((0..30).map(|n| (format!("x-{n}"), "y".to_owned())).collect(), "431 headers_too_large"),
        (vec![("x-short".to_owned(), "x".repeat(2_000))], "200"),
    ] {
        let mut request = post(gateway.data, &chat("hello"));
        for (name, value) in headers {
            request.headers_mut().insert(http::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
        }
        assert_eq!(Client::connect(gateway.data).await.send(request).await.code(), expected);
    }
    // Far beyond, nobody reads on to know more.
    let huge = format!("GET /v1/models HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "y".repeat(200_000));
    assert!(raw(&gateway, &huge).await.starts_with("HTTP/1.1 431"));
}

#[tokio::test]
async fn bodies_beyond_the_bounds_are_refused_whether_or_not_they_say_how_long_they_are() {
    let gateway = bounded("{body: 4KiB, jsonDepth: 8}").await;
    assert_eq!(ask(gateway.data, &chat(&"x".repeat(5_000))).await.code(), "413 body_too_large");
    let chunk = "x".repeat(0x1000);
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {KEY}\r\ncontent-type: application/json\r\n"
    );
    let answer = raw(
        &gateway,
        &format!("{head}connection: close\r\ntransfer-encoding: chunked\r\n\r\n1000\r\n{chunk}\r\n1000\r\n{chunk}\r\n0\r\n\r\n"),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("body_too_large"), "{answer}");
    let mut deep = chat("hello");
    deep["metadata"] = serde_json::from_str(&format!("{}{}", "[".repeat(9), "]".repeat(9))).unwrap();
    assert_eq!(ask(gateway.data, &deep).await.code(), "400 json_too_deep");
    deep["metadata"] = json!([[[[[1]]]]]);
    assert_eq!(ask(gateway.data, &deep).await.code(), "200");
}

#[tokio::test]
async fn a_body_that_is_no_json_request_is_refused_with_what_is_wrong() {
    let gateway = bounded("{}").await;
    for (body, content_type, expected) in [
        ("{", "application/json", "400 invalid_json"),
        ("{\"model\":\"chat\",\"model\":\"chat\",\"messages\":[]}", "application/json", "400 duplicate_member"),
        ("{\"model\":\"chat\",\"m\\u006fdel\":\"chat\",\"messages\":[]}", "application/json", "400 duplicate_member"),
        ("{\"model\":\"chat\"}", "application/json", "400 missing_parameter"),
        ("{\"model\":7,\"messages\":[]}", "application/json", "400 invalid_parameter"),
        ("[]", "application/json", "400 invalid_request"),
        ("{\"model\":\"chat\",\"messages\":[]}", "text/plain", "415 unsupported_media_type"),
    ] {
        let mut request = post(gateway.data, &Value::Null).map(|_| Full::from(body));
        request.headers_mut().insert("content-type", content_type.parse().unwrap());
        assert_eq!(Client::connect(gateway.data).await.send(request).await.code(), expected, "{body}");
    }
}

#[tokio::test]
async fn clients_that_send_too_slowly_are_let_go() {
    let gateway = bounded("{clientIdle: 300ms}").await;
    for begin in ["", "GET /v1/models HTTP/1.1\r\nhost: a"] {
        assert_eq!(raw(&gateway, begin).await, "", "{begin:?}");
    }
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {KEY}\r\ncontent-type: application/json\r\n"
    );
    let answer = raw(&gateway, &format!("{head}content-length: 100\r\n\r\n{{\"model\"")).await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("request_timeout"), "{answer}");
    assert!(gateway.metric("aigw_connections_total{aigw_result=\"failed\"}").await >= 1.0);
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_cut_off_and_its_upstream_with_it() {
    let upstream = Upstream::start().await;
    let mut policies = Policies::to(&[upstream.address]);
    policies.gateway = "bounds: {clientIdle: 300ms}".to_owned();
    let gateway = Gateway::dev(&policies).await;
    // More than the sockets between them hold.
    let mut script = vec![head()];
    script.extend((0..400).map(|_| text_chunk(&"x".repeat(100_000))));
    script.push(Step::Hang);
    upstream.then([script]);
    let mut client = TcpStream::connect(gateway.data).await.unwrap();
    let body = streaming("hello").to_string();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {KEY}\r\ncontent-type: application/json\r\n"
    );
    client.write_all(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes()).await.unwrap();
    let stalled = || async { (gateway.metric("aigw_connections_total{aigw_result=\"stalled\"}").await >= 1.0).then_some(()) };
    crate::support::until_async("the client was cut off", stalled).await;
    assert_eq!(gateway.records(1).await.remove(0)["outcome"], "cancelled");
}

#[tokio::test]
async fn one_address_gets_no_more_connections_than_it_may_have() {
    let gateway = bounded("{connectionsPerAddress: 2}").await;
    let (mut first, mut second) = (Client::connect(gateway.data).await, Client::connect(gateway.data).await);
    assert_eq!(first.ask(&chat("hello")).await.code(), "200");
    assert_eq!(second.ask(&chat("hello")).await.code(), "200");
    let mut third = TcpStream::connect(gateway.data).await.unwrap();
    let mut answer = String::new();
    soon("the refusal", third.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("too_many_connections"), "{answer}");
    drop(first);
    crate::support::until_async("there is room again", || async {
        (gateway.status().await["connections"]["open"] == 1).then_some(())
    })
    .await;
    assert_eq!(ask(gateway.data, &chat("hello")).await.code(), "200");
    assert_eq!(gateway.status().await["connections"]["refused"], 1);
}

#[tokio::test]
async fn one_address_sends_no_more_requests_than_it_may_and_a_proxys_clients_are_told_apart() {
    let mut policies = Policies::mock("{text: here}");
    policies.gateway = "bounds: {requestsPerAddress: {requests: 2, window: 1h}}\ntrustedProxies: [127.0.0.1]".to_owned();
    let gateway = Gateway::dev(&policies).await;
    let from = async |client: &str| {
        let mut request = post(gateway.data, &chat("hello"));
        request.headers_mut().insert("x-forwarded-for", client.parse().unwrap());
        Client::connect(gateway.data).await.send(request).await
    };
    for expected in ["200", "200", "429 address_limited"] {
        assert_eq!(from("198.51.100.1").await.code(), expected);
    }
    assert_eq!(from("2001:db8::1").await.code(), "200");
    assert_eq!(from("2001:db8::2").await.code(), "200");
    let refused = from("2001:db8::3").await;
    let seconds: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(refused.status == 429 && (3_000..=4_050).contains(&seconds), "{seconds}");
    let metric = "aigw_requests_total{aigw_route=\"\",aigw_outcome=\"refused\",http_response_status_class=\"4xx\",error_type=\"address_limited\",aigw_tenant=\"\"}";
    assert_eq!(gateway.metric(metric).await, 2.0);
}

#[tokio::test]
async fn a_full_process_refuses_until_a_client_leaves() {
    let mut policies = Policies::mock("{latency: 30s}");
    policies.gateway = "load: {concurrency: 1, classes: {background: 100%, standard: 100%}}".to_owned();
    let gateway = Gateway::dev(&policies).await;
    let mut held = TcpStream::connect(gateway.data).await.unwrap();
    let body = chat("hello").to_string();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {KEY}\r\ncontent-type: application/json\r\n"
    );
    held.write_all(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes()).await.unwrap();
    let in_flight = async |wanted: f64| (gateway.metric("aigw_load_requests").await == wanted).then_some(());
    crate::support::until_async("the first request is in flight", || in_flight(1.0)).await;
    let refused = ask(gateway.data, &chat("hello")).await;
    assert_eq!(
        (refused.code().as_str(), &refused.headers["retry-after"]),
        ("503 overloaded", &"1".parse::<http::HeaderValue>().unwrap())
    );
    assert_eq!(gateway.metric("aigw_load_refused_total{aigw_class=\"standard\"}").await, 1.0);
    // Health is not the clients' business.
    assert_eq!(gateway.status().await["connections"]["flooded"], 0);
    drop(held);
    crate::support::until_async("its place is free again", || in_flight(0.0)).await;
}

#[tokio::test]
async fn a_flood_of_resets_ends_its_connection_and_is_counted() {
    let gateway = bounded("{http2Resets: 100}").await;
    let mut stream = TcpStream::connect(gateway.data).await.unwrap();
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    for id in (1..2_001_u32).step_by(2) {
        bytes.extend([&[0, 0, 6, 1, 5][..], &id.to_be_bytes(), &[0x82, 0x86, 0x84, 0x01, 1, b'a']].concat());
        bytes.extend([&[0, 0, 4, 3, 0][..], &id.to_be_bytes(), &8_u32.to_be_bytes()].concat());
    }
    // The other side may be gone before all of it is sent.
    let _ = stream.write_all(&bytes).await;
    let flooded = || async { (gateway.metric("aigw_connections_total{aigw_result=\"flooded\"}").await == 1.0).then_some(()) };
    crate::support::until_async("the connection was ended", flooded).await;
    assert_eq!(ask(gateway.data, &chat("hello")).await.code(), "200");
}

#[tokio::test]
async fn the_whole_request_is_bounded_in_time() {
    let mut policies = Policies::mock("{latency: 30s}");
    policies.gateway = "bounds: {requestTime: 300ms}".to_owned();
    let gateway = Gateway::dev(&policies).await;
    assert_eq!(ask(gateway.data, &chat("hello")).await.code(), "504 request_time_exceeded");
    let streamed = crate::support::client::stream(gateway.data, &streaming("hello")).await;
    assert_eq!(streamed.status, 504);
}

#[tokio::test]
async fn http_2_works_by_prior_knowledge() {
    let gateway = bounded("{}").await;
    let stream = TcpStream::connect(gateway.data).await.unwrap();
    let answer = ask_http2(stream, &gateway.data.to_string(), &chat("hello")).await;
    assert_eq!(answer.content(), "here");
}

#[tokio::test]
async fn tls_serves_both_protocols_and_nobody_who_speaks_plainly() {
    let files = tempfile::tempdir().unwrap();
    let certificate = Certificate::new(files.path());
    let arguments = ["--tls-cert", certificate.cert.to_str().unwrap(), "--tls-key", certificate.key.to_str().unwrap()];
    let gateway = Gateway::dev_with(&Policies::mock("{text: here}"), &arguments).await;
    assert!(gateway.log().contains("listening on https://"));
    for protocol in ["h2", "http/1.1"] {
        let mut stream = certificate.connect(gateway.data, protocol).await;
        if protocol == "h2" {
            assert_eq!(ask_http2(stream, "localhost", &chat("hello")).await.content(), "here");
            continue;
        }
        stream.write_all(b"GET /v1/models HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        soon("an answer", stream.read_to_end(&mut answer)).await.unwrap();
        assert!(String::from_utf8(answer).unwrap().starts_with("HTTP/1.1 401"));
    }
    let mut plain = TcpStream::connect(gateway.data).await.unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = soon("the end of a plain connection", plain.read_to_end(&mut answer)).await;
    assert!(!answer.starts_with(b"HTTP/"), "{answer:?}");
}

#[tokio::test]
async fn every_answer_has_a_request_id_and_every_error_openais_shape() {
    let gateway = bounded("{}").await;
    for (path, key, status) in
        [("/v1/models", KEY, 200), ("/v1/models", "aigw_wrong_wrong_wrong_wrong", 401), ("/nowhere", KEY, 404)]
    {
        let request = Request::get(path)
            .header("host", "a")
            .header("authorization", format!("Bearer {key}"))
            .body(Full::default())
            .unwrap();
        let answer = Client::connect(gateway.data).await.send(request).await;
        assert_eq!(answer.status, status);
        assert!(!answer.headers["x-request-id"].is_empty());
        if status != 200 {
            let error = &answer.json()["error"];
            assert!(error["message"].is_string() && error["type"].is_string() && error["code"].is_string(), "{error}");
        }
    }
}
