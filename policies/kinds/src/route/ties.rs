//! Precedence: which of two rows decides where a request fits both, and the pairs for which nothing does.
//!
//! Host, then exact path, then captures, then the longer prefix, then method, then more header and query matchers, then `priority`. What is left
//! is ordered by name, so that a program never depends on the order of files; where a request can reach both, that is an error.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

use aigw_core::Operation;

use crate::lower::{Lowering, regex};
use crate::route::{HostPattern, MatchRow, PathPattern, PathSegment, RoutePlan, RouteSpec, ValueMatch};
use crate::{Kind, rules};

/// What decides, the row that comes first being the smaller.
type Rank = (u8, Reverse<usize>, u8, Reverse<usize>, bool, Reverse<usize>, Reverse<i32>);

fn rank(row: &MatchRow) -> Rank {
    let (host, host_length) = match &row.host {
        HostPattern::Exact(_) => (0, 0),
        HostPattern::Suffix(suffix) => (1, suffix.len()),
        HostPattern::Any => (2, 0),
    };
    let (path, path_length) = match &row.path {
        PathPattern::Exact(_) => (0, 0),
        PathPattern::Captures(segments) => {
            (1, segments.iter().filter(|segment| matches!(segment, PathSegment::Literal(_))).count())
        }
        PathPattern::Prefix(prefix) => (2, prefix.trim_end_matches('/').len()),
    };
    let matchers = row.headers.len().saturating_add(row.query.len());
    (host, Reverse(host_length), path, Reverse(path_length), row.methods.is_empty(), Reverse(matchers), Reverse(row.priority))
}

/// Sorts rows by precedence, then by what they are: never by where they stand.
pub fn sort_rows(rows: &mut [MatchRow]) {
    rows.sort_by(|one, other| rank(one).cmp(&rank(other)).then_with(|| rest(one, other)));
}

fn rest(one: &MatchRow, other: &MatchRow) -> Ordering {
    one.host
        .cmp(&other.host)
        .then_with(|| one.path.cmp(&other.path))
        .then_with(|| one.methods.cmp(&other.methods))
        .then_with(|| one.headers.cmp(&other.headers))
        .then_with(|| one.query.cmp(&other.query))
        // A row with a condition is tried before one without, so that within a route it is not in vain.
        .then_with(|| one.when.is_none().cmp(&other.when.is_none()))
        .then_with(|| one.route.cmp(&other.route))
        .then_with(|| one.when.cmp(&other.when))
}

/// Most pairs of rows that are compared: some seconds of work. Rows that differ in host, path or an exact value are no such pair.
const MAX_COMPARISONS: usize = 10_000_000;

/// Finds ties between routes: one finding for each pair of them.
pub(crate) fn check(lowering: &mut Lowering<'_>, rows: &[MatchRow], plans: &[RoutePlan]) {
    let mut groups: BTreeMap<Rank, Vec<&MatchRow>> = BTreeMap::new();
    for row in rows {
        groups.entry(rank(row)).or_default().push(row);
    }
    let mut told = std::collections::BTreeSet::new();
    let mut left = MAX_COMPARISONS;
    for rows in groups.values() {
        let mut buckets = Buckets::default();
        for row in rows {
            let candidates = buckets.candidates(row);
            let Some(rest) = left.checked_sub(candidates.len()) else { return tell_too_many(lowering, row, plans) };
            left = rest;
            for earlier in candidates {
                if earlier.route != row.route
                    && !told.contains(&(earlier.route, row.route))
                    && let Some(request) = request(lowering, earlier, row)
                {
                    told.insert((earlier.route, row.route));
                    tell(lowering, earlier, row, plans, request);
                }
            }
            buckets.add(row);
        }
    }
}

fn tell_too_many(lowering: &mut Lowering<'_>, row: &MatchRow, plans: &[RoutePlan]) {
    let name = plans.get(row.route.index()).map_or("", |plan| plan.origin.name.as_str());
    if let Some(doc) = lowering.repository.find(Kind::Route, name) {
        let message = format!("more than {MAX_COMPARISONS} pairs of matches are too alike to be compared");
        lowering.refuse(
            rules::TOO_MANY_WAYS,
            doc.name_span(),
            message,
            "tell routes apart by host, path, an exact value or `priority`",
        );
    }
}

