//! When each declared credential was used last. Nothing of a key is here: only the names that logs have too.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use aigw_core::{Record, Timestamp};
use aigw_kinds::{IssuerId, Program};

/// What stands for a credential that was not used since the process began.
const NEVER: i64 = i64::MIN;
/// How exactly uses are kept, in milliseconds: within it, a busy credential costs no store.
const EXACT_MILLIS: i64 = 1_000;

/// Uses by consumer and credential, for as long as a generation declares it: what the next generation declares too goes on.
#[derive(Debug, Default)]
pub(crate) struct Uses(Mutex<BTreeMap<(String, String), Weak<AtomicI64>>>);

/// The credentials of one generation.
#[derive(Debug, Default)]
pub(crate) struct CallerCredentials {
    all: Vec<CredentialUse>,
    by_name: HashMap<String, Vec<usize>, foldhash::fast::FixedState>,
}

/// A declared credential and when it was used.
#[derive(Debug)]
pub(crate) struct CredentialUse {
    pub(crate) name: String,
    pub(crate) consumer: String,
    pub(crate) not_before: Option<Timestamp>,
    pub(crate) not_after: Option<Timestamp>,
    used: Arc<AtomicI64>,
}

impl Uses {
    /// The credentials that a program declares, with the uses that are known of them.
    pub(crate) fn of(&self, program: &Program) -> CallerCredentials {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, used| used.strong_count() > 0);
        let mut credentials = CallerCredentials::default();
        for consumer in &program.consumers {
            let keys = consumer.keys.iter().map(|key| (&key.id, key.not_before, key.not_after));
            let certificates = consumer.certificates.iter().map(|certificate| (&certificate.id, None, None));
            // Records name tokens by their issuer, whichever of its claims made them this consumer's.
            let issuers: BTreeSet<IssuerId> = consumer.tokens.iter().map(|token| token.issuer).collect();
            let tokens = issuers.into_iter().filter_map(|issuer| Some((&issuer.of(program)?.name, None, None)));
            for (id, not_before, not_after) in keys.chain(certificates).chain(tokens) {
                let (consumer, name) = (consumer.origin.name.to_string(), id.to_string());
                let whose = (consumer.clone(), name.clone());
                let used = known.get(&whose).and_then(Weak::upgrade).unwrap_or_else(|| Arc::new(AtomicI64::new(NEVER)));
                known.insert(whose, Arc::downgrade(&used));
                credentials.by_name.entry(name.clone()).or_default().push(credentials.all.len());
                credentials.all.push(CredentialUse { name, consumer, not_before, not_after, used });
            }
        }
        credentials
    }
}

impl CallerCredentials {
    /// A request that a credential proved is over.
    pub(crate) fn used(&self, record: &Record) {
        let (Some(name), Some(consumer)) = (&record.credential, &record.consumer) else { return };
        // Nearly always one: names of certificates are unique within a consumer only.
        let found = self.by_name.get(&**name).into_iter().flatten().filter_map(|at| self.all.get(*at));
        found.filter(|credential| credential.consumer == **consumer).for_each(|credential| credential.at(record.time));
    }

    /// All of them, in the order of consumers' names, then keys and certificates as they are written, then issuers of tokens.
    pub(crate) fn all(&self) -> &[CredentialUse] {
        &self.all
    }
}

impl CredentialUse {
    fn at(&self, time: Timestamp) {
        let now = time.as_millis();
        // Of two requests that end at once either may win: they differ by less than anybody reads.
        if now.saturating_sub(self.used.load(Ordering::Relaxed)) >= EXACT_MILLIS {
            self.used.store(now, Ordering::Relaxed);
        }
    }

    /// When a request began that it proved, the last one; to the second.
    pub(crate) fn last_used(&self) -> Option<Timestamp> {
        let millis = self.used.load(Ordering::Relaxed);
        (millis != NEVER).then(|| Timestamp::from_millis(millis))
    }
}
