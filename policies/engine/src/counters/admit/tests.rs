#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use aigw_core::{Call, IssuerKey, KeySet, Moment, Record, Secret, Timestamp, TransportError};
use aigw_kinds::facts::{Facts, HeadFacts};
use aigw_kinds::limit::Limit;
use aigw_kinds::{Expressions, LimitId, ParameterValues};
use bytes::Bytes;
use http::{HeaderMap, Method, Response};
use http_body::{Body, Frame};
use serde_json::{Value, json};

use super::*;
use crate::counters::MemoryCounters;
use crate::test_program::{origin, program, with};

/// A clock that is set by hand, and a store that can be told to fail.
#[derive(Clone)]
struct Clock {
    now: Arc<AtomicU64>,
    store: Store,
}

#[derive(Clone)]
struct Store {
    memory: MemoryCounters,
    fails: bool,
}

struct Sleep(Clock, Moment);
struct NoBody;

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0.now() >= self.1 { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Body for NoBody {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        Poll::Ready(None)
    }
}

impl Counters for Store {
    async fn admit(&self, claims: &[Claim<'_>], now: Moment) -> Result<Admission, StoreError> {
        if self.fails { Err(StoreError("it is gone")) } else { self.memory.admit(claims, now).await }
    }

    fn freed(&self, rule: u64, key: &str) -> impl Future<Output = ()> + Send {
        self.memory.freed(rule, key)
    }
}

impl World for Clock {
    type Body = NoBody;
    type Sleep = Sleep;
    type Counters = Store;

    fn now(&self) -> Moment {
        Moment::from_nanos(self.now.load(Ordering::Relaxed) * 1_000_000)
    }

    fn wall(&self) -> Timestamp {
        Timestamp::default()
    }

    fn random(&self) -> u64 {
        0
    }

    fn sleep_until(&self, at: Moment) -> Sleep {
        Sleep(self.clone(), at)
    }

    async fn send(&self, call: Call) -> Result<Response<NoBody>, TransportError> {
        panic!("admission called {:?}", call.endpoint)
    }

    fn secret(&self, _: &str) -> Option<Secret> {
        None
    }

    fn access_token(&self, _: aigw_core::EndpointKey) -> Option<Secret> {
        None
    }

    fn issuer_keys(&self, _: IssuerKey) -> Option<Arc<KeySet>> {
        None
    }

    async fn refresh_issuer(&self, _: IssuerKey) {}

    fn counters(&self) -> &Store {
        &self.store
    }

    fn finish(&self, _: Record) {}
}

impl Clock {
    fn new() -> Self {
        Self { now: Arc::default(), store: Store { memory: MemoryCounters::new(1), fails: false } }
    }

