//! How far a client is behind with what it should take. Waiting for it adds to what it owes, each byte that it takes pays some back, and whoever owes
//! more than the bound is cut off: one that takes nothing as soon as one that takes a byte now and then.

use std::time::{Duration, Instant};

/// What one client owes.
#[derive(Debug, Default)]
pub(super) struct Pace {
    owed: Duration,
    waiting_since: Option<Instant>,
}

impl Pace {
    /// From now on it is waited for, unless it is already.
    pub(super) fn waits(&mut self, now: Instant) {
        self.waiting_since.get_or_insert(now);
    }

    /// It took so many bytes; each second's worth, at `rate` bytes a second, pays for a second of waiting. With a rate of 0 any byte pays for all.
    pub(super) fn took(&mut self, bytes: u64, rate: u64, now: Instant) {
        if let Some(since) = &mut self.waiting_since {
            self.owed = self.owed.saturating_add(now.saturating_duration_since(*since));
            *since = now;
        }
        let paid = bytes.saturating_mul(1_000).checked_div(rate).map_or(Duration::MAX, Duration::from_millis);
        self.owed = self.owed.saturating_sub(paid);
    }

    /// It is waited for no longer.
    pub(super) fn rests(&mut self) {
        self.waiting_since = None;
    }

    /// When it will owe more than `bound`; `None` while it is not waited for.
    pub(super) fn due(&self, bound: Duration) -> Option<Instant> {
        self.waiting_since.map(|since| since + bound.saturating_sub(self.owed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// After how many seconds a client is cut off that takes so many bytes each second; `None` where it never is.
    fn cut_after(bytes: u64, rate: u64) -> Option<u64> {
        let begun = Instant::now();
        let mut pace = Pace::default();
        pace.waits(begun);
        (1..1_000).find(|second| {
            let now = begun + SECOND * u32::try_from(*second).unwrap_or(u32::MAX);
            let over = pace.due(10 * SECOND).is_some_and(|due| due <= now);
            pace.took(bytes, rate, now);
            over
        })
    }

    #[test]
    fn whoever_is_slower_than_the_rate_is_cut_off_sooner_or_later_and_nobody_else() {
        assert_eq!((cut_after(0, 100), cut_after(50, 100), cut_after(99, 100)), (Some(10), Some(19), Some(901)));
        assert_eq!((cut_after(100, 100), cut_after(1_000_000, 100)), (None, None));
        assert_eq!((cut_after(1, 0), cut_after(0, 1)), (None, Some(10)));
    }

    #[test]
    fn what_was_taken_before_does_not_pay_for_what_comes_later_and_rest_costs_nothing() {
        let begun = Instant::now();
        let mut pace = Pace::default();
        pace.took(1_000_000, 1, begun);
        pace.waits(begun);
        assert_eq!(pace.due(10 * SECOND), Some(begun + 10 * SECOND));
        pace.took(0, 1, begun + 4 * SECOND);
        pace.rests();
        assert_eq!(pace.due(10 * SECOND), None);
        pace.waits(begun + 100 * SECOND);
        assert_eq!(pace.due(10 * SECOND), Some(begun + 106 * SECOND));
    }
}
