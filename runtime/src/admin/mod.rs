//! The admin plane, on an address of its own: health, status, metrics, reloads. It shows names and numbers, never a secret or anything of a request.

pub mod client;
mod status;
mod token;

use std::net::IpAddr;
use std::sync::Arc;

use aigw_core::{ErrorCode, Peer};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HOST, ORIGIN, WWW_AUTHENTICATE};
use http::uri::Authority;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

pub use crate::tls::TlsFileStatus;
pub use status::{
    AccessTokenStatus, AuditStatus, BundleStatus, ConnectionStatus, CredentialStatus, KeyVaultStatus, Readiness, Status,
    VaultSecretStatus,
};
pub(crate) use token::Token;

use crate::audit::{AdminAuth, AdminCall, AdminOutcome, AuditEvent, Trigger};
use crate::metrics::Text;
use crate::process::Process;
use crate::reload::ActivationResult;
use crate::serve::{Bounds, Handler};

/// Most connections to the admin plane: scrapers, probes, people.
const MAX_CONNECTIONS: u32 = 64;
/// What a client that does not wait for the outcome says in `Prefer` (RFC 7240, section 4.1).
const RESPOND_ASYNC: &str = "respond-async";

/// Answers on the admin address.
#[derive(Clone)]
pub(crate) struct Admin {
    pub(crate) process: Arc<Process>,
    /// Demanded of everyone who asks for more than health.
    pub(crate) token: Option<Arc<Token>>,
    pub(crate) reloads: mpsc::Sender<crate::reload::Request>,
}

/// Paths that the admin plane has, as the audit trail names them: what callers call others is not its to keep.
const PATHS: [&str; 5] = ["/livez", "/readyz", "/status", "/metrics", "/v1/reload"];

impl Handler for Admin {
    type Body = Full<Bytes>;

    fn bounds(&self) -> Bounds {
        Bounds { connections: MAX_CONNECTIONS, ..Bounds::default() }
    }

    async fn handle(&self, request: Request<&mut Incoming>, peer: Peer) -> Response<Full<Bytes>> {
        match self.answer(&request, &peer).await {
            Ok(answer) => answer,
            Err(refused) => {
                let call = audited(&request, &peer, refused.auth, Some(refused.code));
                let process = Arc::clone(&self.process);
                crate::tasks::blocking(move || process.audit.refused(call)).await;
                refused.answer()
            }
        }
    }

    fn refusal(&self, code: ErrorCode) -> (StatusCode, String) {
        (StatusCode::SERVICE_UNAVAILABLE, json!({"error": code.as_str()}).to_string())
    }
}

/// A call that is not carried out.
struct RefusedCall {
    auth: AdminAuth,
    status: StatusCode,
    code: &'static str,
}

