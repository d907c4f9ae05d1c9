//! Azure in small: a metadata service, a key vault and an Azure OpenAI account at one address. The protocols' corners are tested where they are written
//! (`runtime/src/azure`, `runtime/src/secrets`); this one is for whole gateways. Its errors repeat what they were told, as careless servers do.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What the tokens begin with that are good for models.
pub(crate) const MODEL_TOKEN: &str = "canary-model-token-5be1";
/// And for the vault.
pub(crate) const VAULT_TOKEN: &str = "canary-vault-token-c07d";

/// The stand-in.
pub(crate) struct Azure {
    /// Where it is.
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
    accepting: JoinHandle<()>,
}

/// What it does.
pub(crate) struct State {
    /// Whether it gives out tokens.
    pub(crate) issues: bool,
    /// For how many seconds they are good.
    pub(crate) life: u64,
    /// Whether its vault answers.
    pub(crate) vault_answers: bool,
    /// What its models answer with; from 400 on with an error that repeats the credential.
    pub(crate) model_status: u16,
    /// What is in the vault.
    pub(crate) secrets: BTreeMap<String, String>,
    /// The credential of each call to a model, as `header: value`.
    pub(crate) calls: Vec<String>,
    issued: usize,
}

impl Azure {
    /// One where all is well, and the vault is empty.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = State {
            issues: true,
            life: 3_600,
            vault_answers: true,
            model_status: 200,
            secrets: BTreeMap::new(),
            calls: Vec::new(),
            issued: 0,
        };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        let accepting = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let state = Arc::clone(&shared);
                tokio::spawn(async move {
                    let service = service_fn(|request: Request<Incoming>| {
                        let answer = state.lock().unwrap().answer(&request);
                        async move { Ok::<_, Infallible>(answer) }
                    });
                    drop(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
                });
            }
        });
        Self { address, state, accepting }
    }

    /// Changes or reads what it does.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap())
    }

    /// The environment of a machine in it.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        vec![("AZURE_POD_IDENTITY_AUTHORITY_HOST", format!("http://{}", self.address))]
    }

    /// The credential of the last call to a model.
    pub(crate) fn last_call(&self) -> String {
        self.with(|state| state.calls.last().cloned().unwrap_or_default())
    }
}

impl Drop for Azure {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl State {
    fn answer(&mut self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
        if path == "/metadata/identity/oauth2/token" {
            return if header("metadata") == "true" {
                self.token(query)
            } else {
                whole(400, &json!({"error": "invalid_request"}))
            };
        }
        let authorization = header("authorization");
        if let Some(name) = path.strip_prefix("/secrets/") {
            return self.secret(name, &authorization);
        }
        let key = header("api-key");
        self.calls.push(if key.is_empty() { format!("authorization: {authorization}") } else { format!("api-key: {key}") });
        if self.model_status >= 400 {
            let message = format!("{} may not do this", self.calls.last().cloned().unwrap_or_default());
            return whole(self.model_status, &json!({"error": {"code": message, "message": message}}));
        }
        let message = json!({"role": "assistant", "content": "ok"});
        whole(
            200,
            &json!({
                "id": "1", "object": "chat.completion", "created": 0, "model": "m",
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
            }),
        )
    }

    fn token(&mut self, query: &str) -> Response<Full<Bytes>> {
        let token = if query.contains("resource=https%3A%2F%2Fvault.azure.net") { VAULT_TOKEN } else { MODEL_TOKEN };
        if !self.issues {
            return whole(400, &json!({"error": token, "error_description": format!("{token} is not assigned")}));
        }
        self.issued += 1;
        let token = format!("{token}-{}", self.issued);
        whole(200, &json!({"access_token": token, "expires_in": self.life.to_string(), "token_type": "Bearer"}))
    }

    fn secret(&self, name: &str, authorization: &str) -> Response<Full<Bytes>> {
        let value = self.secrets.get(name);
        if !self.vault_answers {
            let message = format!("{authorization} may not have {value:?} now");
            return whole(503, &json!({"error": {"code": value, "message": message}}));
        }
        if !authorization.starts_with(&format!("Bearer {VAULT_TOKEN}")) {
            return whole(401, &json!({"error": {"code": "Unauthorized", "message": authorization}}));
        }
        match value {
            Some(value) => whole(200, &json!({"value": value, "id": format!("https://x.vault.azure.net/secrets/{name}/1")})),
            None => whole(404, &json!({"error": {"code": "SecretNotFound", "message": authorization}})),
        }
    }
}

fn whole(status: u16, body: &Value) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(Bytes::from(body.to_string())));
    *answer.status_mut() = status.try_into().unwrap();
    answer.headers_mut().insert("content-type", "application/json".parse().unwrap());
    answer
}
