//! What narrows ten thousand rows down to a few: host, then path, then one exact header.
//!
//! It may offer rows that do not match, since each is held against the whole head; it must never leave one out that does.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};

use aigw_kinds::facts::Facts;
use aigw_kinds::route::{HostPattern, MatchRow, PathPattern, PathSegment, ValueMatch};
use http::HeaderName;

/// The keys come from policies, never from clients: a fixed hasher keeps every run the same, and nobody can choose keys that collide.
type Table<K, V> = HashMap<K, V, BuildHasherDefault<DefaultHasher>>;

/// Longest host that is looked up under its parents' names; DNS allows no longer one (RFC 1035, section 2.3.4).
const MAX_HOST_BYTES: usize = 253;
/// Patterns of more segments than bits in a shape are kept in one list.
const MAX_SHAPE_SEGMENTS: usize = 64;

/// Which rows are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// Those whose host, path and one exact header fit.
    Fitting,
    /// Those whose host and path fit.
    All,
}

#[derive(Debug, Default)]
pub(super) struct Index {
    exact: Table<Box<str>, Paths>,
    suffixes: Table<Box<str>, Paths>,
    any: Paths,
}

#[derive(Debug, Default)]
struct Paths {
    exact: Table<Box<str>, Bucket>,
    shapes: Vec<Shape>,
    shaped: Table<u64, Bucket>,
    long: Bucket,
    prefixes: Prefixes,
}

/// Where a pattern with captures has literal segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Shape {
    segments: usize,
    literals: u64,
}

/// A tree of path segments, its nodes in one list, so that however long a path is, nothing recurses. The first is the root.
#[derive(Debug)]
struct Prefixes(Vec<Node>);

#[derive(Debug, Default)]
struct Node {
    here: Bucket,
    below: Table<Box<str>, usize>,
}

/// Rows that share host and path.
#[derive(Debug, Default)]
struct Bucket {
    all: Vec<u32>,
    without_header: Vec<u32>,
    by_header: Vec<(HeaderName, ByValue)>,
}

type ByValue = Table<Box<[u8]>, Vec<u32>>;

type Visit<'v> = &'v mut dyn FnMut(&[u32]);

impl Index {
    pub(super) fn new(rows: &[MatchRow]) -> Self {
        let mut index = Self::default();
        for (number, row) in (0_u32..).zip(rows) {
            let paths = match &row.host {
                HostPattern::Exact(host) => index.exact.entry(host.as_str().into()).or_default(),
                HostPattern::Suffix(suffix) => index.suffixes.entry(suffix.as_str().into()).or_default(),
                HostPattern::Any => &mut index.any,
            };
            paths.bucket_for(&row.path).all.push(number);
        }
        index.each_paths(|paths| paths.finish(rows));
        index
    }

    /// Offers lists of rows, each in order of precedence.
    pub(super) fn visit(&self, facts: &Facts<'_>, depth: Depth, visit: Visit<'_>) {
        if let Some(host) = facts.host.filter(|host| host.len() <= MAX_HOST_BYTES) {
            if let Some(paths) = self.exact.get(host) {
                paths.visit(facts, depth, visit);
            }
            if !self.suffixes.is_empty() {
                let parents = host.match_indices('.').filter_map(|(at, _)| host.get(at..));
                parents.filter_map(|parent| self.suffixes.get(parent)).for_each(|paths| paths.visit(facts, depth, visit));
            }
        }
        self.any.visit(facts, depth, visit);
    }

    fn each_paths(&mut self, mut each: impl FnMut(&mut Paths)) {
        self.exact.values_mut().for_each(&mut each);
        self.suffixes.values_mut().for_each(&mut each);
        each(&mut self.any);
    }
}

impl Paths {
    fn bucket_for(&mut self, path: &PathPattern) -> &mut Bucket {
        match path {
            PathPattern::Exact(path) => self.exact.entry(path.as_str().into()).or_default(),
            PathPattern::Prefix(prefix) => self.prefixes.bucket_for(prefix),
            PathPattern::Captures(segments) if segments.len() > MAX_SHAPE_SEGMENTS => &mut self.long,
            PathPattern::Captures(segments) => {
                let shape = Shape::of(segments);
                if !self.shapes.contains(&shape) {
                    self.shapes.push(shape);
                }
                let literals = segments.iter().map(|segment| match segment {
                    PathSegment::Literal(text) | PathSegment::Capture(text) => text.as_str(),
                });
                self.shaped.entry(shape.key(literals)).or_default()
            }
        }
    }

    fn finish(&mut self, rows: &[MatchRow]) {
        self.exact.values_mut().for_each(|bucket| bucket.finish(rows));
        self.shaped.values_mut().for_each(|bucket| bucket.finish(rows));
        self.long.finish(rows);
        self.prefixes.finish(rows);
    }

