//! A small world for the engine's own tests: a clock that jumps, upstreams that follow a script, counters that count.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

pub(crate) mod program;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use aigw_core::{
    Admission, Call, Claim, ClaimAmount, Counters, EndpointKey, IssuerKey, KeySet, Millis, Moment, Permit, Record, Secret,
    StoreError, Timestamp, TransportError, TransportErrorKind, World,
};
use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body::{Body, Frame};

use crate::answer::{Answer, AnswerError};

/// The key that targets are called with. It must never be seen by a client or in a record.
pub(crate) const CANARY: &str = "sk-canary-5f0c";

#[derive(Clone)]
pub(crate) struct TestWorld(Arc<Inner>);

struct Inner {
    now: AtomicU64,
    random: AtomicU64,
    timers: Mutex<Vec<Moment>>,
    script: Mutex<BTreeMap<u32, VecDeque<Upstream>>>,
    calls: Mutex<Vec<Seen>>,
    records: Mutex<Vec<Record>>,
    /// Secrets that are not as they should be: missing, or of this value.
    secrets: Mutex<BTreeMap<String, Option<&'static str>>>,
    /// Endpoints without a token.
    tokenless: Mutex<BTreeSet<EndpointKey>>,
    /// The keys of issuers: those of now, and those after each refresh.
    issuers: Mutex<BTreeMap<u32, VecDeque<Option<Arc<KeySet>>>>>,
    refreshed: AtomicU64,
    open: AtomicU64,
    counters: TestCounters,
}

/// A call as the upstream saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) at: u64,
    pub(crate) endpoint: u32,
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// What an endpoint does with one call.
#[derive(Clone, Debug)]
pub(crate) struct Upstream {
    head_after: u64,
    head: Result<(u16, Headers), TransportErrorKind>,
    pieces: Vec<Piece>,
}

