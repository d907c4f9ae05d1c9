//! The store of limits: the one that serves from memory, which can be taken down.

use std::sync::atomic::{AtomicBool, Ordering};

use aigw_core::{Admission, Claim, Counters, Moment, StoreError};
use aigw_engine::counters::MemoryCounters;

/// The store of limits. While it is down it counts nothing, and what it had counted stays.
#[derive(Debug)]
pub struct SimCounters {
    memory: MemoryCounters,
    down: AtomicBool,
}

impl SimCounters {
    pub(super) fn new(seed: u64) -> Self {
        Self { memory: MemoryCounters::new(seed), down: AtomicBool::new(false) }
    }

    pub(super) fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::Relaxed);
    }
}

impl Counters for SimCounters {
    async fn admit(&self, claims: &[Claim<'_>], now: Moment) -> Result<Admission, StoreError> {
        if self.down.load(Ordering::Relaxed) {
            return Err(StoreError("the store is down"));
        }
        self.memory.admit(claims, now).await
    }

    fn freed(&self, rule: u64, key: &str) -> impl Future<Output = ()> + Send {
        self.memory.freed(rule, key)
    }
}