    fn set(&self, millis: u64) {
        self.now.store(millis, Ordering::Relaxed);
    }
}

fn requests(limit: u64) -> Value {
    json!({"name": "rpm", "id": 1, "what": {"requests": {"window": "1m"}}, "amount": {"fixed": {"value": limit}}})
}

fn places(limit: u64, wait: &str) -> Value {
    json!({"name": "open", "id": 2, "what": {"concurrency": {"wait": wait}}, "amount": {"fixed": {"value": limit}}})
}

fn shadow(rule: Value) -> Value {
    with(rule, json!({"mode": "shadow", "id": 3, "name": "shadow"}))
}

fn claims(rules: &[Value]) -> Claims {
    let rule = |rule: &Value| with(json!({"mode": "enforce", "when": null, "place": [0, 1, 1]}), rule.clone());
    let limit = json!({"origin": origin("l"), "mode": "enforce", "per": [], "phase": "admit", "rules": rules.iter().map(rule).collect::<Vec<_>>()});
    let program = program(json!({"limits": [limit]}));
    let limit = Limit::new(LimitId(0), program.limits.first().unwrap(), &ParameterValues::default()).unwrap();
    let headers = HeaderMap::new();
    let head = HeadFacts {
        method: &Method::GET,
        path: "/",
        host: None,
        query: None,
        headers: &headers,
        ip: [1, 1, 1, 1].into(),
        now: Timestamp::default(),
    };
    let mut claims = Claims::new();
    claims.gather([Arc::new(limit)].iter(), Phase::Admit, &Facts::new(head), &Expressions::default());
    claims
}

type Outcome = Result<Vec<Permit>, Refusal>;

fn once(clock: &Clock, claims: &Claims, notes: &mut Notes) -> Option<Outcome> {
    match pin!(admit(clock, claims, Phase::Admit, notes)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => Some(outcome),
        Poll::Pending => None,
    }
}

/// The code and the time to wait of a refusal that comes at once.
fn refusal(clock: &Clock, claims: &Claims) -> Option<(ErrorCode, Option<Millis>)> {
    once(clock, claims, &mut Notes::default()).unwrap().err().map(|refusal| (refusal.code, refusal.retry_after))
}

#[test]
fn a_spent_window_is_refused_with_the_time_to_wait() {
    let (clock, claims) = (Clock::new(), claims(&[requests(2)]));
    assert_eq!((refusal(&clock, &claims), refusal(&clock, &claims)), (None, None));
    clock.set(1_500);
    assert_eq!(refusal(&clock, &claims), Some((ErrorCode::RateLimited, Some(Millis::new(58_500)))));
    clock.set(60_000);
    assert_eq!(refusal(&clock, &claims), None);
}

#[test]
fn every_rule_that_counted_is_noted_with_what_remains() {
    let (clock, claims) = (Clock::new(), claims(&[requests(5), places(3, "0s"), shadow(requests(1))]));
    let mut notes = Notes::default();
    let held = once(&clock, &claims, &mut notes).unwrap().unwrap();
    assert_eq!(held.len(), 1);
    let seen: Vec<_> = notes.readings.iter().map(|reading| (reading.remaining, reading.shadow)).collect();
    assert_eq!(seen, [(4, false), (2, false), (0, true)]);
    let verdicts: Vec<_> = notes.decisions.iter().map(|decision| (decision.verdict, decision.shadow)).collect();
    assert_eq!(verdicts, [(Verdict::Allowed, false), (Verdict::Allowed, false), (Verdict::Allowed, true)]);
}

#[test]
fn a_shadow_that_is_spent_refuses_nobody() {
    let (clock, claims) = (Clock::new(), claims(&[shadow(requests(1))]));
    assert_eq!(refusal(&clock, &claims), None);
    let mut notes = Notes::default();
    assert!(once(&clock, &claims, &mut notes).unwrap().is_ok());
    let last = notes.decisions.last().unwrap();
    assert_eq!((last.verdict, last.shadow), (Verdict::Refused, true));
}

#[test]
fn a_full_house_is_refused_at_once_or_after_the_wait() {
    let (clock, at_once, patient) = (Clock::new(), claims(&[places(1, "0s")]), claims(&[places(1, "2s")]));
    let held = once(&clock, &at_once, &mut Notes::default()).unwrap().unwrap();
    assert_eq!(refusal(&clock, &at_once), Some((ErrorCode::ConcurrencyLimited, None)));

    let mut notes = Notes::default();
    let mut waiting = pin!(admit(&clock, &patient, Phase::Admit, &mut notes));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(waiting.as_mut().poll(&mut cx).is_pending());
    clock.set(1_999);
    assert!(waiting.as_mut().poll(&mut cx).is_pending());
    clock.set(2_000);
    let Poll::Ready(Err(refusal)) = waiting.as_mut().poll(&mut cx) else { panic!("it waited longer than it may") };
    assert_eq!(refusal.code, ErrorCode::ConcurrencyLimited);
    drop(held);
}

#[test]
fn who_waits_gets_the_place_that_is_freed() {
    let (clock, claims) = (Clock::new(), claims(&[places(1, "2s")]));
    let held = once(&clock, &claims, &mut Notes::default()).unwrap().unwrap();
    let mut notes = Notes::default();
    let mut waiting = pin!(admit(&clock, &claims, Phase::Admit, &mut notes));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(waiting.as_mut().poll(&mut cx).is_pending());
    drop(held);
    let Poll::Ready(Ok(permits)) = waiting.as_mut().poll(&mut cx) else { panic!("the place was free") };
    assert_eq!(permits.len(), 1);
}

#[test]
fn who_stops_waiting_holds_nothing() {
    let (clock, claims) = (Clock::new(), claims(&[requests(10), places(1, "2s")]));
    let held = once(&clock, &claims, &mut Notes::default()).unwrap().unwrap();
    assert!(once(&clock, &claims, &mut Notes::default()).is_none(), "still waiting when it was dropped");
    drop(held);
    let mut notes = Notes::default();
    assert!(once(&clock, &claims, &mut notes).unwrap().is_ok());
    assert_eq!(notes.readings.first().unwrap().remaining, 8, "the one that left was not counted");
}

#[test]
fn what_cannot_be_counted_is_refused_and_a_shadow_is_not() {
    let mut clock = Clock::new();
    clock.store.fails = true;
    assert_eq!(refusal(&clock, &claims(&[requests(1)])), Some((ErrorCode::LimitUnavailable, None)));
    assert_eq!(refusal(&clock, &claims(&[shadow(requests(1))])), None);
    assert_eq!(refusal(&clock, &claims(&[])), None);
}
