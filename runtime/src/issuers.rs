//! The keys of issuers of tokens: fetched in the background, kept when the issuer is away, asked for again when a token names one that is not known.
//!
//! Each issuer has one task, so that it is asked by one request at a time, and never again within [`FLOOR`] whatever clients send. Where the issuer
//! stays the same, so do its keys, across reloads.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use aigw_core::{KeySet, Name};
use aigw_engine::Loaded;
use aigw_kinds::authentication::{
    IssuerDocumentFault, KeySource, MAX_ISSUER_DOCUMENT_BYTES, check_address, read_discovery, read_keys,
};
use arc_swap::ArcSwapOption;
use http::HeaderMap;
use http::header::CACHE_CONTROL;
use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

use crate::fetch::{Fetch, FetchError, Fetched, Fetcher};
use crate::tasks::Task;
use crate::world::Random;

/// No issuer is asked twice within this time, whatever tokens name.
pub(crate) const FLOOR: Duration = Duration::from_secs(5);
/// Bound on each request to an issuer.
const FETCH: Duration = Duration::from_secs(5);
/// Longest that a request of a client waits for keys: for the floor to pass, and the issuer to answer.
const WAIT: Duration = Duration::from_secs(10);
/// Requests that may wait for one issuer's keys; what comes beyond is judged by the keys that there are.
const MAX_WAITING: usize = 256;
/// Bounds on what an issuer says of how long its keys may be kept, and what counts where it says nothing.
const REFRESH: std::ops::RangeInclusive<Duration> = Duration::from_secs(300)..=Duration::from_secs(3_600);
/// Longest pause after failures; it doubles up to this.
const MAX_PAUSE: Duration = Duration::from_secs(300);

/// Every issuer in use.
pub(crate) struct Issuers {
    fetcher: Fetcher,
    random: Arc<Random>,
    control: Handle,
    known: Mutex<BTreeMap<KeySource, Weak<Issuer>>>,
}

/// The issuers of one program, in the order of their keys.
pub(crate) type IssuerList = Arc<[(Name, Arc<Issuer>)]>;

/// An issuer whose keys are kept fresh for as long as this is held.
pub(crate) struct Issuer {
    kept: Arc<Kept>,
    // Ends with it.
    _task: Task,
}

struct Kept {
    source: KeySource,
    keys: ArcSwapOption<KeySet>,
    asked: watch::Sender<Asked>,
    wanted: Notify,
    waiting: AtomicUsize,
    good: AtomicU64,
    bad: AtomicU64,
    last: Mutex<Last>,
}

/// How often it was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Asked {
    begun: u64,
    ended: u64,
}

#[derive(Clone, Debug, Default)]
struct Last {
    good: Option<(Instant, Timestamp)>,
    fault: Option<String>,
}

/// What is known of an issuer.
#[derive(Clone, Debug)]
pub(crate) struct IssuerState {
    /// Where its keys come from.
    pub(crate) url: String,
    /// How many keys there are.
    pub(crate) keys: usize,
    /// How long ago they were fetched, and when; none before the first time.
    pub(crate) fetched: Option<(Duration, Timestamp)>,
    /// What went wrong the last time, where that is later.
    pub(crate) fault: Option<String>,
    /// How often its keys came.
    pub(crate) good: u64,
    /// How often they did not.
    pub(crate) bad: u64,
}

#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("it answered with status {0}")]
    Status(u16),
    #[error(transparent)]
    Document(#[from] IssuerDocumentFault),
    #[error("the address of its keys is refused: {0}")]
    Address(&'static str),
}

impl Issuers {
    pub(crate) fn new(fetcher: Fetcher, random: Arc<Random>, control: Handle) -> Self {
        Self { fetcher, random, control, known: Mutex::default() }
    }

    /// The issuers of a program. Those that another generation uses too are the same.
    pub(crate) fn of(&self, loaded: &Loaded) -> IssuerList {
        loaded.issuers().all().iter().map(|issuer| (issuer.name().clone(), self.get(issuer.keys()))).collect()
    }

    fn get(&self, source: &KeySource) -> Arc<Issuer> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(issuer) = known.get(source).and_then(Weak::upgrade) {
            return issuer;
        }
        known.retain(|_, issuer| issuer.strong_count() > 0);
        let kept = Arc::new(Kept::new(source.clone()));
        let task = keep(Arc::clone(&kept), self.fetcher.clone(), Arc::clone(&self.random));
        let issuer = Arc::new(Issuer { kept, _task: Task::spawn_on(&self.control, task) });
        known.insert(source.clone(), Arc::downgrade(&issuer));
        issuer
    }
}

impl Issuer {
    /// Its keys, as they came last.
    pub(crate) fn keys(&self) -> Option<Arc<KeySet>> {
        self.kept.keys.load_full()
    }

    /// Waits for other keys, or until the issuer was asked after this was called; within bounds.
    pub(crate) async fn refresh(&self) {
        let Some(_place) = Place::take(&self.kept) else { return };
        let mut asked = self.kept.asked.subscribe();
        let before = self.keys();
        let now = *asked.borrow_and_update();
        self.kept.wanted.notify_one();
        let enough = match &before {
            Some(_) => now.begun.saturating_add(1),
            // Whoever has nothing is glad of what is under way; where the issuer was away a moment ago, nobody waits to hear it again.
            None if now.ended > 0 && now.ended == now.begun => return,
            None => now.ended.saturating_add(1),
        };
        let other = |asked: &Asked| asked.ended >= enough || !same(before.as_ref(), self.kept.keys.load().as_ref());
        drop(timeout(WAIT, asked.wait_for(other)).await);
    }

