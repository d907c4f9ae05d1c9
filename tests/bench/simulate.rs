//! How fast policies are tried in the simulated world, with the policies that the gateway is measured with.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aigw_compile::{Input, compile};
use aigw_core::{Millis, Timestamp};
use aigw_engine::{Engine, Loaded, State};
use aigw_source::Limits;
use aigw_testkit::world::{Answer, Client, End, Exchange, Head, Piece, Sent, Sim, Unscripted, Upstream};
use anyhow::{Context, anyhow, ensure};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::load::KEY;

const POLICIES: &[u8] = include_bytes!("policies/gateway.yaml");
const REQUESTS: u32 = 20_000;
const RUNS: usize = 5;

const WHOLE: &str = r#"{"id":"x","object":"chat.completion","created":0,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi."},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}"#;
const DELTA: &str = "data: {\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"created\":0,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi.\"},\"finish_reason\":null}]}\n\n";
const STOP: &str = "data: {\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"created\":0,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

/// Answers every call alike, at once.
pub(crate) struct Always(Answer);

impl Upstream for Always {
    fn answer(&self, _: &Sent) -> Result<Answer, Unscripted> {
        Ok(self.0.clone())
    }
}

/// Measures and prints.
pub(crate) fn run() -> anyhow::Result<()> {
    let loaded = Arc::new(loaded()?);
    let (whole, stream): (Arc<dyn Upstream>, Arc<dyn Upstream>) = (Arc::new(whole()), Arc::new(stream()));
    println!("| simulated, on one core | µs, median of {RUNS} |\n|---|---|");
    timed("a chat request, one world for all", || {
        let (sim, engine) = made(&loaded, &whole);
        (0..REQUESTS).try_for_each(|_| checked(sim.exchange(&engine, vec![asks(false)?])))
    })?;
    timed("a world, a state and an engine", || {
        (0..REQUESTS).for_each(|_| drop(black_box(made(&loaded, &whole))));
        Ok(())
    })?;
    timed("a chat request in a world of its own", || {
        (0..REQUESTS).try_for_each(|_| {
            let (sim, engine) = made(&loaded, &whole);
            checked(sim.exchange(&engine, vec![asks(false)?]))
        })
    })?;
    timed("a stream of 100 chunks, 1 ms between two, one world for all", || {
        let (sim, engine) = made(&loaded, &stream);
        (0..REQUESTS).try_for_each(|_| checked(sim.exchange(&engine, vec![asks(true)?])))
    })?;
    timed("a chat request, 1,000 at once", || {
        let (sim, engine) = made(&loaded, &whole);
        (0..REQUESTS / 1_000).try_for_each(|_| {
            let clients = (0..1_000).map(|_| asks(false)).collect::<anyhow::Result<_>>()?;
            checked(sim.exchange(&engine, clients))
        })
    })
}

fn loaded() -> anyhow::Result<Loaded> {
    let files = BTreeMap::from([("gateway.yaml".to_owned(), POLICIES.to_vec())]);
    let program =
        compile(Input { files, refused: Vec::new() }, &Limits::default()).program.context("the policies do not compile")?;
    let values = program.parameter_values(&BTreeMap::new(), true).map_err(|faults| anyhow!("{faults:?}"))?;
    Ok(Loaded::new(program, values)?)
}

fn made(loaded: &Arc<Loaded>, upstream: &Arc<dyn Upstream>) -> (Sim, Engine<Sim>) {
    let sim = Sim::new(Timestamp::from_millis(1_700_000_000_000), 1, Arc::clone(upstream));
    let engine = Engine::new(Arc::clone(loaded), Arc::new(State::default()), sim.clone(), "sha256:bench".to_owned());
    (sim, engine)
}

fn asks(stream: bool) -> anyhow::Result<Client> {
    let body = format!(r#"{{"model":"chat-default","messages":[{{"role":"user","content":"Hello!"}}],"stream":{stream}}}"#);
    let request = http::Request::post("/v1/chat/completions")
        .header(AUTHORIZATION, format!("Bearer {KEY}"))
        .header(CONTENT_TYPE, "application/json")
        .body(Bytes::from(body))?;
    Ok(Client { request, peer: IpAddr::V4(Ipv4Addr::LOCALHOST).into(), leaves: None })
}

fn checked(exchanges: Vec<Exchange>) -> anyhow::Result<()> {
    for exchange in exchanges {
        ensure!(exchange.status == Some(StatusCode::OK) && exchange.end == End::Complete, "{exchange:?}");
    }
    Ok(())
}

pub(crate) fn whole() -> Always {
    Always(answers("application/json", vec![Piece::Data(Bytes::from_static(WHOLE.as_bytes()))]))
}

fn stream() -> Always {
    let chunk = [Piece::Data(Bytes::from_static(DELTA.as_bytes())), Piece::Wait(Millis::new(1))];
    let mut pieces: Vec<Piece> = std::iter::repeat_n(chunk, 100).flatten().collect();
    pieces.push(Piece::Data(Bytes::from_static(STOP.as_bytes())));
    Always(answers("text/event-stream", pieces))
}

fn answers(content_type: &'static str, pieces: Vec<Piece>) -> Answer {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
    Answer { after: Millis::new(0), head: Ok(Head { status: StatusCode::OK, headers }), pieces }
}

/// The median time of one of [`REQUESTS`].
fn timed(what: &str, once: impl Fn() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let mut took = [Duration::ZERO; RUNS];
    for took in &mut took {
        let started = Instant::now();
        once()?;
        *took = started.elapsed();
    }
    took.sort();
    println!("| {what} | {:.2} |", took.get(RUNS / 2).copied().unwrap_or_default().as_secs_f64() * 1e6 / f64::from(REQUESTS));
    Ok(())
}
