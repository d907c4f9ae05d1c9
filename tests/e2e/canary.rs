//! Nothing that must stay secret, and nothing of what people write, is ever written down: both are sent down every path, and then everything is searched.

mod forms;
mod whole;

use std::fs;
use std::path::Path;

use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

use crate::support::azure::{Azure, MODEL_TOKEN, VAULT_TOKEN};
use crate::support::bundles::Workshop;
use crate::support::client::{Client, ask, chat, stream, streaming};
use crate::support::gateway::Gateway;
use crate::support::policies::{KEY, Policies, UPSTREAM_KEY};
use crate::support::upstream::{Step, Upstream, answer, completion, event, failure, head, streamed, text_chunk};
use crate::support::{aigw, run, until_async};

/// Stands in prompts.
const PROMPT: &str = "canary-prompt-7f3a";
/// Stands in what the model says.
const REPLY: &str = "canary-reply-91bc";
/// Stands in what upstreams say about failures.
const FAILURE: &str = "canary-failure-d200";
/// An unknown caller's key.
const WRONG_KEY: &str = "aigw_canary_wrong_key_0f9e8d7c6b5a";
/// A secret in the vault.
const VAULTED: &str = "canary-vaulted-2c4e";
/// Stands in query strings and headers.
const HEADER: &str = "canary-header-33aa";

/// No part of a key may be found either.
fn canaries() -> Vec<&'static str> {
    vec![PROMPT, REPLY, FAILURE, WRONG_KEY, HEADER, KEY, UPSTREAM_KEY, VAULTED, MODEL_TOKEN, VAULT_TOKEN]
}

fn failing(status: &str) -> Vec<Step> {
    let message = format!("your prompt {FAILURE} was refused for {UPSTREAM_KEY}");
    answer(status, "", &json!({"error": {"message": message, "type": "server_error", "code": "x"}}))
}

/// Sends the canaries down every path that a request can take.
async fn everywhere(gateway: &Gateway, upstream: &Upstream) -> Vec<String> {
    let mut codes = Vec::new();
    for status in ["400 Bad Request", "401 Unauthorized", "404 Not Found", "429 Too Many Requests", "500 Internal Server Error"] {
        upstream.then([failing(status)]);
        codes.push(ask(gateway.data, &chat(PROMPT)).await.code());
    }
    upstream.then([
        completion(REPLY),
        streamed(&[REPLY]),
        vec![Step::Reset],
        vec![Step::Send(format!("{FAILURE}\r\n\r\n")), Step::Close],
    ]);
    codes.push(ask(gateway.data, &chat(PROMPT)).await.code());
    stream(gateway.data, &streaming(PROMPT)).await.rest().await;
    codes.push(ask(gateway.data, &chat(PROMPT)).await.code());
    codes.push(ask(gateway.data, &chat(PROMPT)).await.code());
    let in_band = json!({"error": {"message": FAILURE, "type": "x", "code": "x"}}).to_string();
    for end in [vec![Step::Close], vec![event(&in_band), Step::Hang], vec![event(&format!("{{\"{FAILURE}")), Step::Hang]] {
        upstream.then([[vec![head(), text_chunk(REPLY)], end].concat()]);
        stream(gateway.data, &streaming(PROMPT)).await.rest().await;
    }
    upstream.then([vec![head(), text_chunk(REPLY), Step::Hang]]);
    let mut leaving = stream(gateway.data, &streaming(PROMPT)).await;
    leaving.next().await.unwrap();
    leaving.leave();
    codes.extend(refused(gateway).await);
    codes
}

/// The paths that end at the gateway.
async fn refused(gateway: &Gateway) -> Vec<String> {
    let wrong = format!("Bearer {WRONG_KEY}");
    let right = format!("Bearer {KEY}");
    let whole = chat(PROMPT).to_string();
    let mut unknown = chat(PROMPT);
    unknown["model"] = Value::from(PROMPT);
    let cases = [
        ("/v1/chat/completions", wrong.as_str(), whole.clone()),
        ("/v1/chat/completions", &right, whole.replace("\"messages\"", "\"messages\":1,\"messages\"")),
        ("/v1/chat/completions", &right, format!("{{\"{PROMPT}")),
        ("/v1/chat/completions", &right, unknown.to_string()),
        ("/v1/chat/completions", &right, json!({"model": "chat", "messages": PROMPT}).to_string()),
        ("/v1/embeddings", &right, whole.clone()),
        ("/nowhere", &right, whole),
    ];
    let mut codes = Vec::new();
    for (path, authorization, body) in cases {
        let request = Request::post(format!("{path}?q={HEADER}"))
            .header("host", "gateway")
            .header("authorization", authorization)
            .header("content-type", "application/json")
            .header("x-canary", HEADER)
            .header("user-agent", HEADER)
            .body(Full::from(body))
            .unwrap();
        codes.push(Client::connect(gateway.data).await.send(request).await.code());
    }
    codes
}