    /// What is known of it.
    pub(crate) fn state(&self) -> IssuerState {
        let last = self.kept.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        IssuerState {
            url: self.kept.source.url().to_owned(),
            keys: self.keys().map_or(0, |set| set.keys.len()),
            fetched: last.good.map(|(at, time)| (at.elapsed(), time)),
            fault: last.fault,
            good: self.kept.good.load(Ordering::Relaxed),
            bad: self.kept.bad.load(Ordering::Relaxed),
        }
    }
}

fn same(one: Option<&Arc<KeySet>>, other: Option<&Arc<KeySet>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

/// A place among those who wait.
struct Place<'k>(&'k AtomicUsize);

impl<'k> Place<'k> {
    fn take(kept: &'k Kept) -> Option<Self> {
        let place = Self(&kept.waiting);
        (kept.waiting.fetch_add(1, Ordering::Relaxed) < MAX_WAITING).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Asks for an issuer's keys again and again.
async fn keep(kept: Arc<Kept>, fetcher: Fetcher, random: Arc<Random>) {
    let mut failures = 0_u32;
    loop {
        kept.asked.send_modify(|asked| asked.begun = asked.begun.saturating_add(1));
        let fetched = kept.fetch(&fetcher).await;
        failures = if fetched.is_ok() { 0 } else { failures.saturating_add(1) };
        let pause = match &fetched {
            Ok((_, refresh)) => *refresh,
            Err(_) => FLOOR.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(MAX_PAUSE),
        };
        kept.note(fetched);
        kept.asked.send_modify(|asked| asked.ended = asked.begun);
        sleep(FLOOR).await;
        drop(timeout(jittered(pause, random.next()).saturating_sub(FLOOR), kept.wanted.notified()).await);
    }
}

/// A fifth of it at most is taken away, so that a fleet does not ask at once.
fn jittered(pause: Duration, random: u64) -> Duration {
    let part = u32::try_from(random % 1_000).unwrap_or_default();
    pause.saturating_sub(pause / 5_000 * part)
}

impl Kept {
    fn new(source: KeySource) -> Self {
        Self {
            source,
            keys: ArcSwapOption::empty(),
            asked: watch::Sender::new(Asked::default()),
            wanted: Notify::new(),
            waiting: AtomicUsize::new(0),
            good: AtomicU64::new(0),
            bad: AtomicU64::new(0),
            last: Mutex::default(),
        }
    }

    /// The keys, and how long they may be kept.
    async fn fetch(&self, fetcher: &Fetcher) -> Result<(KeySet, Duration), Fault> {
        let named;
        let url = match &self.source {
            KeySource::Jwks { url } | KeySource::Entra { url, .. } => url,
            KeySource::Discovery { url, issuer } => {
                let document = get(fetcher, url).await?;
                named = read_discovery(&document.body, issuer)?;
                check_address(&named).map_err(Fault::Address)?;
                if url.starts_with("https://") && !named.starts_with("https://") {
                    return Err(Fault::Address("an issuer elsewhere cannot have its keys on this machine"));
                }
                &named
            }
        };
        let document = get(fetcher, url).await?;
        let keys = read_keys(&document.body, self.source.key_issuer().as_ref())?;
        Ok((keys, max_age(&document.headers).clamp(*REFRESH.start(), *REFRESH.end())))
    }

    fn note(&self, fetched: Result<(KeySet, Duration), Fault>) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match fetched {
            Ok((keys, _)) => {
                self.good.fetch_add(1, Ordering::Relaxed);
                *last = Last { good: Some((Instant::now(), Timestamp::now())), fault: None };
                // The same keys stay the same: what they verified counts on.
                if self.keys.load().as_deref() != Some(&keys) {
                    tracing::info!(issuer = self.source.url(), keys = keys.keys.len(), "an issuer's keys changed");
                    self.keys.store(Some(Arc::new(keys)));
                }
            }
            Err(fault) => {
                self.bad.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(issuer = self.source.url(), error = %fault, "an issuer's keys could not be fetched");
                last.fault = Some(fault.to_string());
            }
        }
    }
}

async fn get(fetcher: &Fetcher, url: &str) -> Result<Fetched, Fault> {
    let fetched = fetcher.fetch(Fetch::get(url, MAX_ISSUER_DOCUMENT_BYTES, FETCH)).await?;
    if fetched.status == http::StatusCode::OK { Ok(fetched) } else { Err(Fault::Status(fetched.status.as_u16())) }
}

/// How long an answer may be kept (RFC 9111, section 5.2.2.1); as long as we would where it does not say.
fn max_age(headers: &HeaderMap) -> Duration {
    let values = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let directive = |text: &str| {
        let seconds = text.trim().to_ascii_lowercase().strip_prefix("max-age=")?.trim_matches('"').parse().ok()?;
        Some(Duration::from_secs(seconds))
    };
    values.flat_map(|value| value.split(',')).find_map(directive).unwrap_or(*REFRESH.end())
}

#[cfg(test)]
mod tests;
