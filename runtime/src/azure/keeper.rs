//! One fresh copy of each token, shared by everyone: fetched ahead of its end by a task of its own, one request at a time, for as long as anyone
//! holds the place where it stands. Nobody who reads it ever waits.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use aigw_core::Secret;
use aigw_engine::LoadedIdentity;
use arc_swap::ArcSwapOption;
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::environment::Environment;
use super::wire::{Granted, TokenFault};
use crate::fetch::Fetcher;
use crate::tasks::Task;
use crate::world::Random;

/// Tokens are fetched again at half of their life, and no sooner than this after the last: issuers that keep tokens themselves give the same one
/// again until shortly before its end.
const SOONEST: Duration = Duration::from_secs(30);
/// How soon a failure is tried again; doubled each time.
const FIRST_RETRY: Duration = Duration::from_secs(1);
/// And how late at most, unless the issuer asks for more.
const LAST_RETRY: Duration = Duration::from_secs(60);
/// The longest that an issuer is left alone, whatever it asks for.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// All tokens of the process, by whose they are and what they are good for.
pub(crate) struct Tokens {
    fetcher: Fetcher,
    environment: Arc<Environment>,
    control: Handle,
    random: Arc<Random>,
    places: Mutex<BTreeMap<LoadedIdentity, Weak<AccessToken>>>,
    counts: Arc<Counts>,
}

/// Where one token stands. Kept fresh until dropped.
pub(crate) struct AccessToken {
    place: Arc<Place>,
    _keeper: Task,
}

struct Place {
    identity: LoadedIdentity,
    held: ArcSwapOption<Held>,
    /// Why there is no newer one; none where the last request went well.
    trouble: Mutex<Option<String>>,
    /// Whether it was asked for at all.
    tried: watch::Sender<bool>,
}

struct Held {
    token: Secret,
    until: Instant,
}

#[derive(Default)]
struct Counts {
    granted: AtomicU64,
    failed: AtomicU64,
}

/// What there is to say of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenReport {
    pub(crate) identity: LoadedIdentity,
    /// How long it is good for; none where there is none.
    pub(crate) left: Option<Duration>,
    /// Why there is no newer one.
    pub(crate) trouble: Option<String>,
}

impl Tokens {
    /// None yet. They are fetched on that runtime.
    pub(crate) fn new(fetcher: Fetcher, environment: Environment, control: Handle, random: Arc<Random>) -> Self {
        let (places, counts) = (Mutex::default(), Arc::default());
        Self { fetcher, environment: Arc::new(environment), control, random, places, counts }
    }

    /// The place where this token stands: the one in use, or a new one whose token is being fetched.
    pub(crate) fn of(&self, identity: &LoadedIdentity) -> Arc<AccessToken> {
        let mut places = lock(&self.places);
        if let Some(token) = places.get(identity).and_then(Weak::upgrade) {
            return token;
        }
        let (tried, _) = watch::channel(false);
        let place =
            Arc::new(Place { identity: identity.clone(), held: ArcSwapOption::empty(), trouble: Mutex::default(), tried });
        let keeper = Keeper {
            place: Arc::clone(&place),
            fetcher: self.fetcher.clone(),
            environment: Arc::clone(&self.environment),
            random: Arc::clone(&self.random),
            counts: Arc::clone(&self.counts),
        };
        let token = Arc::new(AccessToken { place, _keeper: Task::spawn_on(&self.control, keeper.run()) });
        places.retain(|_, token| token.strong_count() > 0);
        places.insert(identity.clone(), Arc::downgrade(&token));
        token
    }

