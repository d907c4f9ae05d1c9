//! The end of a request, whatever it was: permits go back and the decision record is handed over, exactly once, because both happen in `Drop`.

use std::borrow::Cow;
use std::sync::Arc;

use aigw_core::{Attempt, AttemptOutcome, ErrorCode, Moment, Outcome, Permit, Phase, Record, SkipReason, Skipped, World};
use aigw_kinds::ProductId;

use crate::answer::EventStream;
use crate::call::{TERMINAL_SUPPLIED, followed};
use crate::counters::Notes;
use crate::engine::Fixed;

/// What must happen even where the client has gone. Whoever holds it keeps the request open; dropping it settles.
pub(crate) struct Settlement<W: World> {
    pub(crate) world: W,
    /// What the program says about how things are shown.
    pub(crate) fixed: Arc<Fixed>,
    /// What policies decided and limits had left, in order.
    pub(crate) notes: Notes,
    /// The record so far. It says `cancelled` until something better is known.
    pub(crate) record: Record,
    /// The product that the request is under.
    pub(crate) product: Option<ProductId>,
    /// Held while the request is in flight.
    pub(crate) permits: Vec<Permit>,
    /// When the request's head had been read.
    pub(crate) began: Moment,
    /// Time in each phase that ran, in microseconds.
    timings: Vec<(Cow<'static, str>, u64)>,
    /// When the attempt that runs was sent.
    sent: Option<Moment>,
}

impl<W: World> Settlement<W> {
    pub(crate) fn new(world: W, fixed: Arc<Fixed>, began: Moment, record: Record) -> Self {
        let timings = Vec::with_capacity(aigw_core::PHASES.len() + 1);
        Self { world, fixed, notes: Notes::default(), record, product: None, permits: Vec::new(), began, timings, sent: None }
    }

    /// Notes how long a phase took.
    pub(crate) fn spent(&mut self, phase: Phase, began: Moment, ended: Moment) {
        self.timings.push((phase.as_str().into(), ended.micros_since(began)));
    }

    /// Notes that a target was passed over.
    pub(crate) fn skipped(&mut self, target: &Arc<str>, reason: SkipReason) {
        self.record.skipped.push(Skipped { target: Arc::clone(target), reason, note: None });
    }

    /// Notes that a target is being called. Until [`Settlement::answered`] the attempt counts as cancelled.
    pub(crate) fn sent(&mut self, target: Arc<str>, at: Moment) {
        followed(&mut self.record.attempts);
        let outcome = AttemptOutcome::Cancelled;
        let fallback = self.record.fallback_from.as_ref().and(self.record.model.clone());
        self.record.attempts.push(Attempt { target, fallback, status: None, micros: 0, outcome, reason: None });
        self.sent = Some(at);
    }

    /// Notes what came of the last attempt.
    pub(crate) fn answered(&mut self, status: Option<u16>, outcome: AttemptOutcome, reason: Option<String>) {
        let now = self.world.now();
        let sent = self.sent.take();
        if let Some(attempt) = self.record.attempts.last_mut() {
            if let Some(sent) = sent {
                attempt.micros = now.micros_since(sent);
            }
            attempt.status = status.or(attempt.status);
            attempt.outcome = outcome;
            attempt.reason = reason;
        }
    }

    /// The answer went out completely.
    pub(crate) fn completed(&mut self) {
        self.record.outcome = Outcome::Completed;
    }

    /// The request failed at or behind a target after the answer had begun.
    pub(crate) fn failed(&mut self, code: ErrorCode) {
        self.record.outcome = Outcome::Failed;
        self.record.code = Some(code);
        if let Some(attempt) = self.record.attempts.last_mut() {
            attempt.outcome = AttemptOutcome::Failed;
            attempt.reason.get_or_insert_with(|| code.as_str().to_owned());
        }
    }

    /// A stream has ended: keeps its usage, and what was odd about it.
    pub(crate) fn stream_ended(&mut self, events: &EventStream<W>, supplied: bool) {
        self.record.usage = events.usage().map(Into::into);
        let unreadable = events.unreadable();
        if let Some(attempt) = self.record.attempts.last_mut() {
            if supplied {
                attempt.reason = Some(TERMINAL_SUPPLIED.to_owned());
            } else if unreadable > 0 {
                attempt.reason = Some(format!("{unreadable} unreadable events dropped"));
            }
        }
    }

    fn close_attempt(&mut self, now: Moment) {
        let sent = self.sent.take();
        let cancelled = self.record.outcome == Outcome::Cancelled;
        if let Some(attempt) = self.record.attempts.last_mut() {
            if let Some(sent) = sent {
                attempt.micros = now.micros_since(sent);
            }
            if cancelled && attempt.outcome == AttemptOutcome::Served {
                attempt.outcome = AttemptOutcome::Cancelled;
            }
        }
    }
}

impl<W: World> Drop for Settlement<W> {
    fn drop(&mut self) {
        let settling = self.world.now();
        self.close_attempt(settling);
        self.permits.clear();
        let ended = self.world.now();
        self.spent(Phase::Settle, settling, ended);
        let mut record = std::mem::take(&mut self.record);
        let loaded = &self.fixed.loaded;
        record.policies = self.notes.decisions.drain(..).map(|decision| loaded.verdict(decision)).collect();
        record.limits = self.notes.readings.iter().map(|reading| loaded.limit_state(reading)).collect();
        record.timings = std::mem::take(&mut self.timings);
        record.timings.push(("total".into(), ended.micros_since(self.began)));
        self.world.finish(record);
    }
}
