//! The one task that activates bundles: it waits for a change, a request or its own clock, and makes one attempt at a time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use aigw_bundle::State;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::activate::Attempt;
use super::record::{ActivationRecord, ActivationResult};
use super::source::{Fault, Fingerprint, Source, Trust};
use super::store::Store;
use super::watch::Watch;
use crate::audit::{Activation, AuditEvent, Trigger};
use crate::process::Process;
use crate::tasks;

/// How long a source must be quiet before it is read: editors and copies write in several steps.
const QUIET: Duration = Duration::from_millis(50);
/// The longest that one that is never quiet is waited for.
const LONGEST_NOISE: Duration = Duration::from_millis(500);
/// How often a source is looked at without being told that it changed.
const POLL: Duration = Duration::from_secs(2);
/// How soon what may have been bad luck is tried again; doubled each time.
const FIRST_RETRY: Duration = Duration::from_secs(1);
/// And how late at most.
const LAST_RETRY: Duration = Duration::from_secs(60);

/// Asks for an attempt, and for its record.
pub(crate) struct Request {
    /// Who asks: a call or a signal.
    pub(crate) trigger: Trigger,
    /// Where the record goes.
    pub(crate) reply: oneshot::Sender<ActivationRecord>,
}

/// Activates what its source gives.
pub(crate) struct Reloader {
    process: Arc<Process>,
    source: Box<dyn Source>,
    store: Option<Store>,
    state: State,
    seen: Option<Fingerprint>,
    /// When to try again what failed for a reason that may pass, and the delay that led there.
    retry: Option<(Instant, Duration)>,
    changed: Arc<Notify>,
    _watch: Option<Watch>,
}

/// What to do next.
enum Next {
    IfChanged,
    Retry,
    Asked(Request),
    End,
}

impl Reloader {
    /// Watches the source from now on, and has read nothing of it yet. `store` is what [`Store::open`] gave.
    pub(crate) fn new(process: Arc<Process>, source: Box<dyn Source>, store: Option<(Store, State)>) -> Self {
        let (store, state) =
            store.filter(|_| source.is_remembered()).map_or((None, State::default()), |(store, state)| (Some(store), state));
        let changed = Arc::new(Notify::new());
        let watch = source.watched().and_then(|watched| Watch::start(&watched, Arc::clone(&changed)));
        Self { process, source, store, state, seen: None, retry: None, changed, _watch: watch }
    }

    /// The first attempt; where it fails, the last good bundle. Blocks.
    pub(crate) fn start(&mut self) -> ActivationRecord {
        let record = self.attempt(Trigger::Start);
        if self.process.generations.current().is_none() {
            self.last_good();
        }
        record
    }

    /// Activates until nobody can ask any more.
    pub(crate) async fn run(mut self, mut asked: mpsc::Receiver<Request>) {
        let changed = Arc::clone(&self.changed);
        loop {
            let retry = self.retry.map(|(at, _)| at);
            let (trigger, reply) = match next(retry, &changed, &mut asked).await {
                Next::End => return,
                Next::Asked(request) => (request.trigger, Some(request.reply)),
                Next::Retry => (Trigger::Retry, None),
                Next::IfChanged => {
                    let Some((back, differs)) = tasks::blocking(move || self.differs()).await else { return };
                    self = back;
                    if !differs {
                        continue;
                    }
                    (Trigger::Change, None)
                }
            };
            let Some((back, record)) = tasks::blocking(move || {
                let record = self.attempt(trigger);
                (self, record)
            })
            .await
            else {
                return;
            };
            self = back;
            if let Some(reply) = reply
                && reply.send(record).is_err()
            {
                tracing::debug!("whoever asked for a reload did not wait for its result");
            }
        }
    }

    /// A fifth more or less, so that a fleet does not ask in step.
    fn jittered(&self, delay: Duration) -> Duration {
        let share = u32::try_from(self.process.random.next() % 401).unwrap_or(0);
        delay.saturating_mul(800 + share) / 1_000
    }

    fn differs(mut self) -> (Self, bool) {
        let differs = self.seen != Some(self.source.fingerprint());
        (self, differs)
    }

