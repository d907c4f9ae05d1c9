//! One counter: what one rule has counted for one key.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;

use aigw_core::{ClaimAmount, Millis};

/// How many stretches a window is cut into. What falls into one stretch leaves the window together, with its last: the count may be too high by what
/// a sixty-second of the window held, and is never too low.
const STRETCHES: u64 = 62;
const NANOS_PER_MILLI: u64 = 1_000_000;

/// What one rule has counted for one key.
#[derive(Debug)]
pub(super) struct Cell {
    key: Arc<str>,
    /// Oldest first; at most two more than [`STRETCHES`].
    buckets: VecDeque<Bucket>,
    /// When the newest bucket began.
    begun: u64,
    /// All that the buckets hold.
    total: u64,
    /// When the newest leaves its window.
    expires: u64,
    /// Permits that are held.
    held: u64,
    /// How many may be, as whoever asked last said.
    permits: u64,
    waiters: Vec<(u64, Waker)>,
}

/// What was taken in one stretch.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// When the last of it was taken.
    last: u64,
    count: u64,
}

/// Whether an amount fits beside `before`, which is about to be taken from the same cell; if not, when it can, where time alone can tell.
pub(super) fn fits(cell: Option<&mut Cell>, amount: ClaimAmount, before: u64, now: u64) -> Result<(), Option<Millis>> {
    match amount {
        ClaimAmount::Permit { limit } => {
            let held = cell.map_or(0, |cell| cell.held);
            if held.saturating_add(before) < limit { Ok(()) } else { Err(None) }
        }
        ClaimAmount::Window { take, limit, window } => {
            let wanted = before.saturating_add(take);
            let Some(cell) = cell else { return if wanted <= limit { Ok(()) } else { Err(Some(window)) } };
            cell.expire(now, window);
            let free = limit.saturating_sub(cell.total);
            let over = cell.total.saturating_sub(limit).saturating_add(wanted.saturating_sub(free));
            if wanted <= free { Ok(()) } else { Err(Some(cell.until_gone(over, now, window))) }
        }
    }
}

impl Cell {
    /// A counter that was asked for at `now` and has counted nothing.
    pub(super) fn new(key: Arc<str>, now: u64) -> Self {
        let expires = now.saturating_add(1);
        Self { key, buckets: VecDeque::new(), begun: 0, total: 0, expires, held: 0, permits: 0, waiters: Vec::new() }
    }

    /// Whom it counts.
    pub(super) fn key(&self) -> &Arc<str> {
        &self.key
    }

    /// Takes what [`fits`] has found to fit. Gives what remains.
    pub(super) fn take(&mut self, amount: ClaimAmount, now: u64) -> u64 {
        match amount {
            ClaimAmount::Permit { limit } => {
                self.permits = limit;
                self.held = self.held.saturating_add(1);
                limit.saturating_sub(self.held)
            }
            ClaimAmount::Window { take, limit, window } => {
                self.count(take, now, window);
                limit.saturating_sub(self.total)
            }
        }
    }

    fn count(&mut self, take: u64, now: u64, window: Millis) {
        // A caller that read its clock before another, and comes after it, counts from when it came.
        let now = self.buckets.back().map_or(now, |newest| now.max(newest.last));
        let stretch = nanos(window).div_ceil(STRETCHES);
        match self.buckets.back_mut() {
            Some(newest) if now < self.begun.saturating_add(stretch) => {
                *newest = Bucket { last: now, count: newest.count.saturating_add(take) };
            }
            _ => {
                self.begun = now;
                self.buckets.push_back(Bucket { last: now, count: take });
            }
        }
        self.total = self.total.saturating_add(take);
        self.expires = now.saturating_add(nanos(window));
    }

    /// Lets go of what has left the window.
    fn expire(&mut self, now: u64, window: Millis) {
        while let Some(oldest) = self.buckets.front().filter(|oldest| oldest.last.saturating_add(nanos(window)) <= now) {
            self.total = self.total.saturating_sub(oldest.count);
            self.buckets.pop_front();
        }
    }

    /// How long until so many have left the window; the whole window where there are not so many.
    fn until_gone(&self, many: u64, now: u64, window: Millis) -> Millis {
        let mut gone = 0_u64;
        let enough = self.buckets.iter().find(|bucket| {
            gone = gone.saturating_add(bucket.count);
            gone >= many
        });
        let left = |bucket: &Bucket| bucket.last.saturating_add(nanos(window)).saturating_sub(now);
        enough.map_or(window, |bucket| Millis::new(left(bucket).div_ceil(NANOS_PER_MILLI)))
    }

    /// Whether forgetting it would change an answer.
    pub(super) fn is_live(&self, now: u64) -> bool {
        self.held > 0 || !self.waiters.is_empty() || self.expires > now
    }

    /// When it can be forgotten, if nobody holds or waits for a permit.
    pub(super) fn expires(&self) -> u64 {
        self.expires
    }

    /// Says how many permits there are.
    pub(super) fn set_permits(&mut self, permits: u64) {
        self.permits = permits;
    }

    /// Gives a permit back. Those who wait are to be woken.
    pub(super) fn release(&mut self) -> Vec<(u64, Waker)> {
        self.held = self.held.saturating_sub(1);
        std::mem::take(&mut self.waiters)
    }

    /// Whether a permit is free.
    pub(super) fn has_permit(&self) -> bool {
        self.held < self.permits
    }

    /// Has this waiter woken at the next release.
    pub(super) fn wait(&mut self, id: u64, waker: &Waker) {
        match self.waiters.iter_mut().find(|(waiting, _)| *waiting == id) {
            Some((_, known)) => known.clone_from(waker),
            None => self.waiters.push((id, waker.clone())),
        }
    }

    /// Forgets a waiter.
    pub(super) fn leave(&mut self, id: u64) {
        self.waiters.retain(|(waiting, _)| *waiting != id);
    }

    #[cfg(test)]
    pub(super) fn buckets(&self) -> usize {
        self.buckets.len()
    }
}

fn nanos(window: Millis) -> u64 {
    window.as_millis().saturating_mul(NANOS_PER_MILLI)
}
