//! One case, run: a world of its own, its steps one after the other, everything judged.

mod snapshot;

use std::collections::BTreeMap;
use std::sync::Arc;

use aigw_core::{ErrorCode, Millis, Peer, PeerCertificate, World};
use aigw_engine::{Engine, Loaded, State};
use aigw_kinds::facts::HeadFacts;
use aigw_kinds::{Evaluation, Judged};
use http::header::{AUTHORIZATION, HOST};
use http::{HeaderName, HeaderValue};
use serde_json::Value;

use crate::judge::{Judge, Mismatch, share_of, shares};
use crate::keys;
use crate::load::set;
use crate::plan::{Action, Case, Credential, Part, Request, Send, Step};
use crate::report::{Failure, FailureKind, Report, Trace};
use crate::script::{Playing, Unused, endpoint_name};
use crate::subject::Subject;
use crate::tokens::{self, TokenToMake};
use crate::world::{Client, End, Exchange, Sim};

/// Most failures that one case reports: the rest are seldom news.
const MAX_FAILURES: usize = 20;
/// Most requests whose decisions are kept to explain failures.
const MAX_TRACES: usize = 3;
/// What bundles are called that were never built.
const NO_BUNDLE: &str = "sha256:test";

/// How cases are run.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// What random choices follow, with the names of suite and case.
    pub seed: u64,
    /// The snapshots that there are, by the path of their file.
    pub snapshots: BTreeMap<String, String>,
}

/// Sees every request of a case: for coverage.
pub trait Observer {
    /// What rules of authorization said of requests that are over; comes before the first of them is told.
    fn judged(&mut self, _: &[Judged]) {}

    /// One request is over.
    fn exchanged(&mut self, exchange: &Exchange, evaluations: &[Evaluation]);
}

/// Nobody looks.
impl Observer for () {
    fn exchanged(&mut self, _: &Exchange, _: &[Evaluation]) {}
}

/// Runs a case. Equal input gives an equal report.
pub fn run(case: &Case, subject: &Subject, settings: &Settings, observer: &mut dyn Observer) -> Report {
    let loaded = match subject.loaded(&case.setup.params) {
        Ok(loaded) => loaded,
        Err(why) => return broken(case, format!("the policies cannot be loaded with the parameters of this case: {why}")),
    };
    let seed = case.setup.seed.unwrap_or_else(|| seed_of(settings.seed, case));
    let playing = Arc::new(Playing::new(Arc::clone(subject.program()), &case.script));
    let sim = Sim::new(case.setup.at, seed, Arc::clone(&playing) as Arc<dyn crate::world::Upstream>);
    for name in &case.setup.without {
        sim.lose_secret(name);
    }
    for endpoint in &case.setup.tokenless {
        sim.lose_token(*endpoint);
    }
    sim.store_down(case.setup.store_down);
    sim.issuers_down(case.setup.issuers_down);
    let engine = Engine::new(Arc::clone(&loaded), Arc::new(State::default()), sim.clone(), NO_BUNDLE.to_owned());
    let mut runner = Runner { case, subject, settings, loaded, sim, engine, playing, observer, report: empty() };
    for (index, step) in case.steps.iter().enumerate() {
        runner.step(index + 1, step);
    }
    runner.finish()
}

struct Runner<'r> {
    case: &'r Case,
    subject: &'r Subject,
    settings: &'r Settings,
    loaded: Arc<Loaded>,
    sim: Sim,
    engine: Engine<Sim>,
    playing: Arc<Playing>,
    observer: &'r mut dyn Observer,
    report: Report,
}

/// Which request it is.
#[derive(Clone, Copy)]
struct Turn {
    step: usize,
    number: u64,
}