type Headers = Vec<(&'static str, String)>;

#[derive(Clone, Debug)]
enum Piece {
    Wait(u64),
    Data(Bytes),
    Fail(TransportErrorKind),
    Stall,
}

impl Upstream {
    /// A JSON answer in one piece, with its length.
    pub(crate) fn json(status: u16, body: &str) -> Self {
        let headers = vec![("content-type", "application/json".to_owned()), ("content-length", body.len().to_string())];
        Self { head_after: 0, head: Ok((status, headers)), pieces: vec![Piece::Data(Bytes::copy_from_slice(body.as_bytes()))] }
    }

    /// A stream of events, of which more can be added.
    pub(crate) fn events(pieces: &[&str]) -> Self {
        let headers = vec![("content-type", "text/event-stream".to_owned())];
        let pieces = pieces.iter().map(|piece| Piece::Data(Bytes::copy_from_slice(piece.as_bytes()))).collect();
        Self { head_after: 0, head: Ok((200, headers)), pieces }
    }

    pub(crate) fn fails(kind: TransportErrorKind) -> Self {
        Self { head_after: 0, head: Err(kind), pieces: Vec::new() }
    }

    pub(crate) fn after(mut self, millis: u64) -> Self {
        self.head_after = millis;
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok((_, headers)) = &mut self.head {
            headers.retain(|(known, _)| *known != name);
            headers.push((name, value.to_owned()));
        }
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        if let Ok((_, headers)) = &mut self.head {
            headers.retain(|(known, _)| *known != name);
        }
        self
    }

    pub(crate) fn wait(mut self, millis: u64) -> Self {
        self.pieces.push(Piece::Wait(millis));
        self
    }

    pub(crate) fn data(mut self, text: &str) -> Self {
        self.pieces.push(Piece::Data(Bytes::copy_from_slice(text.as_bytes())));
        self
    }

    pub(crate) fn breaks(mut self) -> Self {
        self.pieces.push(Piece::Fail(TransportErrorKind::Truncated));
        self
    }

    pub(crate) fn stalls(mut self) -> Self {
        self.pieces.push(Piece::Stall);
        self
    }
}

impl TestWorld {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner {
            now: AtomicU64::new(1_000_000_000),
            random: AtomicU64::new(1),
            timers: Mutex::default(),
            script: Mutex::default(),
            calls: Mutex::default(),
            records: Mutex::default(),
            secrets: Mutex::default(),
            tokenless: Mutex::default(),
            issuers: Mutex::default(),
            refreshed: AtomicU64::new(0),
            open: AtomicU64::new(0),
            counters: TestCounters::default(),
        }))
    }

    /// What an endpoint does with its next calls; the last is repeated.
    pub(crate) fn script(&self, endpoint: u32, upstreams: impl IntoIterator<Item = Upstream>) {
        self.0.script.lock().unwrap().insert(endpoint, upstreams.into_iter().collect());
    }

    pub(crate) fn calls(&self) -> Vec<Seen> {
        self.0.calls.lock().unwrap().clone()
    }

    /// Every record that was handed over, in order.
    pub(crate) fn records(&self) -> Vec<Record> {
        self.0.records.lock().unwrap().clone()
    }

    /// The record of the only request.
    pub(crate) fn record(&self) -> Record {
        let records = self.records();
        assert_eq!(records.len(), 1, "a request is recorded exactly once");
        records.into_iter().next().unwrap()
    }

    pub(crate) fn lose_secret(&self, name: &str) {
        self.0.secrets.lock().unwrap().insert(name.to_owned(), None);
    }

    pub(crate) fn lose_token(&self, endpoint: u32) {
        self.0.tokenless.lock().unwrap().insert(EndpointKey(endpoint));
    }

    pub(crate) fn change_secret(&self, name: &str, value: &'static str) {
        self.0.secrets.lock().unwrap().insert(name.to_owned(), Some(value));
    }

    /// The keys that an issuer has now, and after each time that it is asked; the last stay.
    pub(crate) fn issue(&self, issuer: u32, keys: impl IntoIterator<Item = Option<Arc<KeySet>>>) {
        self.0.issuers.lock().unwrap().insert(issuer, keys.into_iter().collect());
    }

    /// How often issuers were asked.
    pub(crate) fn refreshed(&self) -> u64 {
        self.0.refreshed.load(Ordering::Relaxed)
    }

    /// Upstream bodies that are neither read to their end nor dropped.
    pub(crate) fn open_bodies(&self) -> u64 {
        self.0.open.load(Ordering::Relaxed)
    }

    pub(crate) fn held_permits(&self) -> usize {
        self.0.counters.0.lock().unwrap().values().filter(|(_, permits)| *permits > 0).count()
    }

    pub(crate) fn millis(&self) -> u64 {
        self.0.now.load(Ordering::Relaxed) / 1_000_000
    }

    pub(crate) fn advance(&self, millis: u64) {
        self.0.now.fetch_add(millis * 1_000_000, Ordering::Relaxed);
    }

    /// Runs a future to its end; where it waits, the clock jumps to the next timer.
    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let mut cx = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
                return output;
            }
            self.jump();
        }
    }

    /// Polls once; `None` where it would wait.
    pub(crate) fn poll_once<F: Future + Unpin>(&self, future: &mut F) -> Option<F::Output> {
        match Pin::new(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    fn jump(&self) {
        let now = self.now();
        let mut timers = self.0.timers.lock().unwrap();
        timers.retain(|at| *at > now);
        let next = timers.iter().min().copied();
        let Some(next) = next else { panic!("nothing will ever wake this future") };
        self.0.now.store(next.as_nanos(), Ordering::Relaxed);
    }

    /// Reads an answer to its end: when each piece came (milliseconds from now on) and what it was.
    pub(crate) fn collect(&self, answer: &mut Answer<Self>) -> Collected {
        let began = self.millis();
        let mut collected = Collected::default();
        while !answer.is_end_stream() {
            match self.block_on(poll_fn(|cx| Pin::new(&mut *answer).poll_frame(cx))) {
                None => break,
                Some(Ok(frame)) => {
                    let bytes = frame.into_data().unwrap();
                    collected.pieces.push((self.millis() - began, String::from_utf8(bytes.to_vec()).unwrap()));
                }
                Some(Err(error)) => {
                    collected.error = Some(error);
                    break;
                }
            }
        }
        collected
    }
}

#[derive(Debug, Default)]
pub(crate) struct Collected {
    pub(crate) pieces: Vec<(u64, String)>,
    pub(crate) error: Option<AnswerError>,
}

impl Collected {
    pub(crate) fn text(&self) -> String {
        self.pieces.iter().map(|(_, text)| text.as_str()).collect()
    }
}

impl World for TestWorld {
    type Body = TestBody;
    type Sleep = TestSleep;
    type Counters = TestCounters;

    fn now(&self) -> Moment {
        Moment::from_nanos(self.0.now.load(Ordering::Relaxed))
    }

    fn wall(&self) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + i64::try_from(self.millis()).unwrap())
    }

    fn random(&self) -> u64 {
        self.0.random.fetch_add(1, Ordering::Relaxed)
    }

    fn sleep_until(&self, at: Moment) -> TestSleep {
        TestSleep { world: self.clone(), at }
    }

    async fn send(&self, call: Call) -> Result<Response<TestBody>, TransportError> {
        let (parts, body) = call.request.into_parts();
        self.0.calls.lock().unwrap().push(Seen {
            at: self.millis(),
            endpoint: call.endpoint.0,
            method: parts.method.to_string(),
            uri: parts.uri.to_string(),
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        });
        let upstream = {
            let mut script = self.0.script.lock().unwrap();
            let queue = script.entry(call.endpoint.0).or_default();
            if queue.len() > 1 { queue.pop_front() } else { queue.front().cloned() }
        };
        let Some(upstream) = upstream else { panic!("endpoint {} has no script", call.endpoint.0) };
        self.sleep_until(self.now().after(Millis::new(upstream.head_after))).await;
        let (status, headers) = upstream.head.map_err(failure)?;
        self.0.open.fetch_add(1, Ordering::Relaxed);
        let body = TestBody { world: self.clone(), pieces: upstream.pieces.into(), sleep: None };
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(name, value);
        }
        Ok(response.body(body).unwrap())
    }

    fn secret(&self, name: &str) -> Option<Secret> {
        let changed = self.0.secrets.lock().unwrap().get(name).copied();
        changed.unwrap_or(Some(CANARY)).map(|value| Secret::new(value.to_owned()))
    }

    fn access_token(&self, endpoint: EndpointKey) -> Option<Secret> {
        let lost = self.0.tokenless.lock().unwrap().contains(&endpoint);
        (!lost).then(|| Secret::new(format!("token-{}", endpoint.0)))
    }

    fn issuer_keys(&self, issuer: IssuerKey) -> Option<Arc<KeySet>> {
        self.0.issuers.lock().unwrap().get(&issuer.0)?.front().cloned().flatten()
    }

    async fn refresh_issuer(&self, issuer: IssuerKey) {
        self.sleep_until(self.now().after(Millis::new(20))).await;
        self.0.refreshed.fetch_add(1, Ordering::Relaxed);
        if let Some(queue) = self.0.issuers.lock().unwrap().get_mut(&issuer.0)
            && queue.len() > 1
        {
            queue.pop_front();
        }
    }

    fn counters(&self) -> &TestCounters {
        &self.0.counters
    }

    fn finish(&self, record: Record) {
        self.0.records.lock().unwrap().push(record);
    }
}

