//! How many requests the process has in flight, and how many it turned away.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use aigw_core::Permit;
use aigw_kinds::gateway::LoadPlan;
use aigw_kinds::route::Class;

/// Requests in flight under a program that bounds them. One for a process: those of a replaced program count until they end.
#[derive(Debug, Default)]
pub(crate) struct Load {
    in_flight: AtomicU32,
    refused: [AtomicU64; Class::ALL.len()],
}

/// The counts at one moment, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadCounts {
    /// Requests in flight that are counted: those that began while `load` was set.
    pub in_flight: u32,
    /// Requests that were refused, by class in the order of [`Class::ALL`].
    pub refused: [u64; Class::ALL.len()],
}

impl Load {
    /// A place for one more request of this class; none where the process is too full for it. It is held until dropped.
    pub(crate) fn enter(self: &Arc<Self>, plan: &LoadPlan, class: Class) -> Option<Permit> {
        let most = plan.most(class);
        let one_more = |now: u32| (now < most).then(|| now.saturating_add(1));
        if self.in_flight.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_err() {
            if let Some(refused) = self.refused.get(class as usize) {
                refused.fetch_add(1, Ordering::Relaxed);
            }
            return None;
        }
        let load = Arc::clone(self);
        Some(Permit::new(move || {
            load.in_flight.fetch_sub(1, Ordering::Relaxed);
        }))
    }

    pub(crate) fn counts(&self) -> LoadCounts {
        LoadCounts {
            in_flight: self.in_flight.load(Ordering::Relaxed),
            refused: self.refused.each_ref().map(|count| count.load(Ordering::Relaxed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: LoadPlan = LoadPlan { background: 1, standard: 2, critical: 3, place: crate::testing::program::PLACE };

    #[test]
    fn a_class_is_let_in_while_there_are_fewer_than_its_share() {
        let load = Arc::<Load>::default();
        let first = load.enter(&PLAN, Class::Background);
        assert!(first.is_some() && load.enter(&PLAN, Class::Background).is_none());
        let second = load.enter(&PLAN, Class::Standard);
        assert!(second.is_some() && load.enter(&PLAN, Class::Standard).is_none());
        let third = load.enter(&PLAN, Class::Critical);
        assert!(third.is_some() && load.enter(&PLAN, Class::Critical).is_none());
        assert_eq!(load.counts(), LoadCounts { in_flight: 3, refused: [1, 1, 1] });
        drop((first, third));
        assert!(load.enter(&PLAN, Class::Background).is_none());
        drop(second);
        assert!(load.enter(&PLAN, Class::Background).is_some());
        assert_eq!(load.counts(), LoadCounts { in_flight: 0, refused: [2, 1, 1] });
    }

    #[test]
    fn threads_that_come_at_once_never_get_more_places_than_there_are() {
        let load = Arc::<Load>::default();
        let most = LoadPlan { critical: 50, ..PLAN };
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        let permits: Vec<_> = (0..10).filter_map(|_| load.enter(&most, Class::Critical)).collect();
                        assert!(load.counts().in_flight <= 50);
                        drop(permits);
                    }
                });
            }
        });
        assert_eq!(load.counts().in_flight, 0);
    }
}
