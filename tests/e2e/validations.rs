//! Validations over sockets: each refusal with its status, code and place, before anything of it reaches a model.

use std::fs;

use http::{HeaderValue, Request};
use http_body_util::Full;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::client::{Answer, Client, ask, chat, post};
use crate::support::gateway::Gateway;
use crate::support::policies::{KEY, Policies};
use crate::support::soon;

const SCHEMA: &str = r#"{"type": "object", "properties": {"user": {"type": "string", "maxLength": 20}, "seed": false}}"#;

/// A gateway whose callers come through a proxy on this machine, with one validation.
async fn judging(spec: &str) -> Gateway {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("schemas")).unwrap();
    fs::write(home.path().join("schemas/chat.json"), SCHEMA).unwrap();
    let mut policies = Policies::mock("{text: here}");
    policies.gateway = "trustedProxies: [127.0.0.1]\nattach: [{policies: [input], routes: {names: [everything]}}]".to_owned();
    policies.more += &format!("---\napiVersion: aigw.dev/v1\nkind: Validation\nmetadata: {{name: input}}\nspec: {spec}\n");
    fs::write(home.path().join("gateway.yaml"), policies.yaml()).unwrap();
    Gateway::serve(["--dev".into(), home.keep().into()]).await
}

async fn send(gateway: &Gateway, change: impl FnOnce(&mut Request<Full<bytes::Bytes>>), body: &Value) -> Answer {
    let mut request = post(gateway.data, body);
    change(&mut request);
    Client::connect(gateway.data).await.send(request).await
}

#[tokio::test]
async fn addresses_are_judged_behind_trusted_proxies_before_a_body_comes() {
    let gateway = judging("{addresses: {allow: [10.0.0.0/8], deny: [10.9.0.0/16]}}").await;
    for (from, expected) in [
        ("10.1.2.3", "200"),
        ("192.0.2.1", "403 address_not_allowed"),
        ("10.9.1.1", "403 address_not_allowed"),
        ("10.1.2.3, 192.0.2.1", "403 address_not_allowed"),
    ] {
        let from = HeaderValue::from_static(from);
        let answer = send(&gateway, |request| drop(request.headers_mut().insert("x-forwarded-for", from)), &chat("hello")).await;
        assert_eq!(answer.code(), expected);
    }
    // The body that is announced never comes, and the answer does not wait for it.
    let mut stream = TcpStream::connect(gateway.data).await.unwrap();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {KEY}\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    soon("the refusal", stream.read_exact(&mut answer)).await.unwrap();
    assert_eq!(String::from_utf8(answer).unwrap(), "HTTP/1.1 403");
}

#[tokio::test]
async fn bodies_are_bounded_and_have_their_form() {
    let gateway = judging(
        "{contentTypes: [application/json], body: 600B, jsonDepth: 5, messages: 2, schema: schemas/chat.json, signatures: [sql, xss, path]}",
    )
    .await;
    assert_eq!(ask(gateway.data, &chat("x' or 1=1-- <script>alert(1)</script> ../../etc/passwd")).await.code(), "200");
    assert_eq!(ask(gateway.data, &chat(&"x".repeat(700))).await.code(), "413 body_too_large");
    let with = |pointer: &str, value: Value| {
        let mut body = chat("hello");
        body[pointer] = value;
        body
    };
    let three = json!([{"role": "user", "content": "a"}, {"role": "user", "content": "b"}, {"role": "user", "content": "c"}]);
    for (body, expected, param) in [
        (with("metadata", json!([[[[[1]]]]])), "400 json_too_deep", Value::Null),
        (with("messages", three), "400 too_many_messages", json!("messages")),
        (with("user", json!("SECRET-SECRET-SECRET-SECRET")), "400 schema_mismatch", json!("/user")),
        (with("seed", json!(7)), "400 schema_mismatch", json!("/seed")),
        (with("metadata", json!({"a": "SECRET' or '1'='1"})), "400 attack_signature", json!("/metadata/a")),
    ] {
        let answer = ask(gateway.data, &body).await;
        assert_eq!(answer.code(), expected, "{}", answer.body);
        assert_eq!(answer.json().pointer("/error/param"), Some(&param), "{}", answer.body);
        assert!(!answer.body.contains("SECRET"), "{}", answer.body);
    }
    let text = |request: &mut Request<Full<bytes::Bytes>>| {
        request.headers_mut().insert("content-type", HeaderValue::from_static("text/plain"));
    };
    assert_eq!(send(&gateway, text, &chat("hello")).await.code(), "415 unsupported_media_type");
    let query = |request: &mut Request<Full<bytes::Bytes>>| {
        let uri = format!("{}?q=%3Cscript%3Ealert(1)", request.uri());
        *request.uri_mut() = uri.parse().unwrap();
    };
    let answer = send(&gateway, query, &chat("hello")).await;
    assert_eq!(answer.code(), "400 attack_signature");
    assert!(answer.body.contains("query parameter `q`"), "{}", answer.body);
    let records = gateway.records(9).await;
    let refused =
        records.iter().flat_map(|record| record["policies"].as_array().unwrap()).filter(|verdict| verdict["phase"] == "validate");
    let refused: Vec<&str> =
        refused.filter(|verdict| verdict["verdict"] == "refused").map(|verdict| verdict["rule"].as_str().unwrap()).collect();
    assert_eq!(refused, ["body", "jsonDepth", "messages", "schema", "schema", "signatures", "contentTypes", "signatures"]);
}
