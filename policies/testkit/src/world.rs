//! The simulated world: a clock that jumps, a calendar, randomness and counters of its own, upstreams that answer as they are told.
//!
//! [`Sim::exchange`] takes clients through the engine that serves, on an executor that polls whoever was woken, in the clients' order, and moves the
//! clock on only when nobody can go on. It decides nothing about a request, and nothing but its arguments decides what comes of it.

mod answer;
mod body;
mod client;
mod counters;
mod exchange;
mod ledger;
mod timers;
mod visit;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use aigw_core::{Call, EndpointKey, IssuerKey, KeySet, Millis, Moment, Record, Secret, Timestamp, TransportError, World};
use http::Response;

use self::ledger::Ledger;
use self::timers::Timers;
use crate::tokens;

pub use self::answer::{Answer, Fault, Head, Piece, Sent, Unscripted, Upstream};
pub use self::body::SimBody;
pub use self::client::{Client, End, Exchange, Leave};
pub use self::counters::SimCounters;
pub use self::timers::SimSleep;

/// The simulated world. Cloning shares it. It begins empty, at an elapsed time of zero.
#[derive(Clone)]
pub struct Sim(Arc<Inner>);

struct Inner {
    starts: Timestamp,
    /// Nanoseconds since the beginning.
    now: AtomicU64,
    random: AtomicU64,
    upstream: Arc<dyn Upstream>,
    counters: SimCounters,
    lost: Mutex<BTreeSet<String>>,
    tokenless: Mutex<BTreeSet<EndpointKey>>,
    /// The keys of every issuer, and those it has once it was asked again.
    /// Made when first asked for: few worlds need them, and keys cost more than a world.
    key_sets: OnceLock<[Arc<KeySet>; 2]>,
    asked_again: AtomicBool,
    issuers_down: AtomicBool,
    timers: Timers,
    ledger: Ledger,
    /// Held while clients are under way: the ledger knows the clients of one exchange.
    turn: Mutex<()>,
}

impl Sim {
    /// A world. `starts` is the calendar at its beginning, everything random follows from `seed`, `upstream` answers every call.
    pub fn new(starts: Timestamp, seed: u64, upstream: Arc<dyn Upstream>) -> Self {
        Self(Arc::new(Inner {
            starts,
            now: AtomicU64::new(0),
            random: AtomicU64::new(seed),
            upstream,
            counters: SimCounters::new(seed),
            lost: Mutex::default(),
            tokenless: Mutex::default(),
            key_sets: OnceLock::new(),
            asked_again: AtomicBool::new(false),
            issuers_down: AtomicBool::new(false),
            timers: Timers::default(),
            ledger: Ledger::default(),
            turn: Mutex::default(),
        }))
    }

    /// Virtual time since the beginning, at most [`Millis::MAX`].
    pub fn elapsed(&self) -> Millis {
        self.now().since(Moment::default())
    }

    /// Moves the clock on. Nobody is under way between two exchanges, so that nothing else happens.
    pub fn advance(&self, by: Millis) {
        self.move_to(self.now().after(by));
    }

    /// Takes the store of limits down, or brings it back with all that it had counted.
    pub fn store_down(&self, down: bool) {
        self.0.counters.set_down(down);
    }

    /// From now on there is no secret of this name. Until then every name has one: [`stand_in`].
    pub fn lose_secret(&self, name: &str) {
        lock(&self.0.lost).insert(name.to_owned());
    }

    /// From now on there is no access token for this endpoint. Until then there is one for each: [`ACCESS_TOKEN`].
    pub fn lose_token(&self, endpoint: EndpointKey) {
        lock(&self.0.tokenless).insert(endpoint);
    }

    /// Whether the keys of issuers of tokens could never be had.
    pub fn issuers_down(&self, down: bool) {
        self.0.issuers_down.store(down, Ordering::Relaxed);
    }

    /// Takes these clients' requests through the engine: all begin at this instant, whoever was woken is polled in their order, until every one has
    /// ended. `engine` must be one of this world. Exchanges of one world follow one another; an upstream must not begin one.
    pub fn exchange(&self, engine: &aigw_engine::Engine<Self>, clients: Vec<Client>) -> Vec<Exchange> {
        let _turn = lock(&self.0.turn);
        exchange::run(self, engine, clients)
    }

    /// The clock never goes back.
    fn move_to(&self, moment: Moment) {
        self.0.now.fetch_max(moment.as_nanos(), Ordering::Relaxed);
    }

    /// Moves the clock to the earliest timer and wakes whoever waits for it; false where none runs.
    fn jump(&self) -> bool {
        let Some(at) = self.0.timers.earliest() else { return false };
        self.move_to(at);
        self.0.timers.fire(self.now());
        true
    }
}

/// What every access token is here.
pub const ACCESS_TOKEN: &str = "<access token>";

/// What a secret's value is here: `<secret NAME>`.
pub fn stand_in(name: &str) -> String {
    format!("<secret {name}>")
}

impl World for Sim {
    type Body = SimBody;
    type Sleep = SimSleep;
    type Counters = SimCounters;

    fn now(&self) -> Moment {
        Moment::from_nanos(self.0.now.load(Ordering::Relaxed))
    }

    fn wall(&self) -> Timestamp {
        let elapsed = i64::try_from(self.now().as_nanos() / 1_000_000).unwrap_or(i64::MAX);
        Timestamp::from_millis(self.0.starts.as_millis().saturating_add(elapsed))
    }

    /// SplitMix64 (Steele, Lea, Flood 2014).
    fn random(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.0.random.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn sleep_until(&self, at: Moment) -> SimSleep {
        SimSleep::new(self.clone(), at)
    }

    async fn send(&self, call: Call) -> Result<Response<SimBody>, TransportError> {
        let connect = call.timeouts.connect;
        let sent = Sent::new(call, self.elapsed());
        let answer = self.0.upstream.answer(&sent).map(|answer| answer.to(&sent.method));
        self.0.ledger.sent(sent);
        match answer {
            Ok(answer) => answer.play(self, connect).await,
            Err(unscripted) => {
                self.0.ledger.unscripted(unscripted);
                Err(Fault::Refuse.error())
            }
        }
    }

    fn secret(&self, name: &str) -> Option<Secret> {
        (!lock(&self.0.lost).contains(name)).then(|| Secret::new(stand_in(name)))
    }

    fn access_token(&self, endpoint: EndpointKey) -> Option<Secret> {
        (!lock(&self.0.tokenless).contains(&endpoint)).then(|| Secret::new(ACCESS_TOKEN.to_owned()))
    }

    fn issuer_keys(&self, _: IssuerKey) -> Option<Arc<KeySet>> {
        let set = usize::from(self.0.asked_again.load(Ordering::Relaxed));
        let keys = self.0.key_sets.get_or_init(tokens::key_sets).get(set)?;
        (!self.0.issuers_down.load(Ordering::Relaxed)).then(|| Arc::clone(keys))
    }

    async fn refresh_issuer(&self, _: IssuerKey) {
        self.0.asked_again.store(true, Ordering::Relaxed);
    }

    fn counters(&self) -> &SimCounters {
        &self.0.counters
    }

    fn finish(&self, record: Record) {
        self.0.ledger.finished(record);
    }
}

/// What a panic elsewhere left behind is whole: every change under these locks is one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
