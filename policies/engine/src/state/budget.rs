//! How many retries a provider can be burdened with.

use std::sync::atomic::{AtomicU64, Ordering};

use aigw_core::{Moment, Share};

/// Retries are a share of what was sent in this many seconds.
const WINDOW_SECS: u8 = 10;
/// So many retries in a window are always allowed: a share of few requests is none.
const FREE_RETRIES: u64 = 10;

const COUNT_BITS: u32 = 20;
const COUNT_MASK: u64 = (1 << COUNT_BITS) - 1;
const SECOND_MASK: u64 = (1 << (64 - 2 * COUNT_BITS)) - 1;

/// Requests and retries of the last ten seconds, one atomic a second: 24 bits of the second, 20 of requests, 20 of retries, both saturating.
/// Two retries that ask at once can both get the last place; the budget is a brake, not an account.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    seconds: [AtomicU64; WINDOW_SECS as usize],
}

impl Budget {
    /// Counts a request to the provider.
    pub(crate) fn sent(&self, now: Moment, retry: bool) {
        let second = second_of(now);
        let Some(slot) = self.slot(second) else { return };
        let _ = slot.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |packed| {
            let (stands_for, requests, retries) = unpack(packed);
            let (requests, retries) = if stands_for == second { (requests, retries) } else { (0, 0) };
            Some(pack(second, requests + 1, retries + u64::from(retry)))
        });
    }

    /// Whether one more retry is within the share.
    pub(crate) fn allows(&self, now: Moment, share: Share) -> bool {
        let second = second_of(now);
        let (mut requests, mut retries) = (0, 0);
        for back in 0..u64::from(WINDOW_SECS) {
            let wanted = second.wrapping_sub(back) & SECOND_MASK;
            let Some(slot) = self.slot(wanted) else { continue };
            let (stands_for, sent, again) = unpack(slot.load(Ordering::Relaxed));
            if stands_for == wanted {
                requests += sent;
                retries += again;
            }
        }
        retries < FREE_RETRIES || (retries + 1) * 1_000_000 <= requests * u64::from(share.as_ppm())
    }

    fn slot(&self, second: u64) -> Option<&AtomicU64> {
        self.seconds.get(usize::try_from(second % u64::from(WINDOW_SECS)).ok()?)
    }
}

const fn second_of(now: Moment) -> u64 {
    // From 1, so that an untouched slot stands for no second that is asked for.
    (now.as_nanos() / 1_000_000_000 + 1) & SECOND_MASK
}

const fn unpack(packed: u64) -> (u64, u64, u64) {
    (packed >> (2 * COUNT_BITS), (packed >> COUNT_BITS) & COUNT_MASK, packed & COUNT_MASK)
}

fn pack(second: u64, requests: u64, retries: u64) -> u64 {
    (second << (2 * COUNT_BITS)) | (requests.min(COUNT_MASK) << COUNT_BITS) | retries.min(COUNT_MASK)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENTH: Share = Share::from_ppm(100_000);

    fn at(secs: u64) -> Moment {
        Moment::from_nanos(secs * 1_000_000_000)
    }

    #[test]
    fn the_first_ten_retries_are_free_and_then_the_share_decides() {
        let budget = Budget::default();
        for _ in 0..10 {
            assert!(budget.allows(at(5), TENTH));
            budget.sent(at(5), true);
        }
        assert!(!budget.allows(at(5), TENTH));
        for _ in 0..100 {
            budget.sent(at(6), false);
        }
        assert!(budget.allows(at(6), TENTH));
        budget.sent(at(6), true);
        assert!(!budget.allows(at(6), TENTH));
    }

    #[test]
    fn what_is_ten_seconds_old_counts_no_more() {
        let budget = Budget::default();
        for _ in 0..10 {
            budget.sent(at(5), true);
        }
        assert!(!budget.allows(at(14), TENTH));
        assert!(budget.allows(at(15), TENTH));
    }

    #[test]
    fn counts_saturate_and_never_spill_into_each_other() {
        assert_eq!(unpack(pack(3, COUNT_MASK + 1, COUNT_MASK + 1)), (3, COUNT_MASK, COUNT_MASK));
    }
}