#[tokio::test]
async fn secrets_and_prompts_are_written_nowhere() {
    let upstream = Upstream::start().await;
    let mut policies = Policies::to(&[upstream.address]);
    policies.model = "retry: {attempts: 1, backoff: {base: 1ms, max: 1ms}}".to_owned();
    let home = tempfile::tempdir().unwrap();
    let trail = home.path().join("audit.jsonl");
    let gateway = Gateway::dev_with(&policies, &["--verbose", "--audit", &format!("file:{}", trail.display())]).await;
    let codes = everywhere(&gateway, &upstream).await;
    // The paths were what they are meant to be.
    for expected in
        ["401 invalid_api_key", "400 duplicate_member", "400 invalid_json", "404 model_not_found", "502 upstream_auth_failed"]
    {
        assert!(codes.iter().any(|code| code == expected), "{expected} is not among {codes:?}");
    }
    gateway.write("gateway.yaml", &policies.yaml().replace("kind: Route", "kind: Ruote"));
    gateway.refusal().await;
    let records = gateway.records(codes.len() + 5).await;
    let mut places = vec![("the decision log".to_owned(), gateway.decisions()), ("the log".to_owned(), gateway.log())];
    for path in ["/metrics", "/status", "/readyz", "/livez"] {
        places.push((path.to_owned(), gateway.get(path).await.body));
    }
    strangers(&gateway).await;
    places.push(("the audit trail".to_owned(), fs::read_to_string(&trail).unwrap()));
    search(&places);
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/decision.json");
    let schema = jsonschema::validator_for(&serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap()).unwrap();
    assert!(records.iter().all(|record| schema.is_valid(record)), "{records:#?}");
    assert!(records.iter().all(|record| record.get("consumer").is_none_or(|consumer| consumer == "client")));
    // What clients are told holds nothing of the gateway's own key: what an upstream says is not passed on, but for what concerns the caller.
    upstream.then([failing("500 Internal Server Error"), failure("401 Unauthorized", "", UPSTREAM_KEY)]);
    for _ in 0..2 {
        let told = ask(gateway.data, &chat("hello")).await;
        assert!(!told.body.contains(UPSTREAM_KEY) && !told.body.contains(FAILURE), "{}", told.body);
    }
}

/// Where the gateway itself asks for secrets: the answers' errors hold them, and so do the requests'.
#[tokio::test]
async fn tokens_and_secrets_of_the_vault_are_written_nowhere() {
    let azure = Azure::start().await;
    azure.with(|state| {
        state.secrets.insert("vaulted".to_owned(), VAULTED.to_owned());
        state.life = 2;
    });
    let folder = tempfile::tempdir().unwrap();
    let config = super::azure::settings(&azure, folder.path());
    let account = |auth: &str| super::azure::policies(&azure, auth);
    let keyed = account("{apiKey: {secret: vaulted}}");
    let gateway = Gateway::dev_in(&keyed, &["--verbose", "--config", &config], &azure.environment()).await;
    assert_eq!(ask(gateway.data, &chat(PROMPT)).await.content(), "ok");
    assert_eq!(azure.last_call(), format!("api-key: {VAULTED}"));
    let digest = gateway.digest().await;
    gateway.write("gateway.yaml", &account("{managedIdentity: {}}"));
    gateway.until_other_than(&digest).await;
    assert_eq!(ask(gateway.data, &chat(PROMPT)).await.content(), "ok");
    assert!(azure.last_call().contains(MODEL_TOKEN));
    let digest = gateway.digest().await;
    gateway.write("gateway.yaml", &keyed);
    gateway.until_other_than(&digest).await;
    azure.with(|state| (state.issues, state.vault_answers) = (false, false));
    until_async("both failures show", || async {
        let status = gateway.status().await;
        let tokens = status["accessTokens"].as_array()?;
        (status["keyVault"]["trouble"].is_string() && tokens.iter().all(|token| token["trouble"].is_string())).then_some(())
    })
    .await;
    ask(gateway.data, &chat(PROMPT)).await;
    gateway.records(3).await;
    let mut places = vec![("the decision log".to_owned(), gateway.decisions()), ("the log".to_owned(), gateway.log())];
    for path in ["/metrics", "/status", "/readyz"] {
        places.push((path.to_owned(), gateway.get(path).await.body));
    }
    search(&places);
}

/// Calls to the admin plane that are refused, and told of.
async fn strangers(gateway: &Gateway) {
    let request = Request::post(format!("/{HEADER}?token={WRONG_KEY}"))
        .header("host", "localhost")
        .header("authorization", format!("Bearer {WRONG_KEY}"))
        .header("x-canary", HEADER)
        .body(Full::from(PROMPT))
        .unwrap();
    assert_eq!(Client::connect(gateway.admin).await.send(request).await.status, 404);
}

#[test]
fn secrets_get_into_no_bundle() {
    let workshop = Workshop::new();
    let policies = Policies::to(&["127.0.0.1:9".parse().unwrap()]);
    let sources = workshop.path("sources");
    fs::create_dir(&sources).unwrap();
    fs::write(sources.join("gateway.yaml"), policies.yaml()).unwrap();
    let out = workshop.path("b.aigw");
    let mut build = aigw();
    build.env("AIGW_SECRET_UPSTREAM", UPSTREAM_KEY).arg("build").arg(&sources).arg("-o").arg(&out);
    build.arg("--key").arg(workshop.path("release.key.pem")).args(["--channel", "prod"]);
    run(&mut build).expect(0);
    let extracted = workshop.path("extracted");
    run(aigw().arg("inspect").arg(&out).arg("--extract").arg(&extracted)).expect(0);
    let mut places = vec![("the bundle".to_owned(), String::from_utf8_lossy(&fs::read(&out).unwrap()).into_owned())];
    for name in ["program.json", "meta.json", "sources/gateway.yaml"] {
        places.push((name.to_owned(), fs::read_to_string(extracted.join(name)).unwrap()));
    }
    search(&places);
    let home = workshop.path("");
    for (place, text) in &places {
        assert!(!text.contains(home.to_str().unwrap().trim_end_matches('/')), "{place} names a folder of this machine");
    }
}

fn search(places: &[(String, String)]) {
    for (place, text) in places {
        assert!(!text.is_empty(), "{place} is empty");
        for canary in canaries() {
            assert!(!text.contains(canary), "{place} holds {canary}:\n{text}");
        }
    }
}