fn failure(kind: TransportErrorKind) -> TransportError {
    TransportError { kind, detail: "as scripted".to_owned() }
}

pub(crate) struct TestSleep {
    world: TestWorld,
    at: Moment,
}

impl Future for TestSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.world.now() >= self.at {
            return Poll::Ready(());
        }
        self.world.0.timers.lock().unwrap().push(self.at);
        Poll::Pending
    }
}

pub(crate) struct TestBody {
    world: TestWorld,
    pieces: VecDeque<Piece>,
    sleep: Option<Pin<Box<TestSleep>>>,
}

impl Body for TestBody {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let this = &mut *self;
        loop {
            match this.pieces.front() {
                None => return Poll::Ready(None),
                Some(Piece::Stall) => return Poll::Pending,
                Some(Piece::Wait(millis)) => {
                    let at = this.world.now().after(Millis::new(*millis));
                    let sleep = this.sleep.get_or_insert_with(|| Box::pin(this.world.sleep_until(at)));
                    if sleep.as_mut().poll(cx).is_pending() {
                        return Poll::Pending;
                    }
                    this.sleep = None;
                    this.pieces.pop_front();
                }
                Some(Piece::Data(_) | Piece::Fail(_)) => break,
            }
        }
        Poll::Ready(this.pieces.pop_front().map(|piece| match piece {
            Piece::Data(bytes) => Ok(Frame::data(bytes)),
            Piece::Fail(kind) => Err(failure(kind)),
            Piece::Wait(_) | Piece::Stall => unreachable!("handled above"),
        }))
    }
}

