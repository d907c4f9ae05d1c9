//! One request in a world of its own, with everything that was decided: what `aigw eval` shows. Keys, world and answers are those of tests.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use aigw_core::{Peer, Record, Timestamp};
use aigw_engine::matcher::{Misfit, host, normal_path};
use aigw_engine::{Engine, Loaded, State};
use aigw_kinds::facts::{Facts, HeadFacts};
use aigw_kinds::{Evaluation, Program, RouteId};
use aigw_source::{Findings, Limits, Sources};
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request};

use crate::load;
use crate::script::{Playing, Script, render};
use crate::subject::Subject;
use crate::suite::{AnswerSpec, ChatAnswer, EmbeddingsAnswer, UsageSpec};
use crate::tokens;
use crate::world::{Answer, Client, Exchange, Sent, Sim, Unscripted, Upstream};
use crate::{certificates, keys};

/// What bundles are called that were never built.
const NO_BUNDLE: &str = "sha256:eval";

/// One request, and the world that it meets.
#[derive(Clone, Debug)]
pub struct Once {
    /// The request, its host among the headers.
    pub request: Request<Bytes>,
    /// Whose address it comes from.
    pub peer: IpAddr,
    /// Who asks, by a key or certificate that is made up and judged for real; `None` leaves the request as it stands.
    pub caller: Option<Caller>,
    /// When.
    pub at: Timestamp,
    /// Values of parameters; others keep their `test` values.
    pub params: BTreeMap<String, String>,
    /// What upstreams answer.
    pub answers: Answers,
}

/// A consumer's credential. It counts as long as the policies say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The consumer's name.
    pub consumer: String,
    /// The credential's id.
    pub credential: String,
}

/// What upstreams answer. By default each says that nothing was sent.
#[derive(Clone, Debug, Default)]
pub struct Answers(Option<Script>);

/// What came of a request, and what is needed to explain it.
#[derive(Debug)]
pub struct Shown {
    /// What came of it.
    pub exchange: Exchange,
    /// What each expression saw and gave, in order.
    pub evaluations: Vec<Evaluation>,
    /// The program that decided.
    pub loaded: Arc<Loaded>,
    subject: Subject,
    asked: Request<Bytes>,
}

/// A row of the match table, held against a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFit {
    /// The row's index.
    pub row: usize,
    /// What does not hold of it, but for its `when`.
    pub misfits: Vec<Misfit>,
    /// Its `when`, where that was asked: only of rows of which all else holds.
    pub when: Option<Evaluation>,
}

impl Answers {
    /// Reads a file that says what upstreams answer: a mapping as `upstream` of a test's case, every answer written out.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(path: &str, bytes: &[u8], program: &Arc<Program>, limits: &Limits) -> Result<Self, (Sources, Findings)> {
        load::answers(path, bytes, program, limits).map(|script| Self(Some(script)))
    }
}

/// Takes one request through the engine.
///
/// # Errors
/// Where the program cannot be loaded with these parameters.
pub fn once(program: &Arc<Program>, once: Once) -> Result<Shown, String> {
    let subject = Subject::watched(program);
    let loaded = subject.loaded(&once.params)?;
    let upstream: Arc<dyn Upstream> = match &once.answers.0 {
        Some(script) => Arc::new(Playing::new(Arc::clone(subject.program()), script)),
        None => Arc::new(Nobody),
    };
    let sim = Sim::new(once.at, 0, upstream);
    let engine = Engine::new(Arc::clone(&loaded), Arc::new(State::default()), sim.clone(), NO_BUNDLE.to_owned());
    let certificate = once.caller.as_ref().and_then(|caller| certificates::of(loaded.program(), caller));
    let token = once.caller.as_ref().and_then(|caller| tokens::of(&loaded, &once, caller));
    let request = match (&once.caller, token) {
        (Some(_), Some(token)) => asked_by(&loaded, &once, &token),
        (Some(caller), None) => asked_as(&loaded, &once, caller, certificate.is_some()),
        (None, _) => once.request.clone(),
    };
    // Looking for the route has evaluated what the engine will evaluate again.
    subject.take_seen();
    let peer = Peer { address: once.peer, certificate: certificate.map(Arc::new) };
    let client = Client { request: request.clone(), peer, leaves: None };
    let exchange = sim.exchange(&engine, vec![client]).pop().ok_or("the request was lost")?;
    Ok(Shown { exchange, evaluations: subject.take_seen(), loaded, subject, asked: request })
}

