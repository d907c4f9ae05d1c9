//! Secrets in Azure Key Vault: asked for in the background with the token of a managed identity, kept as they were seen last while the vault is
//! away, and never waited for by a request.
//!
//! `GET {url}/secrets/{name}?api-version=7.4` (learn.microsoft.com, "Get Secret - REST API (Azure Key Vault)", 2026-10).

mod answer;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aigw_core::Secret;
use http::HeaderValue;
use http::header::AUTHORIZATION;
use tokio::runtime::Handle;

use self::answer::{Said, VaultFault};
use crate::azure::{AccessToken, pause};
use crate::fetch::{Fetch, Fetcher, is_near};
use crate::world::Random;

const API_VERSION: &str = "7.4";
/// Longest answer: a secret has at most 25 KB there, and more where its characters are escaped.
const MAX_ANSWER_BYTES: usize = 128 * 1024;
/// Longest wait for one answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest that an activation or a start waits for secrets that are nowhere else.
const FIRST_WAIT: Duration = Duration::from_secs(10);
/// How soon a secret that the vault does not have or does not give is asked for again.
const ABSENT_AGAIN: Duration = Duration::from_secs(60);
/// Longest name there.
const MAX_NAME_CHARS: usize = 127;

/// The vault.
pub(crate) struct Vault(Arc<Inner>);

/// What a vault is made from.
pub(crate) struct VaultSetup {
    /// `https://NAME.vault.azure.net`.
    pub(crate) url: String,
    /// How often each secret is asked for.
    pub(crate) refresh: Duration,
    /// What it is asked with.
    pub(crate) token: Arc<AccessToken>,
    pub(crate) fetcher: Fetcher,
    /// Where it is asked from.
    pub(crate) control: Handle,
    pub(crate) random: Arc<Random>,
}

struct Inner {
    setup: VaultSetup,
    entries: Mutex<BTreeMap<String, Entry>>,
    line: Mutex<Line>,
    /// Held by whoever asks: one request at a time.
    turn: tokio::sync::Mutex<()>,
    answered: AtomicU64,
    failed: AtomicU64,
}

/// One secret.
struct Entry {
    value: Option<Secret>,
    /// When the vault last said so.
    confirmed: Option<Instant>,
    due: Instant,
    trouble: Option<String>,
}

/// The way to the vault.
#[derive(Default)]
struct Line {
    failures: u32,
    /// Nothing is asked before then.
    closed_until: Option<Instant>,
    trouble: Option<String>,
}

/// What there is to say of the vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VaultReport {
    pub(crate) url: String,
    /// Why it cannot be asked; none where the last request was answered.
    pub(crate) trouble: Option<String>,
    pub(crate) secrets: Vec<VaultSecretReport>,
    /// Requests since the start that were answered, and that failed.
    pub(crate) answered: u64,
    pub(crate) failed: u64,
}

/// What there is to say of one secret in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VaultSecretReport {
    pub(crate) name: String,
    /// How long ago the vault confirmed the value in use; none where none is.
    pub(crate) age: Option<Duration>,
    /// Why there is no newer one.
    pub(crate) trouble: Option<String>,
}

impl Vault {
    /// A vault that nothing was asked of yet.
    pub(crate) fn new(setup: VaultSetup) -> Self {
        Self(Arc::new(Inner {
            setup,
            entries: Mutex::default(),
            line: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            answered: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        }))
    }

    /// From now on these are asked for, and no others.
    pub(crate) fn want(&self, names: BTreeSet<String>) {
        let now = Instant::now();
        let mut entries = lock(&self.0.entries);
        entries.retain(|name, _| names.contains(name));
        for name in names {
            entries.entry(name).or_insert_with_key(|name| Entry::new(name, now));
        }
    }

    /// Asks for what is due, and waits for it within bounds. Blocks: not to be called from a task.
    pub(crate) fn wait(&self) {
        if self.0.due().is_empty() {
            return;
        }
        let inner = Arc::clone(&self.0);
        // Late or not: what came is there, and the rest is asked for in the background.
        let _late = self.0.setup.control.block_on(async move { tokio::time::timeout(FIRST_WAIT, inner.refresh()).await });
    }

    /// Asks for what is due; whether anything was.
    pub(crate) fn refresh(&self) -> impl Future<Output = bool> + Send + use<> {
        let inner = Arc::clone(&self.0);
        async move { inner.refresh().await }
    }

    /// A secret as it was seen last.
    pub(crate) fn get(&self, name: &str) -> Option<Secret> {
        lock(&self.0.entries).get(name)?.value.clone()
    }

    /// Whether it is asked for a secret of which it has said nothing yet.
    pub(crate) fn is_asking(&self, name: &str) -> bool {
        lock(&self.0.entries).get(name).is_some_and(|entry| entry.confirmed.is_none() && entry.trouble.is_none())
    }

    /// What there is to say of it.
    pub(crate) fn report(&self) -> VaultReport {
        let secrets = lock(&self.0.entries).iter().map(|(name, entry)| entry.report(name)).collect();
        VaultReport {
            url: self.0.setup.url.clone(),
            trouble: lock(&self.0.line).trouble.clone(),
            secrets,
            answered: self.0.answered.load(Ordering::Relaxed),
            failed: self.0.failed.load(Ordering::Relaxed),
        }
    }
}