    /// Waits until each of these was asked for once, but no longer than that. Blocks: not to be called from a task.
    pub(crate) fn wait_for<'t>(&self, tokens: impl IntoIterator<Item = &'t Arc<AccessToken>>, longest: Duration) {
        let tried: Vec<_> = tokens.into_iter().map(|token| token.tried()).collect();
        let all = async {
            for one in tried {
                one.await;
            }
        };
        // Late or not: what came is there, and what did not is fetched on.
        let _late = self.control.block_on(async { tokio::time::timeout(longest, all).await });
    }

    /// What there is to say of each in use, sorted.
    pub(crate) fn reports(&self) -> Vec<TokenReport> {
        let tokens: Vec<_> = lock(&self.places).values().filter_map(Weak::upgrade).collect();
        tokens.iter().map(|token| token.place.report()).collect()
    }

    /// Requests for tokens since the start: granted, failed.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.counts.granted.load(Ordering::Relaxed), self.counts.failed.load(Ordering::Relaxed))
    }
}

impl AccessToken {
    /// The token, if there is one that is still good.
    pub(crate) fn get(&self) -> Option<Secret> {
        let held = self.place.held.load();
        held.as_ref().filter(|held| Instant::now() < held.until).map(|held| held.token.clone())
    }

    /// Done once it was asked for, whatever came of it.
    pub(crate) fn tried(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut tried = self.place.tried.subscribe();
        async move {
            // An error means that nobody asks any more.
            let _gone = tried.wait_for(|tried| *tried).await.is_err();
        }
    }
}

impl Place {
    fn report(&self) -> TokenReport {
        let left = self.held.load().as_ref().and_then(|held| held.until.checked_duration_since(Instant::now()));
        TokenReport { identity: self.identity.clone(), left, trouble: lock(&self.trouble).clone() }
    }
}

struct Keeper {
    place: Arc<Place>,
    fetcher: Fetcher,
    environment: Arc<Environment>,
    random: Arc<Random>,
    counts: Arc<Counts>,
}

impl Keeper {
    async fn run(self) {
        let mut failures = 0_u32;
        loop {
            let pause = match self.environment.token(&self.fetcher, &self.place.identity).await {
                Ok(granted) => {
                    failures = 0;
                    self.granted(granted)
                }
                Err(fault) => {
                    failures = failures.saturating_add(1);
                    self.failed(&fault, failures)
                }
            };
            self.place.tried.send_replace(true);
            tokio::time::sleep(pause).await;
        }
    }

    fn granted(&self, granted: Granted) -> Duration {
        let Granted { token, life } = granted;
        self.counts.granted.fetch_add(1, Ordering::Relaxed);
        let held = Held { token, until: Instant::now() + life };
        if self.place.held.swap(Some(Arc::new(held))).is_none() || lock(&self.place.trouble).take().is_some() {
            let (identity, from) = (&self.place.identity, self.environment.describe());
            tracing::info!(resource = %identity.resource, client_id = identity.client_id, from, life_s = life.as_secs(), "an access token is there");
        }
        renewal(life)
    }

    fn failed(&self, fault: &TokenFault, failures: u32) -> Duration {
        self.counts.failed.fetch_add(1, Ordering::Relaxed);
        let identity = &self.place.identity;
        tracing::warn!(resource = %identity.resource, client_id = identity.client_id, from = self.environment.describe(), error = %fault, "no access token");
        *lock(&self.place.trouble) = Some(fault.to_string());
        if self.place.held.load().as_ref().is_some_and(|held| held.until <= Instant::now()) {
            self.place.held.store(None);
        }
        pause(failures, fault.retry_after(), self.random.next())
    }
}

/// When a token of that life is fetched again.
pub(super) fn renewal(life: Duration) -> Duration {
    (life / 2).max(SOONEST).min(life * 3 / 4)
}

/// When what failed so often in a row is tried again: a fifth sooner or later, so that a fleet does not ask in step, and never before the issuer wants.
pub(crate) fn pause(failures: u32, wanted: Option<Duration>, random: u64) -> Duration {
    let doubled = FIRST_RETRY.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1))).min(LAST_RETRY);
    let share = u32::try_from(random % 401).unwrap_or(0);
    let jittered = doubled.saturating_mul(800 + share) / 1_000;
    jittered.max(wanted.unwrap_or_default().min(LONGEST_PAUSE))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
