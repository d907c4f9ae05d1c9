//! What outlives a reload: keyed by names that stay, shared by the engines of every generation.
//!
//! Nothing here is looked up while a request runs: an engine takes its handles when it is made, and they are atomics.

mod budget;
mod cooling;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) use budget::Budget;
pub(crate) use cooling::Cooling;

/// Retry budgets by provider and cool-downs by target. One for a process; hand the same to each new engine.
#[derive(Debug, Default)]
pub struct State {
    budgets: Mutex<BTreeMap<String, Arc<Budget>>>,
    cooling: Mutex<BTreeMap<String, Arc<Cooling>>>,
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
}
