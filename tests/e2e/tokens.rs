//! Tokens of an issuer that comes and goes: what clients, operators and records see of it.

use std::net::SocketAddr;

use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::client::{Answer, Client};
use crate::support::gateway::Gateway;
use crate::support::{issuer, until_async};

/// Stands in a claim that nobody asked for.
const SUBJECT: &str = "canary-subject-83b1";

fn policies(issuer: SocketAddr) -> String {
    format!(
        "apiVersion: aigw.dev/v1
kind: Provider
metadata: {{name: lab}}
spec: {{type: mock}}
---
apiVersion: aigw.dev/v1
kind: Model
metadata: {{name: chat}}
spec: {{targets: [{{target: lab/small}}]}}
---
apiVersion: aigw.dev/v1
kind: Route
metadata: {{name: chat}}
spec: {{surfaces: [openai], serve: {{models: [chat]}}, policies: [sso], authorization: open}}
---
apiVersion: aigw.dev/v1
kind: Authentication
metadata: {{name: sso}}
spec:
  methods:
    jwt:
      - name: idp
        issuer: http://{issuer}
        jwks: http://{issuer}/keys
        audience: [aigw]
        undeclared: {{roles: [employee], labels: {{team: claims.team}}}}
"
    )
}

async fn ask(gateway: &Gateway, token: &str) -> Answer {
    let request = Request::builder().uri("/v1/models").header("host", "x").header("authorization", format!("Bearer {token}"));
    Client::connect(gateway.data).await.send(request.body(Full::default()).unwrap()).await
}

async fn shown(gateway: &Gateway) -> Value {
    gateway.status().await.pointer("/bundle/issuers/0").unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issuer_may_be_away_at_the_start_and_later() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let gateway = Gateway::dev_yaml(&policies(address)).await;
    let token = issuer::token(address, &json!({"sub": SUBJECT, "team": "search"}));
    let told = until_async("the issuer was found away", || async {
        let told = ask(&gateway, &token).await;
        (told.status == 503).then_some(told)
    })
    .await;
    assert_eq!(told.code(), "503 identity_unavailable");
    let state = shown(&gateway).await;
    assert_eq!((state["name"].as_str(), state["keys"].as_u64()), (Some("idp"), Some(0)));
    assert!(state["error"].is_string(), "{state}");

    let stand = issuer::serve(TcpListener::bind(address).await.unwrap());
    until_async("the issuer's keys came", || async { (ask(&gateway, &token).await.status == 200).then_some(()) }).await;
    let state = shown(&gateway).await;
    assert_eq!((state["keys"].as_u64(), state["error"].as_str()), (Some(1), None), "{state}");
    let metrics = gateway.get("/metrics").await.body;
    assert!(metrics.contains("aigw_issuer_keys{aigw_issuer=\"idp\"} 1"), "{metrics}");

    stand.abort();
    assert_eq!(ask(&gateway, &token).await.status, 200, "keys that came are kept");
    let record = until_async("the answered request was recorded", || async {
        gateway.records(1).await.into_iter().find(|record| record["status"] == 200)
    })
    .await;
    let text = gateway.decisions();
    assert_eq!((record["credential"].as_str(), record.get("consumer")), (Some("idp"), None));
    let signature = token.rsplit('.').next().unwrap();
    for secret in [SUBJECT, signature] {
        assert!(!text.contains(secret) && !gateway.log().contains(secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_use_of_tokens_is_shown_for_each_consumer_and_issuer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stand = issuer::serve(listener);
    let consumer = |name: &str, credentials: &str| {
        format!(
            "---\napiVersion: aigw.dev/v1\nkind: Consumer\nmetadata: {{name: {name}}}\nspec: {{credentials: [{credentials}]}}\n"
        )
    };
    let team = |name: &str| format!("{{jwt: {{issuer: idp, claims: {{team: {name}}}}}}}");
    let searchers = consumer("searchers", &format!("{}, {}", team("search"), team("find")));
    let gateway = Gateway::dev_yaml(&format!("{}{searchers}{}", policies(address), consumer("others", &team("other")))).await;
    let used = |status: &Value| -> Vec<(String, String, bool)> {
        let all = status["credentials"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        all.map(|one| (text(&one["consumer"]), text(&one["name"]), one.get("lastUsed").is_some())).collect()
    };
    let of = |name: &str, used: bool| (name.to_owned(), "idp".to_owned(), used);
    assert_eq!(used(&gateway.status().await), [of("others", false), of("searchers", false)]);
    let token = issuer::token(address, &json!({"sub": SUBJECT, "team": "search"}));
    until_async("the issuer's keys came", || async { (ask(&gateway, &token).await.status == 200).then_some(()) }).await;
    until_async("the use is shown", || async {
        (used(&gateway.status().await) == [of("others", false), of("searchers", true)]).then_some(())
    })
    .await;
    stand.abort();
}
