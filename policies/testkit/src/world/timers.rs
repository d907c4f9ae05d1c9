//! Timers: who wants to be woken when. What is dropped is forgotten at once.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use aigw_core::{Moment, World};

use super::{Sim, lock};

/// The timers that someone waits for.
#[derive(Default)]
pub(super) struct Timers(Mutex<Running>);

#[derive(Default)]
struct Running {
    /// By time, then in the order in which they were first polled.
    wakers: BTreeMap<(Moment, u64), Waker>,
    next: u64,
}

/// A timer. It runs from its first poll until it fires or is dropped.
pub struct SimSleep {
    sim: Sim,
    at: Moment,
    number: Option<u64>,
}

impl Timers {
    /// When the next one fires.
    pub(super) fn earliest(&self) -> Option<Moment> {
        lock(&self.0).wakers.first_key_value().map(|((at, _), _)| *at)
    }

    /// Wakes whoever waits for `now` or earlier.
    pub(super) fn fire(&self, now: Moment) {
        while let Some(waker) = self.pop(now) {
            waker.wake();
        }
    }

    fn pop(&self, now: Moment) -> Option<Waker> {
        let mut running = lock(&self.0);
        let first = running.wakers.first_entry().filter(|first| first.key().0 <= now)?;
        Some(first.remove())
    }

    fn register(&self, at: Moment, number: &mut Option<u64>, waker: &Waker) {
        let mut running = lock(&self.0);
        let number = *number.get_or_insert_with(|| {
            running.next = running.next.wrapping_add(1);
            running.next
        });
        running.wakers.entry((at, number)).and_modify(|known| known.clone_from(waker)).or_insert_with(|| waker.clone());
    }

    fn forget(&self, at: Moment, number: u64) {
        lock(&self.0).wakers.remove(&(at, number));
    }

    /// How many run.
    #[cfg(test)]
    pub(super) fn running(&self) -> usize {
        lock(&self.0).wakers.len()
    }
}

impl SimSleep {
    pub(super) const fn new(sim: Sim, at: Moment) -> Self {
        Self { sim, at, number: None }
    }

    fn forget(&mut self) {
        if let Some(number) = self.number.take() {
            self.sim.0.timers.forget(self.at, number);
        }
    }
}

impl Future for SimSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if this.sim.now() >= this.at {
            this.forget();
            return Poll::Ready(());
        }
        this.sim.0.timers.register(this.at, &mut this.number, cx.waker());
        Poll::Pending
    }
}

impl Drop for SimSleep {
    fn drop(&mut self) {
        self.forget();
    }
}