impl Runner<'_> {
    fn step(&mut self, number: usize, step: &Step) {
        match &step.action {
            Action::Advance(time) => self.sim.advance(*time),
            Action::Store { down } => self.sim.store_down(*down),
            Action::Script(script) => {
                let unused = self.playing.change(script);
                self.report_unused(&unused);
            }
            Action::Send(send) => self.send(number, send),
        }
    }

    fn send(&mut self, step: usize, send: &Send) {
        let shown = send.credential.as_ref().map_or(Shown::Nothing, |credential| self.shown(&send.request, credential));
        // What finding the header saw was seen for no request.
        self.subject.take_seen();
        let client = |index: u64| client(&send.request, &shown, &send.vary, index);
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        if send.together {
            let exchanges = self.sim.exchange(&self.engine, (0..u64::from(send.times)).map(client).collect());
            // What was evaluated cannot be told apart by request here: it is shown with the first.
            let mut evaluations = self.subject.take_seen();
            self.observer.judged(&self.subject.take_judged());
            for (number, exchange) in (1..).zip(&exchanges) {
                self.count(&mut counts, send, exchange);
                self.judge(Turn { step, number }, send, exchange, std::mem::take(&mut evaluations));
            }
        } else {
            for number in 1..=u64::from(send.times) {
                let exchange = self.sim.exchange(&self.engine, vec![client(number - 1)]).pop();
                let Some(exchange) = exchange else { continue };
                self.count(&mut counts, send, &exchange);
                let evaluations = self.subject.take_seen();
                self.observer.judged(&self.subject.take_judged());
                let failed = self.judge(Turn { step, number }, send, &exchange, evaluations);
                if failed && send.expect.shares.is_none() {
                    // Those that follow would most often fail for the same reason.
                    break;
                }
            }
        }
        if let Some(expected) = &send.expect.shares {
            for mismatch in shares(expected, &counts) {
                let at = format!("{}/shares", send.expect.pointer);
                self.fail_mismatch(&at, mismatch, None);
            }
        }
    }

    fn count(&mut self, counts: &mut BTreeMap<String, u64>, send: &Send, exchange: &Exchange) {
        self.report.requests = self.report.requests.saturating_add(1);
        if let Some(expected) = &send.expect.shares {
            let name = share_of(expected.by, &exchange.record);
            let count = counts.entry(name).or_default();
            *count = count.saturating_add(1);
        }
    }

    /// Whether anything failed.
    fn judge(&mut self, turn: Turn, send: &Send, exchange: &Exchange, evaluations: Vec<Evaluation>) -> bool {
        self.observer.exchanged(exchange, &evaluations);
        let mut failures = self.troubles(send, exchange);
        let pointer = &send.expect.pointer;
        for mismatch in Judge::all(self.subject.program(), exchange, &send.expect.spec) {
            failures.push(mismatch.at_place(self.case.document.locate(&format!("{pointer}{}", mismatch.at))));
        }
        for taken in snapshot::judge(self.case, &send.expect, exchange, self.subject.program(), self.settings) {
            failures.extend(taken.failure(self.case.document.locate(&taken.at)));
            self.report.snapshots.push(taken.snapshot);
        }
        if failures.is_empty() {
            return false;
        }
        let trace = self.trace(turn, &send.request, exchange, evaluations);
        for failure in failures {
            self.fail(Failure { trace, ..failure });
        }
        true
    }

    /// What fails a case whatever it expects.
    fn troubles(&self, send: &Send, exchange: &Exchange) -> Vec<Failure> {
        let at = self.case.document.locate(&send.expect.pointer);
        let mut failures = Vec::new();
        if let End::Stuck(why) | End::Unrecorded(why) = &exchange.end {
            failures.push(Failure::new(FailureKind::Broken, why.clone(), at));
        }
        failures.extend(exchange.unscripted.iter().map(|why| Failure::new(FailureKind::Unscripted, why.clone(), at)));
        if exchange.record.code == Some(ErrorCode::RouteNotFound) && !send.expect.no_route {
            let message = format!("no route matched {}", line(&send.request));
            failures.push(Failure::new(FailureKind::NoRoute, message, at));
        }
        failures
    }

    fn trace(&mut self, turn: Turn, request: &Request, exchange: &Exchange, evaluations: Vec<Evaluation>) -> Option<usize> {
        if self.report.traces.len() >= MAX_TRACES {
            return None;
        }
        let program = self.subject.program();
        let calls =
            exchange.sent.iter().map(|sent| format!("{} {} to {}", sent.method, sent.uri, endpoint_name(program, sent.endpoint)));
        self.report.traces.push(Trace {
            step: turn.step,
            number: turn.number,
            request: line(request),
            record: exchange.record.clone(),
            evaluations,
            calls: calls.collect(),
        });
        Some(self.report.traces.len().saturating_sub(1))
    }

    fn fail_mismatch(&mut self, at: &str, mismatch: Mismatch, trace: Option<usize>) {
        let place = self.case.document.locate(&format!("{at}{}", mismatch.at));
        self.fail(Failure { trace, ..mismatch.at_place(place) });
    }

    fn fail(&mut self, failure: Failure) {
        if self.report.failures.len() < MAX_FAILURES {
            self.report.failures.push(failure);
        }
    }

    fn report_unused(&mut self, unused: &[Unused]) {
        for unused in unused {
            self.fail(self.unused(unused));
        }
    }

    fn unused(&self, unused: &Unused) -> Failure {
        Failure::new(FailureKind::UnusedScript, unused.message(), self.case.document.locate_key(&unused.pointer))
    }

    fn finish(mut self) -> Report {
        // Where something failed already, what was not called most often follows from it.
        if self.report.failures.is_empty() {
            let (idle, part): (Vec<Unused>, Vec<Unused>) =
                self.playing.unused().into_iter().partition(|unused| self.case.rows.is_some() && unused.given == 0);
            self.report_unused(&part);
            self.report.idle = idle.iter().map(|unused| self.unused(unused)).collect();
        }
        self.report.elapsed = self.sim.elapsed();
        self.report
    }

    /// A key goes where the route that this request reaches looks for one first.
    fn shown(&self, request: &Request, credential: &Credential) -> Shown {
        let (key, header) = match credential {
            Credential::Certificate(certificate) => return Shown::Certificate(Arc::clone(certificate)),
            Credential::Token(token) => return self.token(token).unwrap_or(Shown::Nothing),
            Credential::Key { key, header } => (key, header),
        };
        let name = header.clone().or_else(|| self.read_first(request)).unwrap_or(AUTHORIZATION);
        let value = if name == AUTHORIZATION { format!("Bearer {key}") } else { key.clone() };
        HeaderValue::from_str(&value).map_or(Shown::Nothing, |value| Shown::Header(name, value))
    }

    fn token(&self, token: &TokenToMake) -> Option<Shown> {
        let values = self.subject.program().parameter_values(&self.case.setup.params, true).ok()?;
        let text = tokens::make(token, &self.loaded, &values, self.sim.wall())?;
        Some(Shown::Header(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {text}")).ok()?))
    }

    fn read_first(&self, request: &Request) -> Option<HeaderName> {
        let head = HeadFacts {
            method: &request.method,
            path: request.uri.path(),
            host: request.host.to_str().ok(),
            query: request.uri.query(),
            headers: &request.headers,
            ip: request.ip,
            now: self.sim.wall(),
        };
        let name = keys::read_first(&self.loaded, head);
        // What conditions of matches saw meanwhile, they will see again.
        self.subject.take_seen();
        name
    }
}

/// How a client shows who it is.
enum Shown {
    Nothing,
    Header(HeaderName, HeaderValue),
    Certificate(Arc<PeerCertificate>),
}

/// A request as a client sends it; `index` is put into what varies.
fn client(request: &Request, shown: &Shown, vary: &[crate::plan::Vary], index: u64) -> Client {
    let mut sent = http::Request::new(request.body.clone());
    *sent.method_mut() = request.method.clone();
    *sent.uri_mut() = request.uri.clone();
    let headers = sent.headers_mut();
    *headers = request.headers.clone();
    headers.insert(HOST, request.host.clone());
    let mut peer = Peer::from(request.ip);
    match shown {
        Shown::Nothing => {}
        Shown::Header(name, value) => drop(headers.insert(name.clone(), value.clone())),
        Shown::Certificate(certificate) => peer.certificate = Some(Arc::clone(certificate)),
    }
    for part in vary {
        let text = part.text.replace("{i}", &index.to_string());
        match &part.part {
            Part::Header(name) => {
                if let Ok(value) = HeaderValue::from_str(&text) {
                    sent.headers_mut().insert(name.clone(), value);
                }
            }
            Part::Body(pointer) => {
                let mut body: Value = serde_json::from_slice(sent.body()).unwrap_or_default();
                if set(&mut body, pointer, &Value::String(text)).is_ok() {
                    *sent.body_mut() = body.to_string().into();
                }
            }
        }
    }
    Client { request: sent, peer, leaves: request.leaves }
}

fn line(request: &Request) -> String {
    format!("{} {}", request.method, request.uri)
}

fn empty() -> Report {
    Report {
        failures: Vec::new(),
        traces: Vec::new(),
        requests: 0,
        elapsed: Millis::default(),
        snapshots: Vec::new(),
        idle: Vec::new(),
    }
}

fn broken(case: &Case, message: String) -> Report {
    Report { failures: vec![Failure::new(FailureKind::Broken, message, case.place)], ..empty() }
}

/// FNV-1a over what names the case: stable across runs, versions and machines.
fn seed_of(seed: u64, case: &Case) -> u64 {
    let bytes = seed.to_le_bytes();
    let text = case.suite.bytes().chain([0]).chain(case.name.bytes());
    bytes
        .into_iter()
        .chain(text)
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

impl Failure {
    fn new(kind: FailureKind, message: String, place: aigw_source::Span) -> Self {
        Self { kind, message, place, expected: None, came: None, diff: None, trace: None }
    }
}

impl Mismatch {
    fn at_place(&self, place: aigw_source::Span) -> Failure {
        Failure {
            kind: FailureKind::Mismatch,
            message: format!("{} is not as expected", self.about),
            place,
            expected: Some(self.expected.clone()),
            came: Some(self.came.clone()),
            diff: self.diff.clone(),
            trace: None,
        }
    }
}

impl Unused {
    fn message(&self) -> String {
        match (self.given, self.repeats) {
            (0, true) => format!("`{}` was never called: the case would pass without what it answers", self.name),
            (given, _) => {
                format!("`{}` gave {given} of its {} answers: the rest proves nothing", self.name, self.written)
            }
        }
    }
}

#[cfg(test)]
mod tests;
