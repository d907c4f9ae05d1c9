//! The counters that share a lock.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::task::Waker;

use aigw_core::{Moment, StoreError};

use super::cell::Cell;

/// Fewest keys before a shard looks for what it can forget.
const MIN_SWEEP: usize = 64;

#[derive(Debug)]
pub(super) struct Shard {
    cells: HashMap<CellKey, Cell, Seed>,
    capacity: usize,
    /// How many keys there must be before what has expired is looked for: twice what was live last time, so that it costs little for each new key.
    sweep_at: usize,
    /// Before then nothing expires; looking again would find nothing.
    nothing_before: u64,
    next_waiter: u64,
}

/// A rule and a key.
#[derive(Debug)]
struct CellKey {
    rule: u64,
    key: Arc<str>,
}

/// Begins every hash with a number that nobody outside knows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seed(pub(super) u64);

impl Seed {
    pub(super) fn hash(self, key: &str) -> u64 {
        self.hash_one(key)
    }
}

impl BuildHasher for Seed {
    type Hasher = DefaultHasher;

    fn build_hasher(&self) -> DefaultHasher {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.0);
        hasher
    }
}

impl Shard {
    pub(super) fn new(seed: Seed, capacity: usize) -> Self {
        let cells = HashMap::with_hasher(seed);
        Self { cells, capacity, sweep_at: MIN_SWEEP.min(capacity), nothing_before: 0, next_waiter: 0 }
    }

    pub(super) fn cell(&mut self, rule: u64, key: &str) -> Option<&mut Cell> {
        self.cells.get_mut(&(rule, key) as &dyn Parts)
    }

    /// Makes the counter of a rule and a key where there is none.
    ///
    /// # Errors
    /// Where there is no room and nothing can be forgotten.
    pub(super) fn make(&mut self, rule: u64, key: &str, now: Moment) -> Result<(), StoreError> {
        if self.cells.contains_key(&(rule, key) as &dyn Parts) {
            return Ok(());
        }
        if self.cells.len() >= self.sweep_at {
            self.sweep(now.as_nanos());
        }
        if self.cells.len() >= self.capacity {
            return Err(StoreError("more keys are being counted than it has room for"));
        }
        let key: Arc<str> = key.into();
        let cell = Cell::new(Arc::clone(&key), now.as_nanos());
        self.nothing_before = self.nothing_before.min(cell.expires());
        self.cells.insert(CellKey { rule, key }, cell);
        Ok(())
    }

    /// Gives a permit back; those who wait for it are to be woken once the shard is unlocked.
    pub(super) fn release(&mut self, rule: u64, key: &str) -> Vec<(u64, Waker)> {
        let Some(cell) = self.cells.get_mut(&(rule, key) as &dyn Parts) else { return Vec::new() };
        self.nothing_before = self.nothing_before.min(cell.expires());
        cell.release()
    }

    /// A number for one who waits.
    pub(super) fn waiter(&mut self) -> u64 {
        self.next_waiter = self.next_waiter.wrapping_add(1);
        self.next_waiter
    }

    fn sweep(&mut self, now: u64) {
        if now < self.nothing_before {
            return;
        }
        let mut earliest = u64::MAX;
        self.cells.retain(|_, cell| {
            let live = cell.is_live(now);
            // What lives only by a permit says so itself when the permit comes back.
            if cell.expires() > now {
                earliest = earliest.min(cell.expires());
            }
            live
        });
        self.nothing_before = earliest;
        self.sweep_at = self.cells.len().saturating_mul(2).clamp(MIN_SWEEP.min(self.capacity), self.capacity);
    }
}

/// A rule and a key, owned or borrowed, so that looking one up copies nothing.
trait Parts {
    fn parts(&self) -> (u64, &str);
}

impl Parts for CellKey {
    fn parts(&self) -> (u64, &str) {
        (self.rule, &self.key)
    }
}

impl Parts for (u64, &str) {
    fn parts(&self) -> (u64, &str) {
        *self
    }
}

impl<'a> Borrow<dyn Parts + 'a> for CellKey {
    fn borrow(&self) -> &(dyn Parts + 'a) {
        self
    }
}

impl Hash for dyn Parts + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

impl PartialEq for dyn Parts + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for dyn Parts + '_ {}

impl Hash for CellKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

impl PartialEq for CellKey {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for CellKey {}
