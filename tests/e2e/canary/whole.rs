//! One gateway with every kind of secret at once, from a bundle, over TLS, telling all that it can: whatever happens to it, none of them is found in any
//! form in anything that it, or a verb, writes.

use std::fs;

use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

use super::forms::Canary;
use super::{FAILURE, HEADER, PROMPT, REPLY, VAULTED, WRONG_KEY, failing};
use crate::support::azure::{Azure, MODEL_TOKEN, VAULT_TOKEN};
use crate::support::bundles::Workshop;
use crate::support::client::{Answer, Client, chat, send_http2, streaming};
use crate::support::gateway::Gateway;
use crate::support::policies::{KEY, Policies, UPSTREAM_KEY};
use crate::support::tls::Certificate;
use crate::support::upstream::{Step, Upstream, completion, event, head, streamed, text_chunk};
use crate::support::{aigw, issuer, run, until_async};

/// The token of the admin plane.
const ADMIN: &str = "canary-admin-token-4b9d";
/// One that is not.
const WRONG_ADMIN: &str = "canary-admin-wrong-11c0";
/// Who the bearer of the token is.
const SUBJECT: &str = "canary-subject-6ad7";

const MORE: &str = include_str!("more.yaml");

/// What must have come back, for the paths to be what they are meant to be.
const CODES: &[&str] = &[
    "200",
    "400 invalid_json",
    "400 duplicate_member",
    "400 attack_signature",
    "401 missing_credentials",
    "401 invalid_api_key",
    "401 token_invalid",
    "401 token_expired",
    "401 token_undeclared",
    "403 not_authorized",
    "404 model_not_found",
    "413 body_too_large",
    "415 unsupported_media_type",
    "429 rate_limited",
    "502 upstream_auth_failed",
    "502 upstream_error",
    "503 no_target",
];

/// The gateway, and what clients were told by it.
struct Stage {
    gateway: Gateway,
    certificate: Certificate,
    token: String,
    told: String,
    codes: Vec<String>,
}

impl Stage {
    /// A chat with that body, in both protocols; `headers` over those of every request.
    async fn send(&mut self, bearer: &str, headers: &[(&str, &str)], body: &str) {
        for protocol in ["http/1.1", "h2"] {
            self.send_by(protocol, "/v1/chat/completions", bearer, headers, body).await;
        }
    }

    async fn send_by(&mut self, protocol: &str, path: &str, bearer: &str, headers: &[(&str, &str)], body: &str) {
        let path = format!("{path}?q={HEADER}&token={}", self.token);
        let uri = if protocol == "h2" { format!("https://localhost{path}") } else { path };
        let mut request = Request::post(uri).body(Full::from(body.to_owned())).unwrap();
        let bearer = format!("Bearer {bearer}");
        let usual = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
            ("x-canary", HEADER),
            ("user-agent", HEADER),
        ];
        for (name, value) in usual.iter().chain(headers) {
            let name: http::HeaderName = name.parse().unwrap();
            match *value {
                "" => drop(request.headers_mut().remove(name)),
                value => drop(request.headers_mut().insert(name, value.parse().unwrap())),
            }
        }
        let stream = self.certificate.connect(self.gateway.data, protocol).await;
        let answer = if protocol == "h2" {
            send_http2(stream, request).await
        } else {
            request.headers_mut().insert("host", "localhost".parse().unwrap());
            Client::over(self.gateway.data, stream).await.send(request).await
        };
        let code = if answer.body.starts_with('{') { answer.code() } else { answer.status.as_u16().to_string() };
        self.codes.push(code);
        self.told += &format!("{:?}\n{}\n", answer.headers, answer.body);
    }

    /// Something of the admin plane.
    async fn admin(&mut self, method: &str, path: &str, token: &str) -> Answer {
        let request = Request::builder().method(method).uri(path).header("host", "localhost");
        let request = request.header("authorization", format!("Bearer {token}")).body(Full::default()).unwrap();
        let answer = Client::connect(self.gateway.admin).await.send(request).await;
        self.told += &format!("{:?}\n{}\n", answer.headers, answer.body);
        answer
    }

    /// Waits until `/status` is as it should be.
    async fn until_status(&self, what: &str, is: impl Fn(&Value) -> bool) {
        until_async(what, || async { is(&status_of(self.gateway.admin).await).then_some(()) }).await;
    }
}

