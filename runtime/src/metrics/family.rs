//! Values by labels. Looking one up allocates nothing; how many there can be is bounded.

use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::fast::RandomState;

/// Most combinations of labels in one family: a scrape of more would hurt whoever stores it.
pub(crate) const MAX_SERIES: usize = 4_096;
/// What every label says beyond that.
const OTHER: &str = "other";

/// Values by `N` labels.
#[derive(Debug)]
pub(crate) struct Family<const N: usize, V> {
    // Labels come from the policies, not from clients: nobody outside can choose some that collide.
    hasher: RandomState,
    by_hash: HashMap<u64, Vec<([String; N], V)>, RandomState>,
    count: usize,
    merged: u64,
}

impl<const N: usize, V> Default for Family<N, V> {
    fn default() -> Self {
        Self { hasher: RandomState::default(), by_hash: HashMap::default(), count: 0, merged: 0 }
    }
}

impl<const N: usize, V: Default> Family<N, V> {
    /// Changes the value of those labels.
    pub(crate) fn update(&mut self, labels: [&str; N], change: impl FnOnce(&mut V)) {
        let full = self.count >= MAX_SERIES && self.find(labels).is_none();
        let labels = if full { [OTHER; N] } else { labels };
        self.merged = self.merged.saturating_add(u64::from(full));
        let series = self.by_hash.entry(self.hasher.hash_one(labels)).or_default();
        let at = series.iter().position(|(own, _)| own.each_ref().map(String::as_str) == labels);
        if let Some((_, value)) = at.and_then(|at| series.get_mut(at)) {
            change(value);
            return;
        }
        let mut value = V::default();
        change(&mut value);
        series.push((labels.map(str::to_owned), value));
        self.count = self.count.saturating_add(1);
    }

    /// Adds another's values to these.
    pub(crate) fn add(&mut self, other: &Self, add: impl Fn(&mut V, &V)) {
        for (labels, value) in other.by_hash.values().flatten() {
            self.update(labels.each_ref().map(String::as_str), |sum| add(sum, value));
        }
        self.merged = self.merged.saturating_add(other.merged);
    }

    /// All values, sorted by labels.
    pub(crate) fn sorted(&self) -> Vec<(&[String; N], &V)> {
        let mut all: Vec<_> = self.by_hash.values().flatten().map(|(labels, value)| (labels, value)).collect();
        all.sort_unstable_by_key(|(labels, _)| *labels);
        all
    }

    /// How often labels were merged into one, since there were too many.
    pub(crate) const fn merged(&self) -> u64 {
        self.merged
    }

    fn find(&self, labels: [&str; N]) -> Option<&V> {
        let series = self.by_hash.get(&self.hasher.hash_one(labels))?;
        series.iter().find(|(own, _)| own.each_ref().map(String::as_str) == labels).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_add_up_by_labels_and_stay_bounded() {
        let mut family = Family::<2, u64>::default();
        for n in 0..MAX_SERIES + 10 {
            family.update(["a", &n.to_string()], |value| *value += 1);
        }
        family.update(["a", "0"], |value| *value += 1);
        assert_eq!(family.find(["a", "0"]), Some(&2));
        assert_eq!(family.find([OTHER, OTHER]), Some(&10));
        assert_eq!((family.sorted().len(), family.merged()), (MAX_SERIES + 1, 10));
    }
}
