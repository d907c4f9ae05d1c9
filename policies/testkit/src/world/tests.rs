#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod clock;
mod faults;
mod leaving;
mod limits;
mod stuck;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use aigw_core::{Millis, Timestamp};
use aigw_engine::{Engine, Loaded, State};
use aigw_kinds::ParameterValues;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::*;

/// One open route to one model at two endpoints: `a` (key 0), and where that fails `b` (key 1).
const POLICIES: &str = "
apiVersion: aigw.dev/v1
kind: Gateway
metadata: {name: sim}
spec: {bounds: {requestTime: 2m}}
---
apiVersion: aigw.dev/v1
kind: Provider
metadata: {name: p}
spec:
  type: openai-compatible
  endpoints:
    a: {url: 'https://a.example/v1', auth: {apiKey: {secret: key-a}}}
    b: {url: 'https://b.example/v1', auth: {apiKey: {secret: key-b}}}
  timeouts: {connect: 2s, firstByte: 10s, idle: 20s, total: 60s}
---
apiVersion: aigw.dev/v1
kind: Model
metadata: {name: chat}
spec:
  operation: chat
  targets: [{target: p/a/m, priority: 1}, {target: p/b/m, priority: 2}]
---
apiVersion: aigw.dev/v1
kind: Route
metadata: {name: open}
spec:
  surfaces: [openai]
  operations: [chat]
  serve: {models: [chat], default: chat}
  anonymous: true
  authorization: open
";

const BEGINNING: Timestamp = Timestamp::from_millis(1_700_000_000_000);
const WHOLE: &str = r#"{"id":"x","object":"chat.completion","created":0,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi."},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}"#;
const DELTA: &str = "data: {\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"created\":0,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi.\"},\"finish_reason\":null}]}\n\n";
const STOP: &str = "data: {\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"created\":0,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

/// What each endpoint answers, always.
struct Script(Vec<Option<Answer>>);

impl Upstream for Script {
    fn answer(&self, call: &Sent) -> Result<Answer, Unscripted> {
        let answer = self.0.get(usize::try_from(call.endpoint.0).unwrap()).cloned().flatten();
        answer.ok_or_else(|| Unscripted(format!("nobody answers for endpoint {}", call.endpoint.0)))
    }
}

/// A world in which `a` and `b` answer so.
fn sim(answers: impl IntoIterator<Item = Option<Answer>>) -> Sim {
    Sim::new(BEGINNING, 7, Arc::new(Script(answers.into_iter().collect())))
}

fn loaded(policies: &str) -> Arc<Loaded> {
    let files = BTreeMap::from([("policies.yaml".to_owned(), policies.as_bytes().to_vec())]);
    let program = crate::testing::compiled(files).program.unwrap();
    Arc::new(Loaded::new(program, ParameterValues::default()).unwrap())
}

fn engine(sim: &Sim, loaded: &Arc<Loaded>) -> Engine<Sim> {
    Engine::new(Arc::clone(loaded), Arc::new(State::default()), sim.clone(), "sha256:test".to_owned())
}

/// A client that asks for a chat and stays.
fn asks(stream: bool) -> Client {
    let body = format!(r#"{{"model":"chat","messages":[{{"role":"user","content":"Hello"}}],"stream":{stream}}}"#);
    let request = http::Request::post("/v1/chat/completions").header(CONTENT_TYPE, "application/json");
    let peer = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    Client { request: request.body(Bytes::from(body)).unwrap(), peer: peer.into(), leaves: None }
}

fn leaving(stream: bool, leaves: Leave) -> Client {
    Client { leaves: Some(leaves), ..asks(stream) }
}

/// Takes one client through [`POLICIES`].
fn one(sim: &Sim, client: Client) -> Exchange {
    let exchanges = sim.exchange(&engine(sim, &loaded(POLICIES)), vec![client]);
    exchanges.into_iter().next().unwrap()
}

/// A chat answer in one piece.
fn whole() -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(WHOLE.len()));
    Answer { after: Millis::new(0), head: Ok(Head { status: StatusCode::OK, headers }), pieces: vec![data(WHOLE)] }
}

/// A stream of these pieces.
fn stream(pieces: Vec<Piece>) -> Answer {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"))]);
    Answer { after: Millis::new(0), head: Ok(Head { status: StatusCode::OK, headers }), pieces }
}

fn fault(fault: Fault) -> Answer {
    Answer { after: Millis::new(0), head: Err(fault), pieces: Vec::new() }
}

fn after(millis: u64, answer: Answer) -> Answer {
    Answer { after: Millis::new(millis), ..answer }
}

fn data(text: &'static str) -> Piece {
    Piece::Data(Bytes::from_static(text.as_bytes()))
}

fn wait(millis: u64) -> Piece {
    Piece::Wait(Millis::new(millis))
}

/// When each chunk came and what it was.
fn chunks(exchange: &Exchange) -> Vec<(u64, &str)> {
    exchange.body.iter().map(|(at, bytes)| (at.as_millis(), std::str::from_utf8(bytes).unwrap())).collect()
}

/// Target, reason and microseconds of each attempt.
fn attempts(exchange: &Exchange) -> Vec<(&str, Option<&str>, u64)> {
    exchange.record.attempts.iter().map(|attempt| (&*attempt.target, attempt.reason.as_deref(), attempt.micros)).collect()
}