impl RefusedCall {
    fn answer(&self) -> Response<Full<Bytes>> {
        let mut answer = fault(self.status, self.code);
        if self.status == StatusCode::UNAUTHORIZED {
            answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        answer
    }
}

impl Admin {
    async fn answer(&self, request: &Request<&mut Incoming>, peer: &Peer) -> Result<Response<Full<Bytes>>, RefusedCall> {
        let (method, path) = (request.method(), request.uri().path());
        let strict =
            request.uri().query().is_some_and(|query| query.split('&').any(|part| part == "strict" || part == "strict=true"));
        let auth = if self.token.is_some() { AdminAuth::Token } else { AdminAuth::Loopback };
        let refused = |auth, status, code| Err(RefusedCall { auth, status, code });
        Ok(match (method, path) {
            (&Method::GET | &Method::HEAD, "/livez") => json_answer(StatusCode::OK, &json!({"live": true})),
            (&Method::GET | &Method::HEAD, "/readyz") => self.readiness(strict),
            _ if !self.admits(request) => return refused(AdminAuth::None, StatusCode::UNAUTHORIZED, "token_required"),
            _ if self.token.is_none() && is_of_a_page(request) => {
                return refused(AdminAuth::None, StatusCode::FORBIDDEN, "not_for_browsers");
            }
            (&Method::GET, "/status") => json_answer(StatusCode::OK, &Status::of(&self.process)),
            (&Method::GET, "/metrics") => self.metrics(),
            (&Method::POST, "/v1/reload") => {
                let call = audited(request, peer, auth, None);
                // What cannot be told of does not happen.
                if self.tell(call).await { self.reload(only_asks(request)).await } else { audit_unavailable() }
            }
            _ if PATHS.contains(&path) => return refused(auth, StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            _ => return refused(auth, StatusCode::NOT_FOUND, "not_found"),
        })
    }

    /// Whether the audit trail took a call that will change something.
    async fn tell(&self, call: AdminCall) -> bool {
        let process = Arc::clone(&self.process);
        crate::tasks::blocking(move || process.audit.write(AuditEvent::AdminCall(call)).is_ok()).await.unwrap_or(false)
    }

    fn admits(&self, request: &Request<&mut Incoming>) -> bool {
        self.token.as_ref().is_none_or(|token| token.admits(request.headers().get(AUTHORIZATION)))
    }

    fn readiness(&self, strict: bool) -> Response<Full<Bytes>> {
        let readiness = Readiness::of(&self.process, strict);
        let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        json_answer(status, &readiness)
    }

    fn metrics(&self) -> Response<Full<Bytes>> {
        let mut text = Text::default();
        status::metrics(&self.process, &mut text);
        answer(StatusCode::OK, Text::CONTENT_TYPE, text.finish())
    }

    async fn reload(&self, only_asked: bool) -> Response<Full<Bytes>> {
        let (reply, record) = oneshot::channel();
        if self.reloads.send(crate::reload::Request { trigger: Trigger::Call, reply }).await.is_err() {
            return fault(StatusCode::SERVICE_UNAVAILABLE, "draining");
        }
        if only_asked {
            return json_answer(StatusCode::ACCEPTED, &json!({"asked": true}));
        }
        match record.await {
            Ok(record) => {
                let well = matches!(record.result, ActivationResult::Activated | ActivationResult::Unchanged);
                json_answer(if well { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &record)
            }
            Err(_) => fault(StatusCode::SERVICE_UNAVAILABLE, "draining"),
        }
    }
}

/// Whether the client does not wait for the outcome.
fn only_asks(request: &Request<&mut Incoming>) -> bool {
    request.headers().get("prefer").is_some_and(|prefer| prefer == RESPOND_ASYNC)
}

/// A page in a browser on this machine can ask too, but not without saying so: by its origin, or by the name that it made point here.
fn is_of_a_page(request: &Request<&mut Incoming>) -> bool {
    let host =
        request.headers().get(HOST).and_then(|host| host.to_str().ok()).or(request.uri().authority().map(|own| own.as_str()));
    let authority: Option<Authority> = host.and_then(|host| host.parse().ok());
    let host = authority.as_ref().map(|authority| authority.host().trim_matches(['[', ']']));
    let here = host.is_some_and(|host| host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok());
    !here || request.headers().contains_key(ORIGIN)
}

/// A call as the audit trail keeps it; refused where there is a code.
fn audited(request: &Request<&mut Incoming>, peer: &Peer, auth: AdminAuth, code: Option<&str>) -> AdminCall {
    let path = PATHS.iter().find(|path| **path == request.uri().path());
    let method = request.method();
    let is_known =
        [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS].contains(method);
    AdminCall {
        peer: peer.address.to_string(),
        method: if is_known { method.to_string() } else { OTHER.to_owned() },
        path: path.map_or(OTHER, |path| *path).to_owned(),
        auth,
        outcome: if code.is_some() { AdminOutcome::Refused } else { AdminOutcome::Accepted },
        code: code.map(str::to_owned),
    }
}

/// A method or path that the admin plane does not have.
const OTHER: &str = "other";

fn audit_unavailable() -> Response<Full<Bytes>> {
    fault(StatusCode::SERVICE_UNAVAILABLE, "audit_unavailable")
}

fn fault(status: StatusCode, code: &str) -> Response<Full<Bytes>> {
    json_answer(status, &json!({"error": code}))
}

fn json_answer(status: StatusCode, value: &impl serde::Serialize) -> Response<Full<Bytes>> {
    let value = serde_json::to_value(value).unwrap_or(Value::Null);
    answer(status, "application/json", format!("{value:#}\n"))
}

fn answer(status: StatusCode, content_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