fn by_model(model: &str) -> String {
    let mut body = chat(PROMPT);
    body["model"] = Value::from(model);
    body.to_string()
}

/// Callers who may, and upstreams that answer, well and badly.
async fn served(stage: &mut Stage, upstream: &Upstream, azure: &Azure) {
    let token = stage.token.clone();
    upstream.then((0..2).flat_map(|_| [completion(REPLY)]));
    stage.send(KEY, &[], &chat(PROMPT).to_string()).await;
    upstream.then((0..2).flat_map(|_| [streamed(&[REPLY])]));
    stage.send(&token, &[], &streaming(PROMPT).to_string()).await;
    for model in ["by-identity", "by-vault"] {
        for status in [200, 400, 401, 500] {
            azure.with(|state| state.model_status = status);
            stage.send(&token, &[("x-to", "azure")], &by_model(model)).await;
        }
    }
    assert!(azure.with(|state| state.calls.iter().any(|call| call.contains(MODEL_TOKEN))));
    assert!(azure.with(|state| state.calls.iter().any(|call| call.contains(VAULTED))));
    azure.with(|state| state.model_status = 200);
    let in_band =
        json!({"error": {"message": format!("{FAILURE} {UPSTREAM_KEY}"), "type": "x", "code": UPSTREAM_KEY}}).to_string();
    for end in [vec![Step::Close], vec![event(&in_band), Step::Hang], vec![event(&format!("{{\"{UPSTREAM_KEY}")), Step::Hang]] {
        upstream.then((0..2).map(|_| [vec![head(), text_chunk(REPLY)], end.clone()].concat()));
        stage.send(KEY, &[], &streaming(PROMPT).to_string()).await;
    }
    for status in ["400 Bad Request", "401 Unauthorized", "404 Not Found", "429 Too Many Requests", "500 Internal Server Error"] {
        upstream.then((0..2).map(|_| failing(status)));
        stage.send(KEY, &[], &chat(PROMPT).to_string()).await;
    }
    upstream.then((0..2).map(|_| vec![Step::Send(format!("{UPSTREAM_KEY}\r\n\r\n")), Step::Close]));
    stage.send(KEY, &[], &chat(PROMPT).to_string()).await;
}

/// Callers who may not.
async fn refused(stage: &mut Stage, issuer: std::net::SocketAddr) {
    let whole = chat(PROMPT).to_string();
    let judged = [("x-to", "judged")];
    let forged = format!("{}AAAA", stage.token.split_at(stage.token.len() - 4).0);
    let claims = |more: Value| issuer::token(issuer, &more);
    let expired = claims(json!({"azp": "app", "sub": SUBJECT, "exp": 1_000}));
    let unknown = claims(json!({"azp": SUBJECT, "sub": SUBJECT}));
    let weak = claims(json!({"azp": "weak", "sub": SUBJECT}));
    for bearer in [WRONG_KEY, &forged, &expired, &unknown, &weak] {
        stage.send(bearer, &[], &whole).await;
    }
    stage.send("", &[("authorization", "")], &whole).await;
    for body in [whole.replace("\"messages\"", "\"messages\":1,\"messages\""), format!("{{\"{PROMPT}"), by_model(PROMPT)] {
        stage.send(KEY, &[], &body).await;
    }
    stage.send(KEY, &[judged[0], ("content-type", "text/plain")], &whole).await;
    stage.send(KEY, &judged, &chat(&PROMPT.repeat(200)).to_string()).await;
    stage.send(KEY, &[judged[0], ("x-canary", &format!("1' UNION SELECT {WRONG_KEY} FROM users -- "))], &whole).await;
    stage.send(KEY, &[("x-to", "limited")], &whole).await;
    for path in ["/v1/embeddings", "/nowhere"] {
        stage.send_by("http/1.1", path, KEY, &[], &whole).await;
    }
    for (method, path) in [("GET", "/status"), ("POST", "/v1/reload"), ("GET", "/metrics")] {
        assert_eq!(stage.admin(method, path, WRONG_ADMIN).await.status, 401);
    }
    stage.admin("GET", &format!("/{ADMIN}?token={ADMIN}"), ADMIN).await;
}

