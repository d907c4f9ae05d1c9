//! Two routes for one request, of which the number of conditions picks one.

use std::collections::{BTreeMap, BTreeSet};

use aigw_kinds::Repository;
use aigw_kinds::route::ValueMatch;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view::{self, Matcher, Place, Row};

pub(crate) const ID: RuleId = RuleId { code: "R102", name: "overlap-by-count" };
pub(crate) const LEVEL: Level = Level::Advice;

/// Pairs of rows that are compared at most: an advice is worth milliseconds, and a repository with more is refused by another rule.
const MOST_COMPARISONS: usize = 200_000;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    let mut told = BTreeSet::new();
    let mut left = MOST_COMPARISONS;
    for (place, rows) in &view::rows(repository) {
        let mut buckets = Buckets::default();
        for row in rows.iter().filter(|row| !row.conditional && !row.matchers.is_empty()) {
            let candidates = buckets.candidates(row);
            let Some(rest) = left.checked_sub(candidates.len()) else { return };
            left = rest;
            for other in candidates {
                let pair = pair(row, other);
                if pair.0 == pair.1 || told.contains(&pair) {
                    continue;
                }
                if let Some(finding) = overlap(place, row, other) {
                    told.insert(pair);
                    findings.push(finding);
                }
            }
            buckets.add(row);
        }
    }
}

fn pair<'a>(one: &Row<'a>, other: &Row<'a>) -> (&'a str, &'a str) {
    let (one, other) = (one.route.doc.name.as_str(), other.route.doc.name.as_str());
    if one < other { (one, other) } else { (other, one) }
}

/// Rows by their first exact value, so that those which differ in it are never compared.
#[derive(Default)]
struct Buckets<'r, 'a>(BTreeMap<&'a str, BTreeMap<&'a str, Vec<&'r Row<'a>>>>);

impl<'r, 'a> Buckets<'r, 'a> {
    fn key(row: &Row<'a>) -> (&'a str, &'a str) {
        let exact = row.matchers.iter().filter_map(|matcher| match matcher.value {
            ValueMatch::Exact(text) => Some((matcher.name, text.as_str())),
            _ => None,
        });
        exact.min().unwrap_or_default()
    }

    fn add(&mut self, row: &'r Row<'a>) {
        let (name, text) = Self::key(row);
        self.0.entry(name).or_default().entry(text).or_default().push(row);
    }

    fn candidates(&self, row: &Row<'a>) -> Vec<&'r Row<'a>> {
        let (name, text) = Self::key(row);
        let mut candidates = Vec::new();
        for (other, values) in &self.0 {
            if *other == name {
                candidates.extend(values.get(text).into_iter().flatten());
            } else {
                candidates.extend(values.values().flatten());
            }
        }
        candidates
    }
}

/// A finding where a request fits both, neither is a special case of the other, and only the number of their conditions decides.
fn overlap(place: &Place, one: &Row<'_>, other: &Row<'_>) -> Option<Finding> {
    let (first, second) = if one.matchers.len() > other.matchers.len() { (one, other) } else { (other, one) };
    let chosen = first.route.spec.priority > second.route.spec.priority;
    let by_count = first.matchers.len() > second.matchers.len() && first.methods.is_empty() == second.methods.is_empty();
    if !by_count || chosen || is_special_case(first, second) {
        return None;
    }
    let method = common_method(first, second)?;
    let matchers = common(first, second)?;
    let (winner, loser) = (&first.route.doc.name, &second.route.doc.name);
    let message =
        format!("a request that fits `{winner}` and `{loser}` goes to `{winner}`, only because that has more conditions");
    let finding = Finding::advice(ID, second.route.doc.name_span(), message)
        .label(first.route.doc.name_span(), "this one gets the request")
        .counterexample(view::request(place, method, &matchers));
    Some(finding.help("say which shall win with a higher `priority` on that route, or make their conditions exclude each other"))
}

/// Whether every request of `row` fits `general`: the special case beside the general one is what conditions are for.
fn is_special_case(row: &Row<'_>, general: &Row<'_>) -> bool {
    general.matchers.iter().all(|wanted| row.matchers.iter().any(|own| own.same_subject(wanted) && own.implies(wanted)))
}

fn common_method(one: &Row<'_>, other: &Row<'_>) -> Option<Option<&'static str>> {
    if one.methods.is_empty() {
        return Some(other.methods.first().copied());
    }
    one.methods.iter().find(|method| other.takes(method)).map(|method| Some(*method))
}

/// The conditions of both, the narrower of two about the same; `None` where no request fits both, or none can be shown.
fn common<'m>(one: &'m Row<'_>, other: &'m Row<'_>) -> Option<Vec<&'m Matcher<'m>>> {
    let mut all: Vec<&Matcher<'_>> = Vec::new();
    for matcher in &one.matchers {
        all.push(match other.matchers.iter().find(|theirs| theirs.same_subject(matcher)) {
            Some(theirs) if matcher.implies(theirs) => matcher,
            Some(theirs) if theirs.implies(matcher) => theirs,
            Some(_) => return None,
            None => matcher,
        });
    }
    all.extend(other.matchers.iter().filter(|theirs| !one.matchers.iter().any(|own| own.same_subject(theirs))));
    Some(all)
}
