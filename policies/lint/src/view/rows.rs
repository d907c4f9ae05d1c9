//! Every way to reach a route, as far as finite conditions tell: hosts, paths, methods, headers and query.

use std::collections::{BTreeMap, BTreeSet};

use aigw_kinds::model::{ModelOperation, ModelSpec};
use aigw_kinds::route::{MatchSpec, RouteOperation, RouteSpec, ValueMatch};
use aigw_kinds::{Repository, Typed};
use aigw_providers::surface::stock_paths;

/// A host and a path as they are compared, so that rows of different keys never cover each other: of two hosts or paths of which one holds the other, the narrower
/// comes first in precedence. Names of captures do not matter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// In small letters; `*` for any.
    pub(crate) host: String,
    /// With `{}` for captures.
    pub(crate) path: String,
}

/// What a header or query parameter must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Matcher<'a> {
    /// Its name; of a header in any case.
    pub(crate) name: &'a str,
    /// Whether it is a header.
    pub(crate) header: bool,
    /// What it must be.
    pub(crate) value: &'a ValueMatch,
}

/// One way to reach a route.
#[derive(Debug, Clone)]
pub(crate) struct Row<'a> {
    /// The route.
    pub(crate) route: Typed<'a, RouteSpec>,
    /// Index into its `matches`; `None` where it has none.
    pub(crate) entry: Option<usize>,
    /// Methods; empty for any.
    pub(crate) methods: Vec<&'static str>,
    /// Headers and query.
    pub(crate) matchers: Vec<Matcher<'a>>,
    /// Whether it has a condition beside them.
    pub(crate) conditional: bool,
}

impl Row<'_> {
    /// What decides between rows of one place; the greater comes first.
    pub(crate) fn rank(&self) -> (bool, usize, i32) {
        (!self.methods.is_empty(), self.matchers.len(), self.route.spec.priority)
    }

    /// Whether a request with this method can fit.
    pub(crate) fn takes(&self, method: &str) -> bool {
        self.methods.is_empty() || self.methods.contains(&method)
    }
}

impl Matcher<'_> {
    /// Whether both are about the same header or query parameter.
    pub(crate) fn same_subject(&self, other: &Self) -> bool {
        self.header == other.header
            && if self.header { self.name.eq_ignore_ascii_case(other.name) } else { self.name == other.name }
    }

    /// Whether every request that fits this one fits `other`, which is about the same.
    pub(crate) fn implies(&self, other: &Self) -> bool {
        match (self.value, other.value) {
            (ValueMatch::Absent, value) => *value == ValueMatch::Absent,
            (_, ValueMatch::Present) => true,
            (ValueMatch::Exact(text) | ValueMatch::Prefix(text), ValueMatch::Prefix(prefix)) => text.starts_with(prefix),
            (one, other) => one == other,
        }
    }
}

/// More rows than this are an error of another crate, and are not looked at.
const MOST_ROWS: usize = 100_000;

/// The rows of all routes by their places, in the order of documents; none where there are too many.
pub(crate) fn rows(repository: &Repository) -> BTreeMap<Place, Vec<Row<'_>>> {
    let mut all: BTreeMap<Place, Vec<Row<'_>>> = BTreeMap::new();
    let mut count = 0_usize;
    for route in repository.all::<RouteSpec>() {
        let hosts: Vec<String> = match route.spec.hosts.as_slice() {
            [] => vec!["*".to_owned()],
            hosts => hosts.iter().map(|host| host.to_ascii_lowercase()).collect(),
        };
        let own = of_route(repository, route);
        count = count.saturating_add(own.len().saturating_mul(hosts.len()));
        if count > MOST_ROWS {
            return BTreeMap::new();
        }
        for (path, row) in own {
            for host in &hosts {
                all.entry(Place { host: host.clone(), path: path.clone() }).or_default().push(row.clone());
            }
        }
    }
    all
}

fn of_route<'a>(repository: &'a Repository, route: Typed<'a, RouteSpec>) -> Vec<(String, Row<'a>)> {
    let stock = stock(repository, route.spec);
    let mut rows = Vec::new();
    let row = |entry, methods, written: Option<&'a MatchSpec>| Row {
        route,
        entry,
        methods,
        matchers: written.map_or_else(Vec::new, matchers),
        conditional: written.is_some_and(|written| written.when.is_some()),
    };
    if route.spec.matches.is_empty() {
        rows.extend(stock.iter().map(|(path, method)| (path.clone(), row(None, vec![*method], None))));
    }
    for (index, written) in route.spec.matches.iter().enumerate() {
        let methods: Vec<&'static str> = written.methods.iter().map(|method| method.as_str()).collect();
        match &written.path {
            Some(path) => rows.push((without_names(path), row(Some(index), methods, Some(written)))),
            None => {
                let asked = stock.iter().filter(|(_, method)| methods.is_empty() || methods.contains(method));
                rows.extend(asked.map(|(path, method)| (path.clone(), row(Some(index), vec![*method], Some(written)))));
            }
        }
    }
    rows
}

fn matchers(written: &MatchSpec) -> Vec<Matcher<'_>> {
    let headers = written.headers.iter().map(|(name, value)| Matcher { name, header: true, value: &value.0 });
    headers.chain(written.query.iter().map(|(name, value)| Matcher { name, header: false, value: &value.0 })).collect()
}

/// The stock paths of a route with their methods.
fn stock(repository: &Repository, route: &RouteSpec) -> Vec<(String, &'static str)> {
    let operations: BTreeSet<aigw_core::Operation> = if route.operations.is_empty() {
        let models = route.serve.models.iter().filter_map(|name| repository.typed::<ModelSpec>(name));
        let of_models = models.map(|model| match model.spec.operation {
            ModelOperation::Chat => RouteOperation::Chat,
            ModelOperation::Embeddings => RouteOperation::Embeddings,
        });
        of_models.chain([RouteOperation::Models]).map(Into::into).collect()
    } else {
        route.operations.iter().map(|operation| (*operation).into()).collect()
    };
    let surfaces: BTreeSet<_> = route.surfaces.iter().copied().collect();
    let paths = surfaces.into_iter().flat_map(stock_paths).filter(|path| operations.contains(&path.operation));
    paths.map(|path| (without_names(path.template), method(path.method.as_str()))).collect()
}

/// The methods that stock paths have.
fn method(name: &str) -> &'static str {
    if name == "GET" { "GET" } else { "POST" }
}

fn without_names(path: &str) -> String {
    let segment = |segment: &str| if segment.starts_with('{') { "{}".to_owned() } else { segment.to_owned() };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}
