//! What it costs to know who calls and to judge what they may do: the same simulated request on an open route, and on routes that ask for an API key,
//! a token that was verified before, and a client certificate.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aigw_compile::{Input, compile};
use aigw_core::{Peer, PeerCertificate, Timestamp};
use aigw_engine::{Engine, Loaded, State};
use aigw_kinds::Program;
use aigw_source::Limits;
use aigw_testkit::world::{Client, End, Sim};
use aigw_testkit::{Answers, Caller, Once, once};
use anyhow::{Context, anyhow, ensure};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Request, StatusCode};

use crate::simulate::whole;

const POLICIES: &str = include_str!("identity.yaml");
const REQUESTS: u32 = 20_000;
const RUNS: usize = 9;
/// When the world begins: tokens hold times.
const STARTS: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// Whose digest stands in the policies.
const KEY: &str = "aigw_demo_contoso_mobile_3f0c91d7a2b84e65";

/// Who asks, by the host of the route that knows callers so.
const CALLERS: [(&str, &str); 4] = [
    ("open.example", "nobody, on an open route"),
    ("key.example", "an API key"),
    ("token.example", "a token, verified before"),
    ("certificate.example", "a client certificate"),
];

/// Measures and prints.
pub(crate) fn run() -> anyhow::Result<()> {
    let program = Arc::new(program()?);
    let clients = CALLERS.iter().map(|(host, _)| client(&program, host)).collect::<anyhow::Result<Vec<_>>>()?;
    let values = program.parameter_values(&BTreeMap::new(), true).map_err(|faults| anyhow!("{faults:?}"))?;
    let loaded = Arc::new(Loaded::new(Program::clone(&program), values)?);
    let sim = Sim::new(STARTS, 1, Arc::new(whole()));
    let engine = Engine::new(loaded, Arc::new(State::default()), sim.clone(), "sha256:bench".to_owned());
    let mut took = vec![Vec::new(); CALLERS.len()];
    // In turns, so that whatever else the machine does falls on all of them.
    for _ in 0..RUNS {
        for (client, took) in clients.iter().zip(&mut took) {
            let started = Instant::now();
            for _ in 0..REQUESTS {
                let [exchange] = sim.exchange(&engine, vec![client.clone()]).try_into().map_err(|_| anyhow!("one answer"))?;
                ensure!(exchange.status == Some(StatusCode::OK) && exchange.end == End::Complete, "{exchange:?}");
            }
            took.push(started.elapsed());
        }
    }
    println!(
        "| authentication and authorization, on one core | µs a request, median of {RUNS} | above the open route |\n|---|---|---|"
    );
    let medians: Vec<f64> = took.into_iter().map(median).collect();
    let open = medians.first().copied().unwrap_or_default();
    for ((_, what), median) in CALLERS.iter().zip(&medians) {
        println!("| {what} | {median:.2} | {:.2} |", median - open);
    }
    Ok(())
}

fn program() -> anyhow::Result<Program> {
    let files = BTreeMap::from([("identity.yaml".to_owned(), POLICIES.as_bytes().to_vec())]);
    let compiled = compile(Input { files, refused: Vec::new() }, &Limits::default());
    compiled.program.with_context(|| format!("the policies do not compile: {:?}", compiled.findings))
}

/// A request as its caller sends it.
fn client(program: &Arc<Program>, host: &str) -> anyhow::Result<Client> {
    let body = r#"{"model":"chat-default","messages":[{"role":"user","content":"Hello!"}]}"#;
    let request = Request::post("/v1/chat/completions").header(HOST, host).header(CONTENT_TYPE, "application/json");
    let mut request = request.body(Bytes::from_static(body.as_bytes()))?;
    let mut peer = Peer::from(IpAddr::V4(Ipv4Addr::LOCALHOST));
    match host {
        "key.example" => drop(request.headers_mut().insert(AUTHORIZATION, format!("Bearer {KEY}").parse()?)),
        "token.example" => request = with_token(program, request, peer.address)?,
        "certificate.example" => peer.certificate = Some(Arc::new(certificate()?)),
        _ => {}
    }
    Ok(Client { request, peer, leaves: None })
}

/// The same with the token that tests make up for its consumer.
fn with_token(program: &Arc<Program>, request: Request<Bytes>, peer: IpAddr) -> anyhow::Result<Request<Bytes>> {
    let caller = Some(Caller { consumer: "by-token".to_owned(), credential: "directory".to_owned() });
    let asked = Once { request, peer, caller, at: STARTS, params: BTreeMap::new(), answers: Answers::default() };
    Ok(once(program, asked).map_err(|fault| anyhow!(fault))?.asked().clone())
}

fn certificate() -> anyhow::Result<PeerCertificate> {
    Ok(PeerCertificate {
        authorities: vec!["partners".parse()?],
        subject: "CN=machine.example,O=Example".to_owned(),
        alternative_names: Vec::new(),
        fingerprint: [7; 32],
        not_after: Timestamp::from_millis(i64::MAX),
    })
}

/// Of one request, in microseconds.
fn median(mut took: Vec<Duration>) -> f64 {
    took.sort();
    took.get(RUNS / 2).copied().unwrap_or_default().as_secs_f64() * 1e6 / f64::from(REQUESTS)
}