impl Inner {
    /// One round over what is due by now.
    async fn refresh(&self) -> bool {
        let _turn = self.turn.lock().await;
        let due = self.due();
        for name in &due {
            match self.ask(name).await {
                Ok(said) => self.said(name, said),
                Err(fault) => {
                    self.failed(&fault);
                    break;
                }
            }
        }
        !due.is_empty()
    }

    /// The names whose time has come; none while the vault is to be left alone.
    fn due(&self) -> Vec<String> {
        let now = Instant::now();
        if lock(&self.line).closed_until.is_some_and(|until| now < until) {
            return Vec::new();
        }
        let entries = lock(&self.entries);
        let due = entries.iter().filter(|(name, entry)| entry.due <= now && is_vault_name(name));
        due.map(|(name, _)| name.clone()).collect()
    }

    async fn ask(&self, name: &str) -> Result<Said, VaultFault> {
        let VaultSetup { url, token, fetcher, .. } = &self.setup;
        token.tried().await;
        let token = token.get().ok_or(VaultFault::NoToken)?;
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose())).map_err(|_| VaultFault::NoToken)?;
        bearer.set_sensitive(true);
        let url = format!("{url}/secrets/{name}?api-version={API_VERSION}");
        let headers = [(AUTHORIZATION, bearer)].into_iter().collect();
        answer::read(&fetcher.fetch(Fetch { headers, ..Fetch::get(&url, MAX_ANSWER_BYTES, TIMEOUT) }).await?)
    }

    /// The vault answered.
    fn said(&self, name: &str, said: Said) {
        self.answered.fetch_add(1, Ordering::Relaxed);
        let line = std::mem::take(&mut *lock(&self.line));
        if line.trouble.is_some() {
            tracing::info!(url = self.setup.url, "the key vault answers again");
        }
        let mut entries = lock(&self.entries);
        let Some(entry) = entries.get_mut(name) else { return };
        let now = Instant::now();
        let again = self.setup.refresh.min(ABSENT_AGAIN);
        let (due, trouble) = match said {
            Said::Value(secret) => {
                (entry.value, entry.confirmed) = (Some(secret), Some(now));
                (self.jittered(self.setup.refresh), None)
            }
            Said::Gone(why) => {
                (entry.value, entry.confirmed) = (None, Some(now));
                (again, Some(why))
            }
            Said::Refused(why) => (again, Some(why)),
        };
        entry.due = now + due;
        if let Some(why) = trouble.as_ref().filter(|why| entry.trouble.as_ref() != Some(why)) {
            tracing::warn!(secret = name, why, "the key vault does not give a secret");
        }
        entry.trouble = trouble;
    }

    /// It did not.
    fn failed(&self, fault: &VaultFault) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        let mut line = lock(&self.line);
        line.failures = line.failures.saturating_add(1);
        let pause = pause(line.failures, fault.retry_after(), self.setup.random.next());
        line.closed_until = Some(Instant::now() + pause);
        tracing::warn!(url = self.setup.url, error = %fault, retry_in_ms = pause.as_millis(), "the key vault cannot be asked; what it said last stays in use");
        line.trouble = Some(fault.to_string());
    }

    /// A tenth sooner or later, so that a fleet does not ask in step.
    fn jittered(&self, time: Duration) -> Duration {
        let share = u32::try_from(self.setup.random.next() % 201).unwrap_or(0);
        time.saturating_mul(900 + share) / 1_000
    }
}

impl Entry {
    fn new(name: &str, now: Instant) -> Self {
        let trouble = (!is_vault_name(name)).then(|| {
            tracing::warn!(secret = name, "a secret has no value, and a name that no secret in a key vault can have");
            "names in a key vault have only letters, digits and `-`: rename it, or give it in a file or variable".to_owned()
        });
        Self { value: None, confirmed: None, due: now, trouble }
    }

    fn report(&self, name: &str) -> VaultSecretReport {
        let age = self.confirmed.filter(|_| self.value.is_some()).map(|confirmed| confirmed.elapsed());
        VaultSecretReport { name: name.to_owned(), age, trouble: self.trouble.clone() }
    }
}

/// Whether a secret in a vault can have that name (learn.microsoft.com, "Azure Key Vault keys, secrets and certificates overview", 2026-10).
fn is_vault_name(name: &str) -> bool {
    (1..=MAX_NAME_CHARS).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Whether that can be a vault's address: `https` and a host, or `http` and this machine.
pub(crate) fn is_vault_url(url: &str) -> bool {
    let Ok(uri) = url.parse::<http::Uri>() else { return false };
    let host = uri.host().map(|host| host.trim_matches(['[', ']'])).unwrap_or_default();
    let plain = uri.scheme_str() == Some("http") && is_near(host);
    let authority = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    (uri.scheme_str() == Some("https") || plain)
        && authority
        && matches!(uri.path(), "" | "/")
        && uri.query().is_none()
        && !url.contains('#')
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