impl Drop for TestBody {
    fn drop(&mut self) {
        self.world.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Requests are counted and never freed, permits are held until they are dropped.
#[derive(Clone, Default)]
pub(crate) struct TestCounters(Arc<Mutex<Table>>);

/// Requests taken and permits held, by rule and key.
type Table = BTreeMap<(u64, String), (u64, u64)>;

impl Counters for TestCounters {
    async fn admit(&self, claims: &[Claim<'_>], _: Moment) -> Result<Admission, StoreError> {
        let mut table = self.0.lock().unwrap();
        for (at, claim) in claims.iter().enumerate() {
            let (requests, permits) = *table.entry((claim.rule, claim.key.to_owned())).or_default();
            match claim.amount {
                ClaimAmount::Window { take, limit, window } if requests + take > limit => {
                    return Ok(Admission::Refused { claim: at, retry_after: Some(window) });
                }
                ClaimAmount::Permit { limit } if permits >= limit => {
                    return Ok(Admission::Refused { claim: at, retry_after: None });
                }
                _ => {}
            }
        }
        let (mut permits, mut remaining) = (Vec::new(), Vec::new());
        for claim in claims {
            let key = (claim.rule, claim.key.to_owned());
            let entry = table.get_mut(&key).unwrap();
            match claim.amount {
                ClaimAmount::Window { take, limit, .. } => {
                    entry.0 += take;
                    remaining.push(limit - entry.0);
                }
                ClaimAmount::Permit { limit } => {
                    entry.1 += 1;
                    remaining.push(limit - entry.1);
                    let table = Arc::clone(&self.0);
                    permits.push(Permit::new(move || table.lock().unwrap().get_mut(&key).unwrap().1 -= 1));
                }
            }
        }
        Ok(Admission::Admitted { permits, remaining })
    }

    async fn freed(&self, rule: u64, key: &str) {
        let key = (rule, key.to_owned());
        let before = self.0.lock().unwrap().get(&key).map(|entry| entry.1);
        poll_fn(
            |_| if self.0.lock().unwrap().get(&key).map(|entry| entry.1) == before { Poll::Pending } else { Poll::Ready(()) },
        )
        .await;
    }
}

/// A client's body that comes in pieces.
pub(crate) struct ClientBody {
    world: TestWorld,
    pieces: VecDeque<(u64, Bytes)>,
    sleep: Option<Pin<Box<TestSleep>>>,
    breaks: bool,
}

impl ClientBody {
    pub(crate) fn new(world: &TestWorld, pieces: &[(u64, &str)]) -> Self {
        let pieces = pieces.iter().map(|(wait, text)| (*wait, Bytes::copy_from_slice(text.as_bytes()))).collect();
        Self { world: world.clone(), pieces, sleep: None, breaks: false }
    }

    pub(crate) fn breaking(mut self) -> Self {
        self.breaks = true;
        self
    }
}

impl Body for ClientBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let this = &mut *self;
        let Some((wait, _)) = this.pieces.front() else {
            return Poll::Ready(this.breaks.then(|| Err(std::io::Error::other("gone"))));
        };
        let at = this.world.now().after(Millis::new(*wait));
        let sleep = this.sleep.get_or_insert_with(|| Box::pin(this.world.sleep_until(at)));
        if sleep.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        this.sleep = None;
        Poll::Ready(this.pieces.pop_front().map(|(_, bytes)| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty() && !self.breaks
    }
}
