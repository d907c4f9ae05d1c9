//! What each case saw of the policies as they are: which mutants it can notice follows from it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use aigw_core::{AttemptOutcome, Outcome};
use aigw_engine::matcher::normal_path;
use aigw_kinds::{Evaluation, Program};

use super::{Concern, Mutant};
use crate::plan::Case;
use crate::run::Observer;
use crate::world::Exchange;

/// What one case saw: an observer of its run.
#[derive(Clone, Debug, Default)]
pub struct Witness {
    routes: BTreeSet<String>,
    /// Routes of requests in which not everything went well at once.
    troubled: BTreeSet<String>,
    paths: BTreeSet<String>,
    /// Places, limits, targets and models, as records call them.
    mentions: BTreeSet<String>,
    requests: u64,
}

impl Observer for Witness {
    fn exchanged(&mut self, exchange: &Exchange, _: &[Evaluation]) {
        let record = &exchange.record;
        self.requests = self.requests.saturating_add(1);
        enter(&mut self.paths, &record.path);
        if let Some(route) = &record.route {
            enter(&mut self.routes, route);
            if is_troubled(exchange) {
                enter(&mut self.troubled, route);
            }
        }
        record.route_at.iter().chain(&record.model).for_each(|text| enter(&mut self.mentions, text));
        record.policies.iter().for_each(|verdict| enter(&mut self.mentions, &verdict.at));
        record.policies.iter().for_each(|verdict| enter(&mut self.mentions, &verdict.policy));
        record.limits.iter().for_each(|state| enter(&mut self.mentions, &state.limit));
        record.attempts.iter().for_each(|attempt| enter(&mut self.mentions, &attempt.target));
    }
}

fn enter(set: &mut BTreeSet<String>, text: &str) {
    if !set.contains(text) {
        set.insert(text.to_owned());
    }
}

/// Without any of it no retry, fallback or time-out could have had a say.
fn is_troubled(exchange: &Exchange) -> bool {
    let record = &exchange.record;
    // What is refused never came to a target.
    !matches!(record.outcome, Outcome::Completed | Outcome::Refused)
        || !record.skipped.is_empty()
        || record.attempts.iter().any(|attempt| attempt.outcome != AttemptOutcome::Served)
}

/// What all cases saw.
#[derive(Debug)]
pub struct Baseline<'c> {
    pub(super) cases: Vec<&'c Case>,
    pub(super) units: Vec<Unit>,
    by_route: BTreeMap<String, BTreeSet<usize>>,
    by_troubled: BTreeMap<String, BTreeSet<usize>>,
    by_path: BTreeMap<String, BTreeSet<usize>>,
}

/// Cases that are judged together: one, or the rows of a matrix, which share their scripts.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) cases: Range<usize>,
    requests: u64,
    mentions: BTreeSet<String>,
}

impl<'c> Baseline<'c> {
    /// What these cases saw; `witnesses` are those of `cases`, in their order.
    pub fn new(cases: &[&'c Case], witnesses: Vec<Witness>) -> Self {
        let (by_route, by_troubled, by_path) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut baseline = Self { cases: cases.to_vec(), units: Vec::new(), by_route, by_troubled, by_path };
        for (index, witness) in witnesses.into_iter().enumerate().take(cases.len()) {
            baseline.add(index, witness);
        }
        baseline
    }

    fn add(&mut self, index: usize, witness: Witness) {
        let follows = self.units.last().and_then(|unit| self.cases.get(unit.cases.start)).zip(self.cases.get(index));
        let same = follows.is_some_and(|(first, case)| case.rows.is_some() && first.place == case.place);
        if !same {
            self.units.push(Unit { cases: index..index, requests: 0, mentions: BTreeSet::new() });
        }
        let number = self.units.len().saturating_sub(1);
        if let Some(unit) = self.units.last_mut() {
            unit.cases.end = index.saturating_add(1);
            unit.requests = unit.requests.saturating_add(witness.requests);
            unit.mentions.extend(witness.mentions);
        }
        let tables =
            [(&mut self.by_route, witness.routes), (&mut self.by_troubled, witness.troubled), (&mut self.by_path, witness.paths)];
        for (table, names) in tables {
            for name in names {
                table.entry(name).or_default().insert(number);
            }
        }
    }

    /// The units that can notice a mutant: first those whose records speak of what it changes, and of these those with the fewest requests.
    pub(super) fn units_for(&self, program: &Program, mutant: &Mutant) -> Vec<&Unit> {
        let mut numbers: Vec<usize> = self.concerned(program, &mutant.concern).into_iter().collect();
        let rank = |number: &usize| {
            let unit = self.units.get(*number);
            let speaks = unit.is_some_and(|unit| mutant.mentions.iter().any(|mention| unit.mentions.contains(mention)));
            (!speaks, unit.map_or(0, |unit| unit.requests), *number)
        };
        numbers.sort_by_cached_key(rank);
        numbers.into_iter().filter_map(|number| self.units.get(number)).collect()
    }

    fn concerned(&self, program: &Program, concern: &Concern) -> BTreeSet<usize> {
        let names = |routes: &[aigw_kinds::RouteId], table: &BTreeMap<String, BTreeSet<usize>>| {
            let plans = routes.iter().filter_map(|route| route.of(program));
            plans.filter_map(|plan| table.get(plan.origin.name.as_str())).flatten().copied().collect()
        };
        match concern {
            Concern::Routes(routes) => names(routes, &self.by_route),
            Concern::Trouble(routes) => names(routes, &self.by_troubled),
            Concern::Paths(patterns) => {
                let fits = |path: &str| {
                    // A path that is none is refused before any match is asked.
                    normal_path(path).is_ok_and(|path| patterns.iter().any(|pattern| pattern.matches(&path)))
                };
                self.by_path.iter().filter(|(path, _)| fits(path)).flat_map(|(_, units)| units).copied().collect()
            }
        }
    }
}
