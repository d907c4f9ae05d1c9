//! Which cases run first after a change: those that it most likely turned.

use std::collections::{BTreeMap, BTreeSet};

use aigw_core::Record;
use aigw_kinds::{Evaluation, Place, Program};
use aigw_testkit::world::Exchange;
use aigw_testkit::{Case, Observer, is_fixtures_file, is_suite_file};

/// What is known of each case from its last run.
#[derive(Debug, Default)]
pub(super) struct Last {
    cases: BTreeMap<Name, (bool, BTreeSet<String>)>,
}

/// Suite and case.
type Name = (String, String);

impl Last {
    /// Keeps whether a case passed, and the files of the policies that took part.
    pub(super) fn remember(&mut self, case: &Case, passed: bool, touched: BTreeSet<String>) {
        self.cases.insert(name(case), (passed, touched));
    }
}

fn name(case: &Case) -> Name {
    (case.suite.clone(), case.name.clone())
}

/// How soon a case runs. The order is that of the phases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Its test file changed, or what that takes from other files.
    Changed,
    /// It failed last.
    Failed,
    /// A policy of a file that changed took part in it last.
    Touched,
    Rest,
}

/// The chosen cases in groups that run one after the other, each in the order of files. Rows of a matrix stay together.
pub(super) fn phases(cases: &[Case], chosen: &[usize], changed: &BTreeSet<String>, last: &Last) -> Vec<Vec<usize>> {
    let mut ranks: BTreeMap<(&str, u32), Rank> = BTreeMap::new();
    let of = |case: &Case| {
        let sources = if changed.iter().any(|path| feeds(path, &case.file)) { Some(Rank::Changed) } else { None };
        sources.unwrap_or_else(|| last_rank(case, changed, last))
    };
    for case in chosen.iter().filter_map(|index| cases.get(*index)) {
        let rank = if changed.is_empty() { Rank::Rest } else { of(case) };
        let least = ranks.entry((&case.file, case.place.start)).or_insert(rank);
        *least = rank.min(*least);
    }
    let mut phases: BTreeMap<Rank, Vec<usize>> = BTreeMap::new();
    for (index, case) in chosen.iter().filter_map(|index| Some((*index, cases.get(*index)?))) {
        let rank = ranks.get(&(case.file.as_str(), case.place.start)).copied().unwrap_or(Rank::Rest);
        phases.entry(rank).or_default().push(index);
    }
    phases.into_values().collect()
}

fn last_rank(case: &Case, changed: &BTreeSet<String>, last: &Last) -> Rank {
    match last.cases.get(&name(case)) {
        Some((false, _)) => Rank::Failed,
        Some((true, touched)) if !touched.is_disjoint(changed) => Rank::Touched,
        _ => Rank::Rest,
    }
}

/// Whether a test file takes anything from a file: it is that file, or it may use its fixtures or snapshots.
fn feeds(path: &str, suite: &str) -> bool {
    if is_suite_file(path) {
        return path == suite;
    }
    let above = |folder: &str| folder.is_empty() || suite.starts_with(&format!("{folder}/"));
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let holder = folder.rsplit_once('/').map_or("", |(holder, _)| holder);
    (is_fixtures_file(path) || folder.ends_with("__snapshots__")) && above(holder)
}

/// The files of what a record only names.
#[derive(Debug)]
pub(super) struct Owners(BTreeMap<(&'static str, String), String>);

impl Owners {
    pub(super) fn of(program: &Program) -> Self {
        let mut owners = BTreeMap::new();
        let mut add = |kind: &'static str, name: &str, place: Place| {
            let file = usize::try_from(place.0).ok().and_then(|index| program.files.get(index));
            owners.extend(file.map(|file| ((kind, name.to_owned()), file.clone())));
        };
        program.models.iter().for_each(|plan| add("model", plan.origin.name.as_str(), plan.origin.place));
        program.providers.iter().for_each(|plan| add("provider", plan.origin.name.as_str(), plan.origin.place));
        program.consumers.iter().for_each(|plan| add("consumer", plan.origin.name.as_str(), plan.origin.place));
        program.limits.iter().for_each(|plan| add("limit", plan.origin.name.as_str(), plan.origin.place));
        Self(owners)
    }

    fn file(&self, kind: &'static str, name: &str) -> Option<String> {
        self.0.get(&(kind, name.to_owned())).cloned()
    }
}

/// Keeps the files of the policies that took part in a case.
pub(super) struct Touched<'o> {
    owners: &'o Owners,
    pub(super) files: BTreeSet<String>,
}

impl<'o> Touched<'o> {
    pub(super) const fn new(owners: &'o Owners) -> Self {
        Self { owners, files: BTreeSet::new() }
    }

    fn take(&mut self, record: &Record) {
        let owners = self.owners;
        self.files.extend(record.route_at.as_deref().map(file_of));
        self.files.extend(record.policies.iter().map(|verdict| file_of(&verdict.at)));
        self.files.extend(record.model.as_deref().and_then(|name| owners.file("model", name)));
        self.files.extend(record.consumer.as_deref().and_then(|name| owners.file("consumer", name)));
        let first = |name: &str| name.split('/').next().unwrap_or_default().to_owned();
        self.files.extend(record.limits.iter().filter_map(|state| owners.file("limit", &first(&state.limit))));
        self.files.extend(record.attempts.iter().filter_map(|attempt| owners.file("provider", &first(&attempt.target))));
        self.files.extend(record.skipped.iter().filter_map(|skipped| owners.file("provider", &first(&skipped.target))));
    }
}

impl Observer for Touched<'_> {
    fn exchanged(&mut self, exchange: &Exchange, _: &[Evaluation]) {
        self.take(&exchange.record);
    }
}

/// The file of `file:line:column`.
fn file_of(at: &str) -> String {
    at.rsplitn(3, ':').last().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_is_fed_by_its_file_its_fixtures_and_its_snapshots() {
        for (path, suite, feeds_it) in [
            ("a/x.test.yaml", "a/x.test.yaml", true),
            ("a/x.test.yaml", "a/y.test.yaml", false),
            ("fixtures/all.yaml", "a/x.test.yaml", true),
            ("a/fixtures/all.yaml", "a/x.test.yaml", true),
            ("a/fixtures/all.yaml", "b/x.test.yaml", false),
            ("a/fixtures/all.yaml", "ab/x.test.yaml", false),
            ("a/__snapshots__/x.json", "a/x.test.yaml", true),
            ("__snapshots__/x.json", "x.test.yaml", true),
            ("a/routes.yaml", "a/x.test.yaml", false),
        ] {
            assert_eq!(feeds(path, suite), feeds_it, "{path} {suite}");
        }
    }

    #[test]
    fn a_place_names_its_file() {
        assert_eq!(file_of("a/b.yaml:12:3"), "a/b.yaml");
    }
}
