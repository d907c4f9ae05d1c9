//! Which rows together take every request from another of the same place.

use std::collections::{BTreeMap, BTreeSet};

use aigw_kinds::route::ValueMatch;

use crate::view::{Matcher, Row};

/// With more names that may be there or not, the combinations are not worth going through, and the row counts as reached.
const MOST_FREE_NAMES: usize = 8;
/// Rows that are tried together at most; a cover of more is nothing that anybody wrote.
const MOST_TOGETHER: usize = 64;
/// Pairs of rows that are compared at most in one place; what is left counts as reached.
const MOST_COMPARISONS: usize = 1_000_000;

/// Rows that together take every request.
#[derive(Debug)]
pub(super) struct Cover<'r, 'a> {
    /// At least one.
    pub(super) rows: Vec<&'r Row<'a>>,
}

/// The rows of one place, so laid out that a row is compared only with those whose conditions it can fulfil.
pub(super) struct Group<'r, 'a> {
    /// Rows whose conditions are only about presence.
    loose: Vec<&'r Row<'a>>,
    /// The others, by the first of their conditions on a value: name, and text.
    tight: BTreeMap<(String, &'a str), Vec<&'r Row<'a>>>,
    /// The lengths of prefixes by name, so that only those are tried that exist.
    lengths: BTreeMap<String, BTreeSet<usize>>,
    /// Comparisons that may still be made.
    budget: usize,
}

fn subject(matcher: &Matcher<'_>) -> String {
    if matcher.header { matcher.name.to_ascii_lowercase() } else { format!("?{}", matcher.name) }
}

/// The text that a value is held against.
fn text(value: &ValueMatch) -> Option<&str> {
    match value {
        ValueMatch::Exact(text) | ValueMatch::Prefix(text) | ValueMatch::Regex(text) => Some(text),
        ValueMatch::Present | ValueMatch::Absent => None,
    }
}

impl<'r, 'a> Group<'r, 'a> {
    pub(super) fn new(rows: &'r [Row<'a>]) -> Self {
        let mut group = Self { loose: Vec::new(), tight: BTreeMap::new(), lengths: BTreeMap::new(), budget: MOST_COMPARISONS };
        // What only sometimes takes a request covers nothing.
        for row in rows.iter().filter(|row| !row.conditional) {
            match row.matchers.iter().find_map(|matcher| Some((subject(matcher), text(matcher.value)?))) {
                Some((name, text)) => {
                    group.lengths.entry(name.clone()).or_default().insert(text.len());
                    group.tight.entry((name, text)).or_default().push(row);
                }
                None => group.loose.push(row),
            }
        }
        group
    }

    /// Rows that come before this one and leave it nothing; `None` where some request reaches it.
    pub(super) fn cover(&mut self, row: &Row<'a>) -> Option<Cover<'r, 'a>> {
        let candidates = self.candidates(row);
        self.budget = self.budget.checked_sub(candidates.len())?;
        let mut rows: Vec<&'r Row<'a>> = Vec::new();
        let methods = if row.methods.is_empty() { vec![None] } else { row.methods.iter().map(|method| Some(*method)).collect() };
        for method in methods {
            let first = candidates.iter().copied().filter(|by| by.rank() > row.rank());
            let before: Vec<&'r Row<'a>> =
                first.filter(|by| method.map_or(by.methods.is_empty(), |method| by.takes(method))).collect();
            rows.extend(jointly(row, &before)?);
        }
        Some(Cover { rows })
    }

    fn candidates(&self, row: &Row<'a>) -> Vec<&'r Row<'a>> {
        let mut found: Vec<&'r Row<'a>> = self.loose.clone();
        for matcher in &row.matchers {
            let name = subject(matcher);
            let Some(value) = text(matcher.value) else { continue };
            for length in self.lengths.get(&name).into_iter().flatten().filter(|length| **length <= value.len()) {
                // A part that is no prefix of the text is no key either.
                let Some(start) = value.get(..*length) else { continue };
                found.extend(self.tight.get(&(name.clone(), start)).into_iter().flatten());
            }
        }
        found
    }
}

/// Those of `before` that together take every request from `row`; `None` where one gets past them.
fn jointly<'r, 'a>(row: &Row<'_>, before: &[&'r Row<'a>]) -> Option<Vec<&'r Row<'a>>> {
    // What is left of a row's conditions once those are gone that `row` fulfils itself: names that must be there, or must not. A row with any other
    // condition is passed by a request with another value.
    let left = before.iter().filter_map(|by| Some((*by, open_conditions(row, by)?)));
    let left: Vec<(&'r Row<'a>, BTreeMap<String, bool>)> = left.collect();
    if let Some((by, _)) = left.iter().find(|(_, open)| open.is_empty()) {
        return Some(vec![by]);
    }
    let names: BTreeSet<&String> = left.iter().flat_map(|(_, open)| open.keys()).collect();
    if names.len() > MOST_FREE_NAMES || left.len() > MOST_TOGETHER {
        return None;
    }
    let names: Vec<&String> = names.into_iter().collect();
    let all_taken = (0..1_u32 << names.len()).all(|there| left.iter().any(|(_, open)| takes(open, &names, there)));
    all_taken.then(|| left.into_iter().map(|(by, _)| by).collect())
}

/// Whether the conditions hold for a request that has the names whose bits are set.
fn takes(open: &BTreeMap<String, bool>, names: &[&String], there: u32) -> bool {
    names.iter().zip(0_u32..).all(|(name, bit)| open.get(*name).is_none_or(|wanted| *wanted == (there >> bit & 1 == 1)))
}

/// The conditions of `by` that requests of `row` may or may not fulfil, each as a name and whether it must be there; `None` where a request of `row` can
/// avoid `by` whatever else it has.
fn open_conditions(row: &Row<'_>, by: &Row<'_>) -> Option<BTreeMap<String, bool>> {
    let mut open = BTreeMap::new();
    for matcher in &by.matchers {
        match row.matchers.iter().find(|own| own.same_subject(matcher)) {
            Some(own) if own.implies(matcher) => {}
            Some(_) => return None,
            None => match matcher.value {
                ValueMatch::Present => drop(open.insert(subject(matcher), true)),
                ValueMatch::Absent => drop(open.insert(subject(matcher), false)),
                _ => return None,
            },
        }
    }
    Some(open)
}