    fn attempt(&mut self, trigger: Trigger) -> ActivationRecord {
        self.seen = Some(self.source.fingerprint());
        let mut attempt = Attempt::begin(self.source.describe(), trigger, self.in_force());
        let ended = guarded(|| {
            let (trust, bundle) = (self.source.trust()?, self.source.fetch()?);
            attempt.fetched();
            self.activate(&mut attempt, &bundle, &trust)
        });
        let transient = matches!(&ended, Err(fault) if fault.transient);
        self.retry = transient.then(|| {
            let delay = self.retry.map_or(FIRST_RETRY, |(_, last)| last.saturating_mul(2).min(LAST_RETRY));
            (Instant::now() + self.jittered(delay), delay)
        });
        if ended.is_ok() {
            self.process.runs_last_good(false);
        }
        self.record(attempt.end(ended))
    }

    /// What was good when the process ran last.
    fn last_good(&mut self) {
        let Some(store) = self.store.clone() else { return };
        let mut attempt = Attempt::begin(store.describe(), Trigger::LastGood, self.in_force());
        let ended = guarded(|| {
            let bundle = store.bundle()?.ok_or_else(|| Fault::lasting("no_last_good", "no bundle was kept"))?;
            // Whom it must be signed by is the source's to say, so that a key revoked since then is revoked here too.
            let trust = self.source.trust()?;
            attempt.fetched();
            self.activate(&mut attempt, &bundle, &trust)
        });
        self.process.runs_last_good(ended.is_ok());
        self.record(attempt.end(ended));
    }

    /// The digest of what is in force.
    fn in_force(&self) -> Option<String> {
        self.process.generations.with_current(|generation| generation.digest.to_string())
    }

    fn activate(&mut self, attempt: &mut Attempt, bundle: &[u8], trust: &Trust) -> Result<ActivationResult, Fault> {
        let forgotten = State::default();
        let known = if self.source.is_remembered() { &self.state } else { &forgotten };
        let in_force = attempt.activate(&self.process, bundle, trust, known)?;
        if let Some(before) = in_force.before {
            self.process.retire(before);
        }
        if in_force.state != self.state {
            self.state = in_force.state;
            if let Some(store) = &self.store
                && let Err(error) = store.keep(bundle, &self.state)
            {
                tracing::error!(%error, "the bundle is in force but could not be kept for the next start");
            }
        }
        Ok(in_force.result)
    }

    fn record(&self, (record, audited): (ActivationRecord, Activation)) -> ActivationRecord {
        // What is in force is so whatever becomes of this line; the trail has told of its own fault.
        drop(self.process.audit.write(AuditEvent::Activation(Box::new(audited))));
        let (result, reason) = (record.result.as_str(), record.reason.as_deref().unwrap_or_default());
        let (digest, micros) = (record.digest.as_deref().unwrap_or_default(), record.durations.total_micros);
        match record.result {
            ActivationResult::Activated | ActivationResult::Unchanged => {
                tracing::info!(source = record.source, result, digest, sequence = record.sequence, micros, "policies loaded");
            }
            ActivationResult::Refused | ActivationResult::Failed => {
                let message = record.message.as_deref().unwrap_or_default();
                tracing::error!(source = record.source, result, reason, digest, micros, error = message, "policies not loaded");
            }
        }
        self.process.history.push(record.clone());
        record
    }
}

async fn next(retry: Option<Instant>, changed: &Notify, asked: &mut mpsc::Receiver<Request>) -> Next {
    let poll = Instant::now() + POLL;
    tokio::select! {
        request = asked.recv() => request.map_or(Next::End, Next::Asked),
        () = quiet_after(changed) => Next::IfChanged,
        () = sleep_until(retry.unwrap_or(poll)), if retry.is_some() => Next::Retry,
        () = sleep_until(poll) => Next::IfChanged,
    }
}

/// Done once a change was told and nothing more was for a while.
async fn quiet_after(changed: &Notify) {
    changed.notified().await;
    let latest = Instant::now() + LONGEST_NOISE;
    while Instant::now() < latest && timeout_at(Instant::now() + QUIET, changed.notified()).await.is_ok() {}
}

/// A bundle that makes us panic is our bug, and no reason to never look at another.
fn guarded<T>(attempt: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(attempt))
        .unwrap_or_else(|_| Err(Fault::lasting("internal_error", "loading the bundle failed for a fault of the gateway's own")))
}
