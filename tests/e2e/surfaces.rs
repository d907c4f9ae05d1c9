//! The other ways in: Azure OpenAI's paths, and requests that are forwarded as they are.

use http::Request;
use http_body_util::Full;
use serde_json::json;

use crate::support::client::{Client, chat};
use crate::support::gateway::Gateway;
use crate::support::policies::{KEY, Policies};
use crate::support::upstream::{Upstream, answer};

const ROUTES: &str = "---
apiVersion: aigw.dev/v1
kind: Route
metadata: {name: score}
spec:
  matches: [{path: /score/*, methods: [POST]}]
  serve: {http: up-1/main, path: /models/*}
";

async fn pair() -> (Upstream, Gateway) {
    let upstream = Upstream::start().await;
    let mut policies = Policies::to(&[upstream.address]);
    policies.more = ROUTES.to_owned();
    let yaml = policies.yaml().replace("surfaces: [openai]", "surfaces: [openai, azure-openai]");
    let gateway = Gateway::dev_yaml(&yaml.replace("operations: [chat, models]", "operations: [chat, models, http]")).await;
    (upstream, gateway)
}

fn request(method: &str, path: &str, key: (&str, &str), body: String) -> Request<Full<bytes::Bytes>> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", "gateway")
        .header(key.0, key.1)
        .header("content-type", "application/json")
        .header("x-custom", "kept")
        .body(Full::from(body))
        .unwrap()
}

#[tokio::test]
async fn azures_paths_are_served_by_the_model_that_the_deployment_names() {
    let (upstream, gateway) = pair().await;
    let mut body = chat("hello");
    body.as_object_mut().unwrap().remove("model");
    for path in ["/openai/deployments/chat/chat/completions?api-version=2024-10-21", "/openai/v1/chat/completions"] {
        let asked = request("POST", path, ("api-key", KEY), body.to_string());
        let answer = Client::connect(gateway.data).await.send(asked).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        assert_eq!(answer.content(), "ok", "{path}");
    }
    assert!(upstream.got().iter().all(|got| got.line == "POST /v1/chat/completions HTTP/1.1"));
    let unknown =
        request("POST", "/openai/deployments/none/chat/completions?api-version=2024-10-21", ("api-key", KEY), body.to_string());
    assert_eq!(Client::connect(gateway.data).await.send(unknown).await.code(), "404 model_not_found");
}

#[tokio::test]
async fn other_requests_are_forwarded_as_they_are_with_the_gateways_own_key() {
    let (upstream, gateway) = pair().await;
    let body = "{\"data\": [1,  2], \"null\": 1.00}".to_owned();
    upstream.then([answer("201 Created", "x-model-version: 7\r\nset-cookie: a=b\r\n", &json!({"scores": [0.5]}))]);
    let bearer = format!("Bearer {KEY}");
    let asked = request("POST", "/score/fraud/v2?explain=1", ("authorization", &bearer), body.clone());
    let answer = Client::connect(gateway.data).await.send(asked).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (201, json!({"scores": [0.5]})));
    assert_eq!(answer.headers["x-model-version"], "7");
    let got = upstream.request(1).await;
    assert_eq!(got.line, "POST /v1/models/fraud/v2?explain=1 HTTP/1.1");
    assert_eq!(got.text, body);
    assert!(got.headers.contains(&("x-custom".to_owned(), "kept".to_owned())));
    for (method, path, key, code) in [
        ("GET", "/score/fraud", bearer.as_str(), "404 route_not_found"),
        ("POST", "/score/../v1/secret", &bearer, "400 invalid_request"),
        ("POST", "/score/%2e%2e/secret", &bearer, "400 invalid_request"),
        ("POST", "/score/fraud", "Bearer aigw_wrong_wrong_wrong_wrong", "401 invalid_api_key"),
    ] {
        let asked = request(method, path, ("authorization", key), body.clone());
        assert_eq!(Client::connect(gateway.data).await.send(asked).await.code(), code, "{method} {path}");
    }
    assert_eq!(upstream.count(), 1);
    let record = gateway.records(1).await.remove(0);
    assert_eq!((&record["operation"], &record["consumer"]), (&json!("http"), &json!("client")));
}
