//! The simulated side.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};

use aigw_core::{Millis, Timestamp, World};
use aigw_engine::{Engine, Loaded, State};
use aigw_kinds::{EndpointId, Program};
use aigw_testkit::world::{Answer, Client, End, Exchange, Fault, Sent, Sim, Unscripted, Upstream};

use super::Case;
use super::answers::Reaction;
use super::outcome::{Called, Outcome, headers, record};
use super::policies::{ENDPOINTS, SECRETS};
use super::requests::Ask;
use super::wire::next;

/// The upstreams of a case.
struct Scripted {
    program: Program,
    refusing: Option<usize>,
    reactions: Mutex<Vec<VecDeque<Reaction>>>,
}

/// Takes the case's requests through the simulated world, each when it began in the real one or as soon as the one before is over.
pub(super) fn run(case: &Case, program: &Program, digest: &str, starts: Timestamp, begin: &[Millis]) -> Vec<Outcome> {
    let values = program.parameter_values(&BTreeMap::new(), true).unwrap();
    let loaded = Arc::new(Loaded::new(program.clone(), values).unwrap());
    let reactions = case.reactions.iter().map(|reactions| reactions.clone().into()).collect();
    let upstream = Scripted { program: program.clone(), refusing: case.policies.refusing, reactions: Mutex::new(reactions) };
    let sim = Sim::new(starts, case.seed, Arc::new(upstream));
    // A gateway draws the seed of its counters before anything else.
    let _ = sim.random();
    if let Some(lost) = case.policies.lost {
        sim.lose_secret(SECRETS[lost]);
    }
    let engine = Engine::new(loaded, Arc::new(State::default()), sim.clone(), digest.to_owned());
    let client = |request| Client { request, peer: IpAddr::V4(Ipv4Addr::LOCALHOST).into(), leaves: None };
    let ask = |(ask, begins): (&Ask, &Millis)| {
        sim.advance(Millis::new(begins.as_millis().saturating_sub(sim.elapsed().as_millis())));
        let exchange = sim.exchange(&engine, vec![client(ask.request())]).pop().unwrap();
        outcome(exchange, program, case.policies.refusing)
    };
    case.asks.iter().zip(begin).map(ask).collect()
}

fn outcome(exchange: Exchange, program: &Program, refusing: Option<usize>) -> Outcome {
    assert!(matches!(exchange.end, End::Complete | End::Cut(_)), "{exchange:?}");
    assert!(exchange.unscripted.is_empty(), "{exchange:?}");
    // Nobody sees a call that is refused.
    let calls = exchange.sent.iter().filter(|sent| refusing.is_none() || place(program, sent) != refusing);
    Outcome {
        status: exchange.status.unwrap().as_u16(),
        headers: headers(&exchange.headers),
        body: exchange.body.iter().flat_map(|(_, bytes)| bytes.to_vec()).collect(),
        cut: matches!(exchange.end, End::Cut(_)),
        record: record(&exchange.record),
        calls: calls.filter_map(|sent| called(sent, program)).collect(),
    }
}

fn called(sent: &Sent, program: &Program) -> Option<Called> {
    let mut headers = headers(&sent.headers);
    headers.retain(|(name, _)| name != "host" && name != "content-length");
    let endpoint = place(program, sent)?;
    let line = format!("{} {}", sent.method, sent.uri);
    Some(Called { endpoint: ENDPOINTS[endpoint], line, headers, body: String::from_utf8_lossy(&sent.body).into_owned() })
}

/// Which of [`ENDPOINTS`] is called.
fn place(program: &Program, sent: &Sent) -> Option<usize> {
    let plan = EndpointId(sent.endpoint.0).of(program)?;
    let name = format!("{}/{}", plan.provider.of(program)?.origin.name, plan.name);
    ENDPOINTS.iter().position(|endpoint| *endpoint == name)
}

impl Upstream for Scripted {
    fn answer(&self, call: &Sent) -> Result<Answer, Unscripted> {
        let place = place(&self.program, call).ok_or_else(|| Unscripted("an endpoint of nobody".to_owned()))?;
        if self.refusing == Some(place) {
            return Ok(Answer { after: Millis::new(0), head: Err(Fault::Refuse), pieces: Vec::new() });
        }
        Ok(next(&mut self.reactions.lock().unwrap()[place], &call.body))
    }
}
