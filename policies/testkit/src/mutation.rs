//! Mutants: the program with one thing changed that an author could have got wrong. Cases that do not notice it prove less than they seem to.
//!
//! [`mutants`] lists them, [`sample`] keeps some, [`Trials`] holds each against the cases that could notice, and [`MutationReport`] tells what came
//! of it. Nothing here is random, and no mutant knows of another: whoever has threads may use them, and what comes of it is the same.

mod baseline;
mod kind;
mod maker;
mod operators;
mod reach;
mod report;
mod trial;

use std::fmt::Debug;

use aigw_kinds::route::PathPattern;
use aigw_kinds::{Place, Program, RouteId};

pub use self::baseline::{Baseline, Witness};
pub use self::kind::MutantKind;
pub use self::report::{About, Counts, KindCount, MutationReport, TrialResult, Tried};
pub use self::trial::{Trials, Verdict};

/// One change of a program.
pub struct Mutant {
    /// What tells it apart: its kind and the names of what it changes. It stays when lines move.
    pub id: String,
    /// What kind of change it is.
    pub kind: MutantKind,
    /// What is otherwise, as the end of `no case notices that …`.
    pub name: String,
    /// Where what it changes stands.
    pub place: Place,
    concern: Concern,
    /// What the records of requests call what it changes: cases with such records are tried first.
    mentions: Vec<String>,
    change: Change,
}

type Change = Box<dyn Fn(&mut Program) + Send + Sync>;

/// Which requests a mutant can change. No other can go otherwise.
#[derive(Clone, Debug)]
enum Concern {
    /// Those of these routes.
    Routes(Vec<RouteId>),
    /// Those of these routes in which not everything went well at once.
    Trouble(Vec<RouteId>),
    /// Those to these paths, whatever their route.
    Paths(Vec<PathPattern>),
}

impl Mutant {
    /// The changed program.
    pub fn apply(&self, program: &Program) -> Program {
        let mut changed = program.clone();
        (self.change)(&mut changed);
        changed
    }
}

impl Debug for Mutant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mutant")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

/// Every mutant of a program, in the order of their places. What no request could tell from the original is not among them, as far as that can be
/// seen without running it.
pub fn mutants(program: &Program) -> Vec<Mutant> {
    let mut mutants = maker::Maker::new(program).all();
    mutants.sort_by(|one, other| place_of(program, one).cmp(&place_of(program, other)).then_with(|| one.id.cmp(&other.id)));
    mutants
}

fn place_of<'p>(program: &'p Program, mutant: &Mutant) -> (&'p str, Place) {
    let file = usize::try_from(mutant.place.0).ok().and_then(|file| program.files.get(file));
    (file.map_or("", String::as_str), mutant.place)
}

/// At most so many of them, in their order; the same for the same seed, and hardly others where the program changes a little.
pub fn sample(mutants: Vec<Mutant>, most: usize, seed: u64) -> Vec<Mutant> {
    if mutants.len() <= most {
        return mutants;
    }
    let mut drawn: Vec<(u64, usize)> = mutants.iter().enumerate().map(|(index, mutant)| (lot(seed, &mutant.id), index)).collect();
    drawn.sort_unstable();
    drawn.truncate(most);
    let kept: std::collections::BTreeSet<usize> = drawn.into_iter().map(|(_, index)| index).collect();
    mutants.into_iter().enumerate().filter(|(index, _)| kept.contains(index)).map(|(_, mutant)| mutant).collect()
}

/// FNV-1a, stirred by a step of SplitMix64: names that differ in their last letter would otherwise be drawn together.
fn lot(seed: u64, id: &str) -> u64 {
    let hash = seed
        .to_le_bytes()
        .into_iter()
        .chain(id.bytes())
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests;
