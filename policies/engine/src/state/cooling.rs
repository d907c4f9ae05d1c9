//! How long a target wants to be left alone.

use std::sync::atomic::{AtomicU64, Ordering};

use aigw_core::Moment;

/// The end of a target's cool-down: what its `Retry-After` said, bounded by [`aigw_providers::wire::MAX_RETRY_AFTER`].
#[derive(Debug, Default)]
pub(crate) struct Cooling {
    until_nanos: AtomicU64,
}

impl Cooling {
    /// Leave it alone until `at`; an earlier word does not shorten a longer one.
    pub(crate) fn until(&self, at: Moment) {
        self.until_nanos.fetch_max(at.as_nanos(), Ordering::Relaxed);
    }

    /// When it may be called again; `None` where that is now.
    pub(crate) fn ends(&self, now: Moment) -> Option<Moment> {
        let at = Moment::from_nanos(self.until_nanos.load(Ordering::Relaxed));
        (at > now).then_some(at)
    }
}
