//! A route, or one of its matches, that other routes take every request from.
//!
//! Exact over hosts, paths, methods and conditions on headers and query, the joint cover of several routes included; a `when` is never taken to cover
//! anything, and two different regular expressions never to cover each other.

mod cover;

use std::collections::{BTreeMap, BTreeSet};

use aigw_kinds::{Doc, Repository};
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view::{self, Place, Row};
use cover::{Cover, Group};

pub(crate) const ID: RuleId = RuleId { code: "R101", name: "unreachable-route" };
pub(crate) const LEVEL: Level = Level::Error;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    if !view::is_complete(repository) {
        return;
    }
    let rows = view::rows(repository);
    let mut entries: BTreeMap<(&str, Option<usize>), Entry<'_, '_>> = BTreeMap::new();
    for (place, rows) in &rows {
        let mut group = Group::new(rows);
        for row in rows {
            let cover = group.cover(row);
            let entry = entries.entry((&row.route.doc.name, row.entry)).or_default();
            match cover {
                Some(cover) => entry.covered.push((place, row, cover)),
                None => entry.reached = true,
            }
        }
    }
    let mut routes: BTreeMap<&str, Vec<Entry<'_, '_>>> = BTreeMap::new();
    for ((name, _), entry) in entries {
        routes.entry(name).or_default().push(entry);
    }
    findings.extend(routes.into_values().flat_map(|entries| tell(&entries)));
}

/// One entry of `matches` with those of its rows that no request reaches.
#[derive(Default)]
struct Entry<'r, 'a> {
    reached: bool,
    covered: Vec<(&'r Place, &'r Row<'a>, Cover<'r, 'a>)>,
}

/// One finding for a route that nothing reaches, else one for each entry.
fn tell(entries: &[Entry<'_, '_>]) -> Vec<Finding> {
    let dead: Vec<&Entry<'_, '_>> = entries.iter().filter(|entry| !entry.reached && entry.is_taken_by_others()).collect();
    let whole = entries.iter().all(|entry| !entry.reached);
    let told: &[&Entry<'_, '_>] = if whole { dead.get(..1).unwrap_or(&dead) } else { &dead };
    told.iter().filter_map(|entry| finding(entry, whole)).collect()
}

impl Entry<'_, '_> {
    /// Entries of one route that repeat each other lead to the same place.
    fn is_taken_by_others(&self) -> bool {
        self.covered.iter().any(|(_, row, cover)| cover.rows.iter().any(|by| by.route.doc.name != row.route.doc.name))
    }
}

fn finding(entry: &Entry<'_, '_>, whole: bool) -> Option<Finding> {
    let (place, row, cover) =
        entry.covered.iter().find(|(_, row, cover)| cover.rows.iter().any(|by| by.route.doc.name != row.route.doc.name))?;
    let doc = row.route.doc;
    let takers: BTreeSet<&str> =
        cover.rows.iter().map(|by| by.route.doc.name.as_str()).filter(|name| *name != doc.name).collect();
    let verb = if takers.len() == 1 { "takes" } else { "take" };
    let takers = view::listed(takers);
    let (span, message) = match row.entry {
        Some(index) if !whole => (
            doc.locate(&format!("/spec/matches/{index}")),
            format!("no request reaches this match of `{}`: {takers} {verb} them all", doc.name),
        ),
        _ => (doc.name_span(), format!("no request reaches `{}`: {takers} {verb} them all", doc.name)),
    };
    let mut finding = Finding::error(ID, span, message).counterexample(request(place, row));
    let mut named: BTreeSet<&str> = BTreeSet::from([doc.name.as_str()]);
    for by in &cover.rows {
        if named.insert(&by.route.doc.name) {
            finding = finding
                .label(by_span(by.route.doc, by.entry), format!("`{}` comes first: {}", by.route.doc.name, why_first(by, row)));
        }
    }
    Some(finding.help("narrow the route that comes first, or give this one a higher `priority` or more conditions"))
}

fn by_span(doc: &Doc, entry: Option<usize>) -> aigw_source::Span {
    entry.map_or_else(|| doc.name_span(), |index| doc.locate(&format!("/spec/matches/{index}")))
}

fn why_first(first: &Row<'_>, other: &Row<'_>) -> &'static str {
    if first.methods.is_empty() != other.methods.is_empty() {
        "it names methods"
    } else if first.matchers.len() > other.matchers.len() {
        "it has more conditions"
    } else {
        "its `priority` is higher"
    }
}

/// A request that the row was meant for.
fn request(place: &Place, row: &Row<'_>) -> String {
    view::request(place, row.methods.first().copied(), &row.matchers.iter().collect::<Vec<_>>())
}

#[cfg(test)]
mod tests;
