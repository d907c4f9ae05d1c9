//! How many requests each address has sent lately.
//!
//! The table has [`SETS`] sets of [`WAYS`] places, and a keyed hash says which set an address belongs to. Where a set is full, the address that has
//! sent least is forgotten: whoever comes new is counted from nothing, and whoever floods stays known as long as fewer than [`WAYS`] others of its
//! set flood harder. So a full table blocks nobody who has done nothing, and lets through at most those whom it had to forget.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use aigw_core::{Millis, Moment};

/// How many addresses share a lock.
const WAYS: usize = 16;
const SETS: usize = 4_096;
/// How many stretches a window is cut into. An address frees with a stretch's last instant, at most an eighth of the window late.
const STRETCHES: u64 = 8;
/// What can lie in the window: those that are whole, and the parts of two.
const SLOTS: usize = 9;
const _: () = assert!(SLOTS as u64 == STRETCHES + 1);
const NANOS_PER_MILLI: u64 = 1_000_000;

/// Most addresses that are counted at once; each takes 64 bytes from its first request on.
pub const MAX_ADDRESSES: usize = SETS * WAYS;

/// Counts of addresses over one length of window.
#[derive(Debug)]
pub(crate) struct Addresses {
    window: Millis,
    stretch: u64,
    seed: u64,
    sets: Vec<Mutex<Vec<Entry>>>,
}

/// What counts as one address: with IPv6 a customer has a /64, and as many addresses in it as they like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Network {
    V4(u32),
    V6(u64),
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    network: Network,
    /// The newest stretch that holds anything, counted from the clock's beginning.
    newest: u64,
    /// Requests by stretch, each in the slot of its number.
    slots: [u32; SLOTS],
    /// All that the slots hold.
    total: u32,
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self::V4(v4.to_bits()),
            IpAddr::V6(v6) => Self::V6((v6.to_bits() >> 64) as u64),
        }
    }
}

impl Addresses {
    /// Nobody is known yet. `seed` is a random number, so that nobody outside can choose addresses that share a set.
    pub(crate) fn new(window: Millis, seed: u64) -> Self {
        let stretch = window.as_millis().saturating_mul(NANOS_PER_MILLI).div_ceil(STRETCHES).max(1);
        Self { window, stretch, seed, sets: (0..SETS).map(|_| Mutex::default()).collect() }
    }

    /// The window over which it counts.
    pub(crate) const fn window(&self) -> Millis {
        self.window
    }

    /// Counts a request, or says how long the address must wait. `forgotten` counts the addresses that made room.
    pub(crate) fn admit(&self, address: IpAddr, most: u32, now: Moment, forgotten: &AtomicU64) -> Result<(), Millis> {
        let network = Network::from(address);
        let stretch = now.as_nanos() / self.stretch;
        let Some(set) = self.sets.get(self.set_of(network)) else { return Ok(()) };
        let mut set = set.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(at) = place(&mut set, network, stretch, forgotten) else { return Ok(()) };
        at.expire(stretch);
        if at.total < most {
            at.count(stretch);
            return Ok(());
        }
        let free_at = at.frees(most).saturating_mul(self.stretch);
        Err(Millis::new(free_at.saturating_sub(now.as_nanos()).div_ceil(NANOS_PER_MILLI)))
    }

    fn set_of(&self, network: Network) -> usize {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.seed);
        network.hash(&mut hasher);
        usize::try_from(hasher.finish() % SETS as u64).unwrap_or_default()
    }
}

/// The network's place in its set, made where it has none.
fn place<'s>(set: &'s mut Vec<Entry>, network: Network, stretch: u64, forgotten: &AtomicU64) -> Option<&'s mut Entry> {
    if let Some(at) = set.iter().position(|entry| entry.network == network) {
        return set.get_mut(at);
    }
    let made = Entry { network, newest: stretch, slots: [0; SLOTS], total: 0 };
    if set.len() < WAYS {
        set.push(made);
        return set.last_mut();
    }
    for entry in &mut *set {
        entry.expire(stretch);
    }
    let least = set.iter_mut().min_by_key(|entry| (entry.total, entry.newest))?;
    if least.total > 0 {
        forgotten.fetch_add(1, Ordering::Relaxed);
    }
    *least = made;
    Some(least)
}

impl Entry {
    /// Lets go of what has left the window. A caller that read its clock before another, and comes after it, counts from when that one came.
    fn expire(&mut self, stretch: u64) {
        let passed = stretch.saturating_sub(self.newest);
        if passed >= SLOTS as u64 {
            self.slots = [0; SLOTS];
            self.total = 0;
        } else {
            for gone in self.newest + 1..=stretch {
                self.total = self.total.saturating_sub(std::mem::take(self.slot(gone)));
            }
        }
        self.newest = self.newest.max(stretch);
    }

    fn count(&mut self, stretch: u64) {
        let slot = self.slot(stretch.max(self.newest));
        *slot = slot.saturating_add(1);
        self.total = self.total.saturating_add(1);
    }

    /// The stretch with whose beginning fewer than `most` are left.
    fn frees(&mut self, most: u32) -> u64 {
        let mut left = self.total;
        let oldest = self.newest.saturating_sub(STRETCHES);
        for stretch in oldest..=self.newest {
            left = left.saturating_sub(*self.slot(stretch));
            if left < most {
                return stretch.saturating_add(SLOTS as u64);
            }
        }
        self.newest.saturating_add(SLOTS as u64)
    }

    #[expect(clippy::indexing_slicing, reason = "a remainder is less than what it divides by")]
    fn slot(&mut self, stretch: u64) -> &mut u32 {
        &mut self.slots[usize::try_from(stretch % SLOTS as u64).unwrap_or_default()]
    }
}

#[cfg(test)]
mod tests;