    fn visit(&self, facts: &Facts<'_>, depth: Depth, visit: Visit<'_>) {
        if let Some(bucket) = self.exact.get(facts.path) {
            bucket.visit(facts, depth, visit);
        }
        if !self.shapes.is_empty() {
            let path = segments(facts.path);
            let count = path.clone().count();
            let fitting = self.shapes.iter().filter(|shape| shape.segments == count);
            let buckets = fitting.filter_map(|shape| self.shaped.get(&shape.key(path.clone())));
            buckets.for_each(|bucket| bucket.visit(facts, depth, visit));
        }
        self.long.visit(facts, depth, visit);
        self.prefixes.visit(facts, depth, visit);
    }
}

impl Shape {
    fn of(segments: &[PathSegment]) -> Self {
        let bits = segments.iter().enumerate().filter(|(_, segment)| matches!(segment, PathSegment::Literal(_)));
        Self { segments: segments.len(), literals: bits.fold(0, |literals, (at, _)| literals | 1 << at) }
    }

    /// A hash of the segments that are literal in this shape. Two that collide share a bucket, which costs a comparison.
    fn key<'s>(self, segments: impl Iterator<Item = &'s str>) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        segments.enumerate().filter(|(at, _)| self.literals >> at & 1 == 1).for_each(|(_, text)| text.hash(&mut hasher));
        hasher.finish()
    }
}

impl Default for Prefixes {
    fn default() -> Self {
        Self(vec![Node::default()])
    }
}

impl Prefixes {
    #[expect(
        clippy::indexing_slicing,
        reason = "the root is always there, and a node is pushed as soon as its index is given out"
    )]
    fn bucket_for(&mut self, prefix: &str) -> &mut Bucket {
        let prefix = prefix.trim_end_matches('/');
        let mut at = 0;
        for segment in (!prefix.is_empty()).then(|| segments(prefix)).into_iter().flatten() {
            let next = self.0.len();
            at = *self.0[at].below.entry(segment.into()).or_insert(next);
            if at == next {
                self.0.push(Node::default());
            }
        }
        &mut self.0[at].here
    }

    fn finish(&mut self, rows: &[MatchRow]) {
        self.0.iter_mut().for_each(|node| node.here.finish(rows));
    }

    fn visit(&self, facts: &Facts<'_>, depth: Depth, visit: Visit<'_>) {
        let mut node = self.0.first();
        let mut path = segments(facts.path);
        while let Some(here) = node {
            here.here.visit(facts, depth, visit);
            node = path.next().and_then(|segment| here.below.get(segment)).and_then(|at| self.0.get(*at));
        }
    }
}

impl Bucket {
    /// Sorts the rows that ask for an exact header by the one that tells most of them apart.
    fn finish(&mut self, rows: &[MatchRow]) {
        let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (name, value) in self.rows(rows).flat_map(|(_, row)| exact_headers(row)) {
            values.entry(name).or_default().insert(value);
        }
        let mut by_header: BTreeMap<&str, ByValue> = BTreeMap::new();
        let mut without_header = Vec::new();
        for (number, row) in self.rows(rows) {
            let best = exact_headers(row).max_by_key(|(name, _)| values.get(name).map_or(0, BTreeSet::len));
            match best {
                Some((name, value)) => {
                    by_header.entry(name).or_default().entry(value.as_bytes().into()).or_default().push(number)
                }
                None => without_header.push(number),
            }
        }
        self.by_header =
            by_header.into_iter().filter_map(|(name, rows)| Some((HeaderName::try_from(name).ok()?, rows))).collect();
        self.without_header = without_header;
    }

    fn rows<'r>(&self, rows: &'r [MatchRow]) -> impl Iterator<Item = (u32, &'r MatchRow)> {
        self.all.iter().filter_map(move |number| Some((*number, rows.get(usize::try_from(*number).ok()?)?)))
    }

    fn visit(&self, facts: &Facts<'_>, depth: Depth, visit: Visit<'_>) {
        if depth == Depth::All {
            return visit(&self.all);
        }
        for (name, rows) in &self.by_header {
            let values = facts.headers.get_all(name).iter();
            values.filter_map(|value| rows.get(value.as_bytes())).for_each(|rows| visit(rows));
        }
        visit(&self.without_header);
    }
}

fn exact_headers(row: &MatchRow) -> impl Iterator<Item = (&str, &str)> {
    row.headers.iter().filter_map(|(name, value)| match value {
        ValueMatch::Exact(value) => Some((name.as_str(), value.as_str())),
        _ => None,
    })
}

fn segments(path: &str) -> std::str::Split<'_, char> {
    path.strip_prefix('/').unwrap_or(path).split('/')
}
