//! What outlives a reload: keyed by names that stay, shared by the engines of every generation.
//!
//! Nothing here is looked up while a request runs: an engine takes its handles when it is made, and they are atomics.

mod addresses;
mod budget;
mod cooling;
mod load;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use aigw_core::Millis;

pub(crate) use addresses::Addresses;
pub use addresses::MAX_ADDRESSES;
pub(crate) use budget::Budget;
pub(crate) use cooling::Cooling;
pub(crate) use load::Load;
pub use load::LoadCounts;

/// Retry budgets by provider, cool-downs by target, requests by address and in flight. One for a process; hand the same to each new engine.
#[derive(Debug, Default)]
pub struct State {
    budgets: Mutex<BTreeMap<String, Arc<Budget>>>,
    cooling: Mutex<BTreeMap<String, Arc<Cooling>>>,
    addresses: Mutex<Weak<Addresses>>,
    addresses_forgotten: Arc<AtomicU64>,
    load: Arc<Load>,
}

impl State {
    /// The retry budget of a provider.
    pub(crate) fn budget(&self, provider: &str) -> Arc<Budget> {
        entry(&self.budgets, provider)
    }

    /// The cool-down of a target, by `provider/endpoint/model`.
    pub(crate) fn cooling(&self, target: &str) -> Arc<Cooling> {
        entry(&self.cooling, target)
    }

    /// The counts of addresses over a window. They begin anew where the window changes, and go with the last engine that counts.
    pub(crate) fn addresses(&self, window: Millis, seed: impl FnOnce() -> u64) -> Arc<Addresses> {
        let mut held = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(addresses) = held.upgrade().filter(|addresses| addresses.window() == window) {
            return addresses;
        }
        let made = Arc::new(Addresses::new(window, seed()));
        *held = Arc::downgrade(&made);
        made
    }

    /// Counts the addresses that were forgotten to make room for others.
    pub(crate) fn forgotten(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.addresses_forgotten)
    }

    /// Requests in flight.
    pub(crate) fn load(&self) -> Arc<Load> {
        Arc::clone(&self.load)
    }

    /// Addresses that were forgotten to make room for others, since the start: more came within a window than [`MAX_ADDRESSES`].
    pub fn addresses_forgotten(&self) -> u64 {
        self.addresses_forgotten.load(Ordering::Relaxed)
    }

    /// Requests in flight and refused where the program bounds them.
    pub fn load_counts(&self) -> LoadCounts {
        self.load.counts()
    }

    /// Lets go of what no engine holds any more, so that a thousand reloads with changing names leave nothing behind.
    pub(crate) fn forget_unused(&self) {
        forget(&self.budgets);
        forget(&self.cooling);
    }
}

fn entry<T: Default>(map: &Mutex<BTreeMap<String, Arc<T>>>, name: &str) -> Arc<T> {
    let mut map = map.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = map.get(name) {
        return Arc::clone(found);
    }
    let made = Arc::<T>::default();
    map.insert(name.to_owned(), Arc::clone(&made));
    made
}

fn forget<T>(map: &Mutex<BTreeMap<String, Arc<T>>>) {
    map.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, held| Arc::strong_count(held) > 1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_handle_while_someone_holds_it() {
        let state = State::default();
        let held = state.budget("a");
        drop(state.budget("b"));
        state.forget_unused();
        assert!(Arc::ptr_eq(&held, &state.budget("a")));
        assert_eq!(state.budgets.lock().map(|map| map.len()).ok(), Some(1));
    }

    #[test]
    fn addresses_are_known_until_the_window_changes_or_nobody_counts() {
        let state = State::default();
        let [short, long] = [Millis::from_secs(1), Millis::from_secs(60)];
        let held = state.addresses(long, || 7);
        assert!(Arc::ptr_eq(&held, &state.addresses(long, || 8)));
        assert!(!Arc::ptr_eq(&held, &state.addresses(short, || 9)));
        drop(held);
        assert!(state.addresses.lock().is_ok_and(|held| held.upgrade().is_none()));
    }
}
