//! Whole requests through an engine in the test world.

#![expect(clippy::unwrap_used, reason = "tests")]

mod bearers;
mod bodies;
mod edge;
mod heads;
mod limits;
mod passing;
mod retries;
mod settling;
mod streams;
mod tokens;
mod validations;

use aigw_core::{ErrorCode, Outcome, Peer, Record};
use aigw_kinds::{ParameterValues, Program};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Builder;
use http::{HeaderMap, Request, Response, StatusCode};

use super::*;
use crate::testing::program::{CLIENT_KEY, program};
use crate::testing::{CANARY, ClientBody, Collected, TestWorld, Upstream};

pub(super) const ASK: &str = r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#;
pub(super) const STREAM: &str = r#"{"model":"m","stream":true,"messages":[]}"#;
pub(super) const HELLO: &str = r#"{"id":"1","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}"#;

/// An engine, its world, and what came of a request.
pub(super) struct Desk {
    pub(super) world: TestWorld,
    pub(super) engine: Engine<TestWorld>,
    state: Arc<State>,
}

pub(super) struct Told {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Collected,
}

impl Desk {
    pub(super) fn new(change: impl FnOnce(&mut Program)) -> Self {
        let mut program = program();
        change(&mut program);
        let world = TestWorld::new();
        let loaded = Loaded::new(program, ParameterValues::default()).unwrap();
        let state = Arc::new(State::default());
        let engine = Engine::new(Arc::new(loaded), Arc::clone(&state), world.clone(), "sha256:b".to_owned());
        Self { world, engine, state }
    }

    /// Replaces the engine by the next generation's.
    pub(super) fn reload(&mut self) {
        let loaded = Arc::clone(&self.engine.fixed.loaded);
        self.engine = Engine::new(loaded, Arc::clone(&self.state), self.world.clone(), "sha256:c".to_owned());
    }

    /// A desk where each endpoint follows its script.
    pub(super) fn scripted(scripts: impl IntoIterator<Item = Vec<Upstream>>) -> Self {
        let desk = Self::new(|_| ());
        desk.script(scripts);
        desk
    }

    pub(super) fn script(&self, scripts: impl IntoIterator<Item = Vec<Upstream>>) {
        for (endpoint, script) in (0_u32..).zip(scripts) {
            self.world.script(endpoint, script);
        }
    }

    pub(super) fn head(&self, request: Request<ClientBody>) -> Response<Answer<TestWorld>> {
        self.world.block_on(self.engine.run(request, peer("192.0.2.1")))
    }

    pub(super) fn ask(&self, request: Request<ClientBody>) -> Told {
        let (head, mut answer) = self.head(request).into_parts();
        let body = self.world.collect(&mut answer);
        Told { status: head.status, headers: head.headers, body }
    }

    pub(super) fn chat(&self, body: &str) -> Told {
        self.ask(self.post("/v1/chat/completions", body))
    }

    pub(super) fn post(&self, path: &str, body: &str) -> Request<ClientBody> {
        self.with(json(path), body)
    }

    pub(super) fn get(&self, path: &str) -> Request<ClientBody> {
        self.with(keyed(path), "")
    }

    pub(super) fn with(&self, head: Builder, body: &str) -> Request<ClientBody> {
        let pieces: &[(u64, &str)] = if body.is_empty() { &[] } else { &[(0, body)] };
        head.body(ClientBody::new(&self.world, pieces)).unwrap()
    }

    pub(super) fn record(&self) -> Record {
        self.world.record()
    }
}

impl Told {
    pub(super) fn code(&self) -> String {
        let body: serde_json::Value = serde_json::from_str(&self.body.text()).unwrap();
        body.pointer("/error/code").and_then(|code| code.as_str()).unwrap().to_owned()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

pub(super) fn keyed(path: &str) -> Builder {
    Request::builder().uri(path).header(AUTHORIZATION, format!("Bearer {CLIENT_KEY}"))
}

pub(super) fn json(path: &str) -> Builder {
    keyed(path).method("POST").header(CONTENT_TYPE, "application/json")
}

pub(super) fn hello() -> Upstream {
    Upstream::json(200, HELLO)
}

pub(super) fn error(status: u16, code: &str) -> Upstream {
    Upstream::json(status, &format!(r#"{{"error":{{"message":"m","type":"t","param":null,"code":"{code}"}}}}"#))
}

fn peer(address: &str) -> Peer {
    address.parse::<std::net::IpAddr>().unwrap().into()
}
