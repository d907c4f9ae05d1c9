//! A server that speaks the wire protocols of Azure's metadata service, App Service hosts, Entra ID and Key Vault, and refuses what they would.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::tasks::Task;

/// What the host's endpoint must be told.
pub(crate) const HOST_HEADER: &str = "canary-host-header";
/// What the cluster vouches with.
pub(crate) const ASSERTION: &str = "canary.cluster+token/=";
/// What vaults' tokens are good for.
pub(crate) const VAULT: &str = "https://vault.azure.net";

/// The server.
pub(crate) struct StandIn {
    pub(crate) address: SocketAddr,
    pub(crate) world: Arc<World>,
    _accepting: Task,
}

/// What it knows and does.
pub(crate) struct World {
    pub(crate) state: Mutex<State>,
}

pub(crate) struct State {
    /// `METHOD path?query` of every request.
    pub(crate) seen: Vec<String>,
    /// Tokens given out, with what each is good for.
    tokens: BTreeMap<String, String>,
    /// Seconds for which tokens are good.
    pub(crate) life: u64,
    /// The status that issuers answer with; 200 where all is well.
    pub(crate) issuer: u16,
    /// The status that the vault answers with.
    pub(crate) vault: u16,
    /// `retry-after` of those that are not 200.
    pub(crate) retry_after: Option<u64>,
    pub(crate) secrets: BTreeMap<String, String>,
    pub(crate) disabled: BTreeSet<String>,
    pub(crate) forbidden: BTreeSet<String>,
}

impl StandIn {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = State {
            seen: Vec::new(),
            tokens: BTreeMap::new(),
            life: 3_600,
            issuer: 200,
            vault: 200,
            retry_after: None,
            secrets: BTreeMap::new(),
            disabled: BTreeSet::new(),
            forbidden: BTreeSet::new(),
        };
        let world = Arc::new(World { state: Mutex::new(state) });
        let served = Arc::clone(&world);
        let accepting = Task::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let world = Arc::clone(&served);
                tokio::spawn(async move {
                    let service = service_fn(move |request| {
                        let world = Arc::clone(&world);
                        async move { Ok::<_, std::convert::Infallible>(world.answer(request).await) }
                    });
                    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { address, world, _accepting: accepting }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.world.state.lock().unwrap());
    }

    /// Requests whose line begins so.
    pub(crate) fn count(&self, beginning: &str) -> usize {
        self.world.state.lock().unwrap().seen.iter().filter(|line| line.starts_with(beginning)).count()
    }
}

impl World {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        let header = |name: &str| head.headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        let query = pairs(head.uri.query().unwrap_or_default());
        let mut state = self.state.lock().unwrap();
        state.seen.push(format!("{} {}", head.method, head.uri));
        match head.uri.path() {
            "/metadata/identity/oauth2/token" => {
                if head.method != Method::GET || header("metadata") != "true" || !said(&query, "api-version", "2018-02-01") {
                    return refusal(400, "invalid_request", "Required metadata header not specified");
                }
                state.machine(&query)
            }
            "/msi/token" => {
                if header("x-identity-header") != HOST_HEADER || !said(&query, "api-version", "2019-08-01") {
                    return refusal(401, "invalid_header", &format!("not {HOST_HEADER}"));
                }
                state.host(&query)
            }
            "/tenant-1/oauth2/v2.0/token" => {
                let form = header("content-type") == "application/x-www-form-urlencoded";
                if head.method != Method::POST || !form {
                    refusal(400, "invalid_request", "AADSTS900144: no form")
                } else {
                    state.exchange(&pairs(&body))
                }
            }
            path => match path.strip_prefix("/secrets/") {
                Some(name) => state.secret(name, &header("authorization"), &query),
                None => refusal(404, "not_found", ""),
            },
        }
    }
}

impl State {
    /// Numbers as text, and when it ends beside for how long it is good.
    fn machine(&mut self, query: &BTreeMap<String, String>) -> Response<Full<Bytes>> {
        if self.issuer != 200 {
            return self.unwell(self.issuer);
        }
        let Some((resource, token)) = self.grant(query) else {
            return refusal(400, "invalid_request", "Identity not found");
        };
        let life = self.life.to_string();
        plain(
            200,
            &json!({
                "access_token": token, "client_id": "c", "expires_in": life, "expires_on": (now() + self.life).to_string(),
                "ext_expires_in": life, "not_before": now().to_string(), "resource": resource, "token_type": "Bearer",
            }),
        )
    }

