//! Who may write what: which entry of `ownership` decides for a file, and who its owners are.
//!
//! Entry points: [`Ownership::of`], [`Ownership::decide`], [`Ownership::codeowners`]. What is wrong with documents is told by `check`, when a
//! repository is lowered; nothing of this reaches a program.

pub(crate) mod check;
mod codeowners;
mod owner;
mod pattern;
mod tenants;

pub use codeowners::Unwritable;
pub use pattern::{Captures, PathPattern};

use crate::gateway::OwnershipSpec;

/// The entries of `ownership`, in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ownership<'a> {
    entries: Vec<Entry<'a>>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry<'a> {
    /// The files it is about.
    pub pattern: PathPattern,
    /// As written.
    pub spec: &'a OwnershipSpec,
}

/// The entry that decides for a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided<'e, 'p> {
    /// Its index, from 0.
    pub index: usize,
    /// The entry.
    pub entry: &'e Entry<'e>,
    /// What the path's captures stand for.
    pub captures: Captures<'e, 'p>,
}

impl<'a> Ownership<'a> {
    /// The entries; `None` where the path of one is not a pattern, which is a finding when the repository is lowered.
    #[must_use]
    pub fn of(specs: &'a [OwnershipSpec]) -> Option<Self> {
        let entries = specs.iter().map(|spec| Some(Entry { pattern: spec.path.parse().ok()?, spec }));
        Some(Self { entries: entries.collect::<Option<_>>()? })
    }

    /// The entries, in their order.
    #[must_use]
    pub fn entries(&self) -> &[Entry<'a>] {
        &self.entries
    }

    /// The first entry whose pattern a path fits. Takes time in proportion to the entries and the path.
    #[must_use]
    pub fn decide<'e, 'p>(&'e self, path: &'p str) -> Option<Decided<'e, 'p>> {
        let mut entries = self.entries.iter().enumerate();
        entries.find_map(|(index, entry)| Some(Decided { index, entry, captures: entry.pattern.captures(path)? }))
    }
}

#[cfg(test)]
mod tests;