/// New policies, bad ones, a bad certificate, and an Azure that is away.
async fn changed(stage: &mut Stage, workshop: &Workshop, policies: &mut Policies, azure: &Azure) {
    policies.house = "You help a lot.".to_owned();
    workshop.build("new.aigw", policies, &["--sequence", "2"]);
    workshop.put("b.aigw", &workshop.bytes("new.aigw"));
    stage.admin("POST", "/v1/reload", ADMIN).await;
    stage.until_status("the new bundle is active", |status| status["bundle"]["sequence"] == 2).await;
    let mut altered = workshop.bytes("new.aigw");
    altered.truncate(altered.len() - 40);
    for bad in [altered, format!("{PROMPT} {UPSTREAM_KEY} {ADMIN}").into_bytes()] {
        workshop.put("b.aigw", &bad);
        stage.admin("POST", "/v1/reload", ADMIN).await;
        stage.until_status("the bad bundle is refused", |status| status["activations"][0]["reason"].is_string()).await;
    }
    let key = fs::read_to_string(&stage.certificate.key).unwrap();
    fs::write(&stage.certificate.key, key.replace("-----END", "-----NO")).unwrap();
    stage.until_status("the bad key is told of", |status| status["tlsFiles"].to_string().contains("\"error\":\"")).await;
    azure.with(|state| (state.issues, state.vault_answers) = (false, false));
    stage
        .until_status("Azure's trouble is told of", |status| {
            let tokens = status["accessTokens"].as_array().unwrap();
            status["keyVault"]["trouble"].is_string() && tokens.iter().all(|token| token["trouble"].is_string())
        })
        .await;
    stage
        .until_status("the identity's endpoint is out of service", |status| {
            status["bundle"]["tokensMissing"] == json!(["aoai/identity"])
        })
        .await;
    stage.send(KEY, &[("x-to", "azure")], &by_model("by-identity")).await;
}