    /// Only when it ends, as text.
    fn host(&mut self, query: &BTreeMap<String, String>) -> Response<Full<Bytes>> {
        if self.issuer != 200 {
            return self.unwell(self.issuer);
        }
        let Some((resource, token)) = self.grant(query) else {
            return refusal(400, "invalid_request", "");
        };
        plain(
            200,
            &json!({
                "access_token": token, "expires_on": (now() + self.life).to_string(), "resource": resource, "token_type": "Bearer", "client_id": "c",
            }),
        )
    }

    /// Numbers, and a scope in place of a resource.
    fn exchange(&mut self, form: &BTreeMap<String, String>) -> Response<Full<Bytes>> {
        if self.issuer != 200 {
            return self.unwell(self.issuer);
        }
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let sound = said(form, "grant_type", "client_credentials")
            && said(form, "client_assertion_type", kind)
            && form.contains_key("client_id");
        let resource = form.get("scope").and_then(|scope| scope.strip_suffix("/.default"));
        let (true, true, Some(resource)) = (sound, said(form, "client_assertion", ASSERTION), resource) else {
            return refusal(
                401,
                "invalid_client",
                &format!("AADSTS700024: Client assertion {ASSERTION} is not within its valid time range."),
            );
        };
        let query = [("resource".to_owned(), resource.to_owned()), ("client_id".to_owned(), form["client_id"].clone())].into();
        let (_, token) = self.grant(&query).unwrap();
        plain(200, &json!({"token_type": "Bearer", "expires_in": self.life, "ext_expires_in": self.life, "access_token": token}))
    }

    fn grant(&mut self, query: &BTreeMap<String, String>) -> Option<(String, String)> {
        let resource = query.get("resource")?.clone();
        let client = query.get("client_id").map_or("own", String::as_str);
        let token = format!("canary-token-{}-{client}", self.tokens.len());
        self.tokens.insert(token.clone(), resource.clone());
        Some((resource, token))
    }

    fn secret(&self, name: &str, authorization: &str, query: &BTreeMap<String, String>) -> Response<Full<Bytes>> {
        if self.vault != 200 {
            return self.unwell(self.vault);
        }
        let token = authorization.strip_prefix("Bearer ").unwrap_or_default();
        if self.tokens.get(token).map(String::as_str) != Some(VAULT) {
            return fault(401, "Unauthorized", None);
        }
        if !said(query, "api-version", "7.4") {
            return fault(400, "BadParameter", None);
        }
        if self.forbidden.contains(name) {
            return fault(403, "Forbidden", Some("ForbiddenByRbac"));
        }
        if self.disabled.contains(name) {
            return fault(403, "Forbidden", Some("SecretDisabled"));
        }
        match self.secrets.get(name) {
            Some(value) => plain(
                200,
                &json!({
                    "value": value, "id": format!("https://x.vault.azure.net/secrets/{name}/0123456789abcdef"),
                    "attributes": {"enabled": true, "created": 1, "updated": 1, "recoveryLevel": "Recoverable+Purgeable"},
                }),
            ),
            None => fault(404, "SecretNotFound", None),
        }
    }

    fn unwell(&self, status: u16) -> Response<Full<Bytes>> {
        // A careless server tells what it was told.
        let mut answer = fault(status, "Throttled", None);
        if let Some(seconds) = self.retry_after {
            answer.headers_mut().insert("retry-after", seconds.to_string().parse().unwrap());
        }
        answer
    }
}

fn refusal(status: u16, error: &str, description: &str) -> Response<Full<Bytes>> {
    plain(status, &json!({"error": error, "error_description": description}))
}

fn fault(status: u16, code: &str, inner: Option<&str>) -> Response<Full<Bytes>> {
    let mut error = json!({"code": code, "message": "a message with canary-token-0 in it"});
    if let Some(inner) = inner {
        error["innererror"] = json!({"code": inner});
    }
    plain(status, &json!({"error": error}))
}

fn plain(status: u16, body: &Value) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(Bytes::from(body.to_string())));
    *answer.status_mut() = status.try_into().unwrap();
    answer
}

fn said(pairs: &BTreeMap<String, String>, name: &str, value: &str) -> bool {
    pairs.get(name).is_some_and(|own| own == value)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn pairs(text: &str) -> BTreeMap<String, String> {
    text.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (name.to_owned(), decoded(value))).collect()
}

/// A `+` is a space in a form: whoever means one must write it as `%2B`.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            b'+' => b' ',
            byte => byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}