impl Shown {
    /// The decision record.
    pub fn record(&self) -> &Record {
        &self.exchange.record
    }

    /// The request as it was asked, with the key that was made up.
    pub fn asked(&self) -> &Request<Bytes> {
        &self.asked
    }

    /// Every row that leads to a route, in order of precedence, held against the request. Nothing where the request's path or host is none.
    pub fn rows(&self, route: RouteId) -> Vec<RowFit> {
        let (uri, headers) = (self.asked.uri(), self.asked.headers());
        let (Ok(path), Ok(host)) = (normal_path(uri.path()), host(uri, headers)) else { return Vec::new() };
        let Ok(ip) = self.record().ip.parse() else { return Vec::new() };
        let facts = Facts::new(HeadFacts {
            method: self.asked.method(),
            path: &path,
            host: host.as_deref(),
            query: uri.query(),
            headers,
            ip,
            now: self.record().time,
        });
        let rows = (0_u32..).zip(&self.loaded.program().matches).filter(|(_, row)| row.route == route);
        rows.map(|(index, row)| {
            let misfits = self.loaded.misfits(index, &facts);
            let when = row.when.filter(|_| misfits.is_empty()).and_then(|id| {
                // What it gives is told by the watch.
                let _ = self.loaded.expressions().holds(id, &facts);
                self.subject.take_seen().pop()
            });
            RowFit { row: usize::try_from(index).unwrap_or(usize::MAX), misfits, when }
        })
        .collect()
    }
}

/// The request without any credential.
fn stripped(loaded: &Loaded, once: &Once) -> Request<Bytes> {
    let mut request = once.request.clone();
    for name in loaded.program().authentications.iter().flat_map(|plan| &plan.api_key_headers) {
        request.headers_mut().remove(name.as_str());
    }
    if !loaded.program().issuers.is_empty() {
        request.headers_mut().remove(AUTHORIZATION);
    }
    request
}

/// The request with the caller's token.
fn asked_by(loaded: &Loaded, once: &Once, token: &str) -> Request<Bytes> {
    let mut request = stripped(loaded, once);
    if let Ok(value) = HeaderValue::from_str(&format!("Bearer {token}")) {
        request.headers_mut().insert(AUTHORIZATION, value);
    }
    request
}

/// The request with the caller's key, and no other, in the header that its route reads first; with none where the connection says who calls.
fn asked_as(loaded: &Loaded, once: &Once, caller: &Caller, by_connection: bool) -> Request<Bytes> {
    let mut request = stripped(loaded, once);
    if by_connection {
        return request;
    }
    let (uri, headers) = (request.uri(), request.headers());
    let (path, host) = (normal_path(uri.path()), host(uri, headers));
    let head = HeadFacts {
        method: request.method(),
        path: path.as_deref().unwrap_or(uri.path()),
        host: host.as_ref().ok().and_then(Option::as_deref),
        query: uri.query(),
        headers,
        ip: once.peer,
        now: once.at,
    };
    let name = keys::read_first(loaded, head).unwrap_or(AUTHORIZATION);
    let key = keys::made_up(&caller.consumer, &caller.credential);
    let value = if name == AUTHORIZATION { format!("Bearer {key}") } else { key };
    if let Ok(value) = HeaderValue::from_str(&value) {
        request.headers_mut().insert(name, value);
    }
    request
}

/// Whom every call reaches where nobody says what upstreams answer.
struct Nobody;

impl Upstream for Nobody {
    fn answer(&self, call: &Sent) -> Result<Answer, Unscripted> {
        let usage = Some(UsageSpec { input: 0, output: 0, cached: None, reasoning: None });
        let path = call.uri.path();
        let spec = if path.ends_with("/chat/completions") {
            let chat = ChatAnswer { text: "(nothing was sent)".to_owned(), usage, ..ChatAnswer::default() };
            AnswerSpec { chat: Some(chat), ..AnswerSpec::default() }
        } else if path.ends_with("/embeddings") {
            AnswerSpec { embeddings: Some(EmbeddingsAnswer { vectors: vec![vec![0.0]], usage }), ..AnswerSpec::default() }
        } else {
            AnswerSpec { text: Some("(nothing was sent)".to_owned()), ..AnswerSpec::default() }
        };
        render::answer(&spec, call).map_err(Unscripted)
    }
}
