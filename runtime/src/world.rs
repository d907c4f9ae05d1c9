//! The real world, as one generation's engine sees it from one data runtime.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aigw_core::{
    Call, EndpointKey, IssuerKey, KeySet, Moment, Record, Secret, Timestamp, TransportError, TransportErrorKind, World,
};
use aigw_engine::counters::MemoryCounters;
use http::Response;

use crate::azure::AccessToken;
use crate::credentials::CallerCredentials;
use crate::issuers::{Issuer, IssuerList};
use crate::metrics::Requests;
use crate::records::Sink;
use crate::secrets::SecretSet;
use crate::transport::{AnswerBody, Pool};

/// The process's clocks. Their origin outlives reloads, since counters hold moments of earlier generations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    origin: Instant,
}

/// Random numbers that are not for secrets: SplitMix64 (Steele, Lea, Flood 2014), which needs one addition on shared memory.
#[derive(Debug)]
pub(crate) struct Random(AtomicU64);

/// What the engine reaches.
#[derive(Clone)]
pub(crate) struct RuntimeWorld(Arc<Reach>);

/// The parts of a [`RuntimeWorld`].
pub(crate) struct Reach {
    pub(crate) clock: Clock,
    pub(crate) random: Arc<Random>,
    /// By `EndpointKey`; none for an endpoint without an address.
    pub(crate) pools: Vec<Option<Arc<Pool>>>,
    pub(crate) secrets: Arc<SecretSet>,
    /// By `EndpointKey`; none for an endpoint that is called without one.
    pub(crate) tokens: Arc<[Option<Arc<AccessToken>>]>,
    /// By `IssuerKey`.
    pub(crate) issuers: IssuerList,
    pub(crate) counters: MemoryCounters,
    pub(crate) requests: Arc<Requests>,
    pub(crate) records: Sink,
    pub(crate) callers: Arc<CallerCredentials>,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { origin: Instant::now() }
    }

    fn now(self) -> Moment {
        Moment::from_nanos(u64::try_from(self.origin.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    fn at(self, moment: Moment) -> Instant {
        // A moment beyond what a process lives is as good as never, and one that every clock can say.
        const NEVER: Duration = Duration::from_secs(100 * 366 * 86_400);
        self.origin + Duration::from_nanos(moment.as_nanos()).min(NEVER)
    }
}

/// Milliseconds since 1970; a clock that is set before then counts as 1970.
pub(crate) fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

impl Random {
    /// Seeded by the operating system; `None` where it has no randomness to give.
    pub(crate) fn new() -> Option<Self> {
        let mut seed = [0; 8];
        aws_lc_rs::rand::fill(&mut seed).ok()?;
        Some(Self::seeded(u64::from_ne_bytes(seed)))
    }

    /// The same numbers for the same seed.
    pub(crate) const fn seeded(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    pub(crate) fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl RuntimeWorld {
    pub(crate) fn new(reach: Reach) -> Self {
        Self(Arc::new(reach))
    }

    fn issuer(&self, key: IssuerKey) -> Option<&Issuer> {
        self.0.issuers.get(usize::try_from(key.0).ok()?).map(|(_, issuer)| &**issuer)
    }
}

impl World for RuntimeWorld {
    type Body = AnswerBody;
    type Sleep = tokio::time::Sleep;
    type Counters = MemoryCounters;

    fn now(&self) -> Moment {
        self.0.clock.now()
    }

    fn wall(&self) -> Timestamp {
        wall()
    }

    fn random(&self) -> u64 {
        self.0.random.next()
    }

    fn sleep_until(&self, at: Moment) -> tokio::time::Sleep {
        tokio::time::sleep_until(self.0.clock.at(at).into())
    }

    async fn send(&self, call: Call) -> Result<Response<AnswerBody>, TransportError> {
        let pool = usize::try_from(call.endpoint.0).ok().and_then(|at| self.0.pools.get(at)).and_then(Option::as_ref);
        let Some(pool) = pool else {
            return Err(TransportError { kind: TransportErrorKind::Connect, detail: "the endpoint has no address".to_owned() });
        };
        pool.send(call.request, call.timeouts).await
    }

    fn secret(&self, name: &str) -> Option<Secret> {
        self.0.secrets.get(name)
    }

    fn access_token(&self, endpoint: EndpointKey) -> Option<Secret> {
        self.0.tokens.get(usize::try_from(endpoint.0).ok()?)?.as_ref()?.get()
    }

    fn issuer_keys(&self, issuer: IssuerKey) -> Option<Arc<KeySet>> {
        self.issuer(issuer)?.keys()
    }

    async fn refresh_issuer(&self, issuer: IssuerKey) {
        if let Some(issuer) = self.issuer(issuer) {
            issuer.refresh().await;
        }
    }

    fn counters(&self) -> &MemoryCounters {
        &self.0.counters
    }

    fn finish(&self, record: Record) {
        self.0.requests.count(&record);
        self.0.callers.used(&record);
        self.0.records.take(&record);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn random_numbers_do_not_repeat_and_differ_between_processes() {
        let (one, other) = (Random::new().unwrap(), Random::new().unwrap());
        let numbers: BTreeSet<_> = (0..1_000).flat_map(|_| [one.next(), other.next()]).collect();
        assert_eq!(numbers.len(), 2_000);
    }

    #[test]
    fn moments_and_instants_agree() {
        let clock = Clock::start();
        let at = clock.at(clock.now().after(aigw_core::Millis::from_secs(10)));
        let left = at.duration_since(Instant::now());
        assert!(left > Duration::from_secs(9) && left <= Duration::from_secs(10));
        assert!(clock.at(Moment::from_nanos(u64::MAX)) > Instant::now());
    }
}