/// Rows of one rank, so laid out that rows which differ in an exact host, path or value are never compared.
#[derive(Default)]
struct Buckets<'a>(BTreeMap<(&'a HostPattern, PathKey<'a>), ByExactValue<'a>>);

/// Rows by the name and text of their first exact value.
type ByExactValue<'a> = BTreeMap<&'a str, BTreeMap<&'a str, Vec<&'a MatchRow>>>;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum PathKey<'a> {
    Same(&'a PathPattern),
    Segments(usize),
}

impl<'a> Buckets<'a> {
    fn key(row: &'a MatchRow) -> (&'a HostPattern, PathKey<'a>) {
        let path = match &row.path {
            PathPattern::Captures(segments) => PathKey::Segments(segments.len()),
            path => PathKey::Same(path),
        };
        (&row.host, path)
    }

    /// The first exact value, by name.
    fn exact(row: &'a MatchRow) -> (&'a str, &'a str) {
        let exact = row.headers.iter().chain(&row.query).find_map(|(name, value)| match value {
            ValueMatch::Exact(value) => Some((name.as_str(), value.as_str())),
            _ => None,
        });
        exact.unwrap_or_default()
    }

    fn add(&mut self, row: &'a MatchRow) {
        let (name, value) = Self::exact(row);
        self.0.entry(Self::key(row)).or_default().entry(name).or_default().entry(value).or_default().push(row);
    }

    fn candidates(&self, row: &'a MatchRow) -> Vec<&'a MatchRow> {
        let (name, value) = Self::exact(row);
        let mut candidates = Vec::new();
        for (other, values) in self.0.get(&Self::key(row)).into_iter().flatten() {
            if *other == name {
                candidates.extend(values.get(value).into_iter().flatten());
            } else {
                candidates.extend(values.values().flatten());
            }
        }
        candidates
    }
}

/// A request that fits both rows, as text; `None` where there is none, or none can be shown.
fn request(lowering: &Lowering<'_>, one: &MatchRow, other: &MatchRow) -> Option<String> {
    let path = common_path(&one.path, &other.path)?;
    let method = common_method(&one.methods, &other.methods)?;
    let headers = common_values(&one.headers, &other.headers)?;
    let query = common_values(&one.query, &other.query)?;
    match (one.when, other.when) {
        (Some(first), Some(second)) if !same_condition(lowering, first.index(), second.index()) => return None,
        _ => {}
    }
    let query: Vec<String> = query.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let question = if query.is_empty() { "" } else { "?" };
    let mut text = format!("{method} {path}{question}{}", query.join("&"));
    match &one.host {
        HostPattern::Exact(host) => text.push_str(&format!(", host: {host}")),
        HostPattern::Suffix(suffix) => text.push_str(&format!(", host: a{suffix}")),
        HostPattern::Any => {}
    }
    for (name, value) in headers {
        text.push_str(&format!(", {name}: {value}"));
    }
    for when in [one.when, other.when].into_iter().flatten().take(1) {
        let condition = lowering.expressions.get(when.index()).map_or("", |plan| plan.text.as_str());
        text.push_str(&format!(", while {condition}"));
    }
    Some(text)
}

/// Two conditions that are not written alike may exclude each other.
fn same_condition(lowering: &Lowering<'_>, one: usize, other: usize) -> bool {
    let text = |index: usize| lowering.expressions.get(index).map(|plan| plan.text.as_str());
    text(one) == text(other)
}

/// Paths of one rank: equal ones, or captures that fit each other.
fn common_path(one: &PathPattern, other: &PathPattern) -> Option<String> {
    match (one, other) {
        (PathPattern::Captures(one), PathPattern::Captures(other)) if one.len() == other.len() => {
            let segments = one.iter().zip(other).map(|pair| match pair {
                (PathSegment::Literal(one), PathSegment::Literal(other)) => (one == other).then_some(one.as_str()),
                (PathSegment::Literal(text), _) | (_, PathSegment::Literal(text)) => Some(text.as_str()),
                (PathSegment::Capture(name), _) => Some(name.as_str()),
            });
            let segments: Vec<&str> = segments.collect::<Option<_>>()?;
            Some(format!("/{}", segments.join("/")))
        }
        (PathPattern::Exact(path), _) if one == other => Some(path.clone()),
        (PathPattern::Prefix(path), _) if one == other => Some(format!("{}/x", path.trim_end_matches('/'))),
        _ => None,
    }
}

fn common_method(one: &[String], other: &[String]) -> Option<String> {
    match (one, other) {
        ([], [first, ..]) | ([first, ..], []) => Some(first.clone()),
        ([], []) => Some("GET".to_owned()),
        _ => one.iter().find(|method| other.contains(method)).cloned(),
    }
}

/// Values that fit both lists. A request with one name twice is not looked for: each row would have one of the values.
fn common_values(one: &[(String, ValueMatch)], other: &[(String, ValueMatch)]) -> Option<Vec<(String, String)>> {
    let mut values = Vec::new();
    let find =
        |list: &[(String, ValueMatch)], name: &str| list.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone());
    let names: std::collections::BTreeSet<&String> = one.iter().chain(other).map(|(name, _)| name).collect();
    for name in names {
        let both = [find(one, name), find(other, name)];
        let mut asked = both.into_iter().flatten();
        let Some(first) = asked.next() else { continue };
        if let Some(value) = common_value(&first, asked.next().as_ref())? {
            values.push((name.clone(), value));
        }
    }
    Some(values)
}

