//! How many connections there are, in all and of one address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Bounds;

/// The counts of one listener, shared by the threads that accept for it.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    open: Mutex<Open>,
    accepted: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
    stalled: AtomicU64,
    flooded: AtomicU64,
}

#[derive(Debug, Default)]
struct Open {
    all: u32,
    by_address: HashMap<IpAddr, u32>,
}

/// The counts at one moment, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ConnectionCounts {
    /// Open now.
    pub(crate) open: u64,
    /// Accepted since the start.
    pub(crate) accepted: u64,
    /// Refused since the start, for the bounds on their number.
    pub(crate) refused: u64,
    /// Whose TLS handshake or first bytes failed or took too long.
    pub(crate) failed: u64,
    /// Ended since their client took too little, or sent a head too slowly.
    pub(crate) stalled: u64,
    /// Ended since their client flooded with HTTP/2 frames.
    pub(crate) flooded: u64,
}

/// An accepted connection; counted until dropped.
#[derive(Debug)]
pub(crate) struct Place {
    counts: Arc<Counts>,
    address: IpAddr,
}

impl Counts {
    /// A place for a connection from that address; none where a bound is reached.
    pub(crate) fn admit(self: &Arc<Self>, address: IpAddr, bounds: &Bounds) -> Option<Place> {
        let address = network(address);
        let mut open = self.lock();
        let mine = open.by_address.get(&address).copied().unwrap_or(0);
        if open.all >= bounds.connections || (bounds.per_address > 0 && mine >= bounds.per_address) {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        open.all = open.all.saturating_add(1);
        open.by_address.insert(address, mine.saturating_add(1));
        self.accepted.fetch_add(1, Ordering::Relaxed);
        Some(Place { counts: Arc::clone(self), address })
    }

    /// One more that failed before its first request.
    pub(crate) fn failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    /// One more whose client flooded.
    pub(crate) fn flooded(&self) {
        self.flooded.fetch_add(1, Ordering::Relaxed);
    }

    /// One more whose client was too slow.
    pub(crate) fn stalled(&self) {
        self.stalled.fetch_add(1, Ordering::Relaxed);
    }

    /// The counts now.
    pub(crate) fn now(&self) -> ConnectionCounts {
        ConnectionCounts {
            open: u64::from(self.lock().all),
            accepted: self.accepted.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            stalled: self.stalled.load(Ordering::Relaxed),
            flooded: self.flooded.load(Ordering::Relaxed),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What counts as one address: with IPv6 a customer has a /64, and as many addresses in it as they like.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 => v4,
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.counts.lock();
        open.all = open.all.saturating_sub(1);
        if let Some(mine) = open.by_address.get_mut(&self.address) {
            *mine = mine.saturating_sub(1);
            if *mine == 0 {
                open.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn bounds_hold_in_all_and_per_address_and_free_again() {
        let counts = Arc::new(Counts::default());
        let bounds = Bounds { per_address: 2, connections: 3, ..Bounds::default() };
        let (a, b): (IpAddr, IpAddr) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let first = counts.admit(a, &bounds);
        let _second = counts.admit(a, &bounds).unwrap();
        assert!(counts.admit(a, &bounds).is_none());
        let _third = counts.admit(b, &bounds).unwrap();
        assert!(counts.admit(b, &bounds).is_none());
        drop(first);
        assert!(counts.admit(a, &bounds).is_some());
        assert_eq!(counts.now(), ConnectionCounts { open: 2, accepted: 4, refused: 2, ..ConnectionCounts::default() });
    }

    #[test]
    fn one_ipv6_network_is_one_address() {
        let [a, b, c] = ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"].map(|text| network(text.parse().unwrap()));
        assert_eq!(a, b);
        assert_ne!(a, c);
        assert_eq!(network("::ffff:10.0.0.1".parse().unwrap()), "10.0.0.1".parse::<IpAddr>().unwrap());
    }
}