async fn status_of(admin: std::net::SocketAddr) -> Value {
    let request = Request::get("/status").header("host", "localhost").header("authorization", format!("Bearer {ADMIN}"));
    Client::connect(admin).await.send(request.body(Full::default()).unwrap()).await.json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_of_any_kind_is_written_anywhere() {
    let (upstream, azure, issuer) = (Upstream::start().await, Azure::start().await, issuer::start().await);
    azure.with(|state| {
        state.secrets.insert("vaulted".to_owned(), VAULTED.to_owned());
        state.life = 4;
    });
    let mut policies = Policies::to(&[upstream.address]);
    policies.methods += &format!(", jwt: [{{{}}}]", issuer::method(issuer));
    policies.more = MORE.replace("AZURE", &azure.address.to_string());
    let workshop = Workshop::new();
    workshop.build("b.aigw", &policies, &["--sequence", "1"]);
    let folder = tempfile::tempdir().unwrap();
    let (trail, admin) = (folder.path().join("audit.jsonl"), folder.path().join("admin"));
    fs::write(&admin, ADMIN).unwrap();
    let certificate = Certificate::new(folder.path());
    let text = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    let (config, audit) = (super::super::azure::settings(&azure, folder.path()), format!("file:{}", trail.display()));
    let (admin, cert, key) = (text(&admin), text(&certificate.cert), text(&certificate.key));
    let more = [
        "--verbose",
        "--config",
        &config,
        "--audit",
        &audit,
        "--admin-token-file",
        &admin,
        "--tls-cert",
        &cert,
        "--tls-key",
        &key,
    ];
    let mut environment = azure.environment();
    environment.push(("RUST_LOG", "trace".to_owned()));
    let gateway = Gateway::serve_in(workshop.serve("b.aigw", &more), &environment).await;
    let token = issuer::token(issuer, &json!({"azp": "app", "sub": SUBJECT}));
    let private = certificate.secret.clone();
    let mut stage = Stage { gateway, certificate, token, told: String::new(), codes: Vec::new() };
    stage.until_status("the issuer's keys came", |status| status["bundle"]["issuers"][0]["keys"] == 1).await;

    served(&mut stage, &upstream, &azure).await;
    refused(&mut stage, issuer).await;
    changed(&mut stage, &workshop, &mut policies, &azure).await;
    for expected in CODES {
        assert!(stage.codes.iter().any(|code| code == expected), "{expected} is not among {:?}", stage.codes);
    }

    let mut places = Vec::new();
    for path in ["/status", "/metrics", "/readyz", "/livez"] {
        places.push((path.to_owned(), stage.admin("GET", path, ADMIN).await.body.into_bytes()));
    }
    for verb in [&["status"][..], &["reload", "--wait"]] {
        let ran =
            run(aigw().args(verb).args(["--verbose", "--admin", &stage.gateway.admin.to_string(), "--admin-token-file", &admin]));
        places.push((format!("aigw {verb:?}"), [ran.out, ran.err].concat().into_bytes()));
    }
    stage.gateway.records(stage.codes.len()).await;
    stage.gateway.terminate();
    stage.gateway.ended().await;
    let log = stage.gateway.log();
    assert!(log.contains("TRACE"), "the log does not tell everything");
    places.push(("the log".to_owned(), log.into_bytes()));
    places.push(("the decision log".to_owned(), stage.gateway.decisions().into_bytes()));
    places.push(("the audit trail".to_owned(), fs::read(&trail).unwrap()));
    places.extend(bundle(&workshop));

    let claims = stage.token.split('.').nth(1).unwrap().to_owned();
    let signature = stage.token.rsplit('.').next().unwrap().to_owned();
    let release = fs::read_to_string(workshop.path("release.key.pem")).unwrap();
    let release: String = release.lines().filter(|line| !line.starts_with("--")).collect();
    let credentials = [
        ("the API key", KEY),
        ("an unknown key", WRONG_KEY),
        ("the token's claims", &claims),
        ("the token's subject", SUBJECT),
        ("the token's signature", &signature),
        ("the provider's key", UPSTREAM_KEY),
        ("the admin token", ADMIN),
        ("a wrong admin token", WRONG_ADMIN),
        ("the vault's secret", VAULTED),
        ("the identity's token", MODEL_TOKEN),
        ("the vault's token", VAULT_TOKEN),
        ("the key of the bundle", &release),
    ];
    let mut canaries: Vec<Canary> = credentials.iter().map(|(name, value)| Canary::new(name, value.as_bytes())).collect();
    // The number itself, whose place in the PKCS #8 of this curve is always the same; what else is there is public. Parts of it, too.
    canaries.extend(private[36..68].chunks_exact(16).map(|part| Canary::new("the private key", part)));
    // Clients are told what models say, and what they wrote themselves.
    let mut found: Vec<String> = search("what clients were told", stage.told.as_bytes(), &canaries);
    let said = [("a prompt", PROMPT), ("an answer", REPLY), ("an upstream's error", FAILURE), ("a header", HEADER)];
    canaries.extend(said.map(|(name, value)| Canary::new(name, value.as_bytes())));
    for (place, text) in &places {
        assert!(!text.is_empty(), "{place} is empty");
        found.extend(search(place, text, &canaries));
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// The bundle, what `inspect` says of it, and all that it holds.
fn bundle(workshop: &Workshop) -> Vec<(String, Vec<u8>)> {
    let (file, extracted) = (workshop.path("new.aigw"), workshop.path("extracted"));
    let shown = run(aigw().arg("inspect").arg(&file));
    let mut places =
        vec![("the bundle".to_owned(), fs::read(&file).unwrap()), ("aigw inspect".to_owned(), shown.expect(0).into_bytes())];
    run(aigw().arg("inspect").arg(&file).arg("--extract").arg(&extracted)).expect(0);
    for name in ["program.json", "meta.json", "sources/gateway.yaml"] {
        places.push((name.to_owned(), fs::read(extracted.join(name)).unwrap()));
    }
    places
}

fn search(place: &str, text: &[u8], canaries: &[Canary]) -> Vec<String> {
    canaries.iter().filter_map(|canary| canary.found(text)).map(|found| format!("{place} holds {found}")).collect()
}