/// A value that fits both; `Some(None)` where there must be none, `None` where nothing fits or nothing can be shown.
fn common_value(one: &ValueMatch, other: Option<&ValueMatch>) -> Option<Option<String>> {
    use ValueMatch::{Absent, Exact, Prefix, Present, Regex};
    match (one, other) {
        (Absent, None | Some(Absent)) => Some(None),
        (Absent, _) | (_, Some(Absent)) => None,
        (value, None | Some(Present)) | (Present, Some(value)) => Some(Some(match value {
            Exact(text) | Prefix(text) => text.clone(),
            Regex(pattern) => format!("(matching {pattern})"),
            Present | Absent => "x".to_owned(),
        })),
        (Exact(one), Some(Exact(other))) => (one == other).then(|| Some(one.clone())),
        (Exact(text), Some(Prefix(prefix))) | (Prefix(prefix), Some(Exact(text))) => {
            text.starts_with(prefix).then(|| Some(text.clone()))
        }
        (Exact(text), Some(Regex(pattern))) | (Regex(pattern), Some(Exact(text))) => {
            regex(pattern).is_ok_and(|regex| regex.is_match(text)).then(|| Some(text.clone()))
        }
        (Prefix(one), Some(Prefix(other))) => {
            let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
            long.starts_with(short).then(|| Some(long.clone()))
        }
        (Regex(one), Some(Regex(other))) if one == other => Some(Some(format!("(matching {one})"))),
        (Regex(_), Some(Regex(_) | Prefix(_))) | (Prefix(_), Some(Regex(_))) => None,
    }
}

fn tell(lowering: &mut Lowering<'_>, one: &MatchRow, other: &MatchRow, plans: &[RoutePlan], request: String) {
    let name = |row: &MatchRow| plans.get(row.route.index()).map_or("", |plan| plan.origin.name.as_str()).to_owned();
    let (earlier, later) = (name(one), name(other));
    let repository = lowering.repository;
    let span = |name: &str| repository.find(Kind::Route, name).map(crate::Doc::name_span);
    let (Some(first), Some(second)) = (span(&earlier), span(&later)) else { return };
    let message = format!("the routes `{earlier}` and `{later}` match the same requests, and nothing decides between them");
    let finding = lowering.error(rules::DUPLICATE_MATCH, second, message).label(first, "the other route").counterexample(request);
    let has_matches = |name: &str| repository.typed::<RouteSpec>(name).is_some_and(|route| !route.spec.matches.is_empty());
    let help = if one.operation == Operation::Http || has_matches(&earlier) || has_matches(&later) {
        "narrow one of them, or give one a higher `priority`"
    } else {
        "give them different `hosts` or `matches`, or one a higher `priority`"
    };
    lowering.push(finding.help(help));
}

#[cfg(test)]
mod tests;
