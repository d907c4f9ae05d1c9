//! The rows of one route: its hosts, times its stock paths or own paths, times its conditions.

use std::collections::BTreeSet;

use aigw_core::{Operation, SurfaceName};
use aigw_providers::surface::{StockPath, stock_paths};
use aigw_source::rules::INVALID_VALUE;
use indexmap::IndexMap;

use crate::lower::values::host_pattern;
use crate::lower::{At, Lowering, path_pattern};
use crate::route::{HostPattern, MatchRow, MatchSpec, PathPattern, RouteSpec, ValueMatch, ValueMatchSpec};
use crate::{ExpressionId, ExpressionScope, ExpressionType, Place, RouteId, Typed, rules};

/// Most rows of one route: hosts, times paths, times conditions.
const MAX_ROWS: usize = 10_000;

/// Where a row leads and with which method; what all its conditions are multiplied with.
struct Way {
    path: PathPattern,
    /// The only method, where the path has one.
    method: Option<&'static str>,
    operation: Operation,
    surface: SurfaceName,
}

/// One entry of `matches`, resolved.
struct Condition {
    path: Option<PathPattern>,
    methods: Vec<String>,
    headers: Vec<(String, ValueMatch)>,
    query: Vec<(String, ValueMatch)>,
    when: Option<ExpressionId>,
    place: Place,
}

/// Every row of a route, in no order yet.
pub(crate) fn rows<'a>(
    lowering: &mut Lowering<'a>,
    typed: Typed<'a, RouteSpec>,
    id: RouteId,
    operations: &BTreeSet<Operation>,
) -> Vec<MatchRow> {
    let Typed { doc, spec } = typed;
    let at = At::spec(doc);
    let hosts = hosts(lowering, spec, &at.key("hosts"));
    let conditions = conditions(lowering, typed);
    let stock = stock(lowering, spec, &at, operations);
    let all = hosts.len().saturating_mul(stock.len().max(1)).saturating_mul(conditions.len());
    if all > MAX_ROWS {
        let message = format!("the route has {all} ways to be reached, more than {MAX_ROWS}");
        let help = "every host counts with every path and every match; make it several routes";
        lowering.refuse(rules::TOO_MANY_WAYS, At::name(doc).span(), message, help);
        return Vec::new();
    }
    let mut rows = Vec::new();
    for condition in &conditions {
        let own = condition.path.as_ref().map(|path| Way {
            path: path.clone(),
            method: None,
            operation: Operation::Http,
            surface: SurfaceName::Openai,
        });
        let before = rows.len();
        for way in stock.iter().chain(&own) {
            let Some(methods) = methods(way, &condition.methods) else { continue };
            rows.extend(hosts.iter().map(|host| row(host, way, condition, methods.clone(), spec.priority, id)));
        }
        if rows.len() == before && !stock.is_empty() {
            let help = "stock paths have their own methods: `POST`, and `GET` for the list of models";
            let index = conditions.iter().position(|other| std::ptr::eq(other, condition)).unwrap_or_default();
            let span = at.key("matches").item(index).key("methods").span();
            lowering.unfit(span, "none of the route's stock paths has any of these methods", help);
        }
    }
    rows
}

fn row(host: &HostPattern, way: &Way, condition: &Condition, methods: Vec<String>, priority: i32, route: RouteId) -> MatchRow {
    MatchRow {
        host: host.clone(),
        path: way.path.clone(),
        methods,
        headers: condition.headers.clone(),
        query: condition.query.clone(),
        when: condition.when,
        priority,
        route,
        operation: way.operation,
        surface: way.surface,
        place: condition.place,
    }
}

/// The methods of a row; `None` where the path's own is not among those asked for.
fn methods(way: &Way, asked: &[String]) -> Option<Vec<String>> {
    match way.method {
        None => Some(asked.to_vec()),
        Some(method) => (asked.is_empty() || asked.iter().any(|asked| asked == method)).then(|| vec![method.to_owned()]),
    }
}

fn hosts<'a>(lowering: &mut Lowering<'a>, spec: &RouteSpec, at: &At<'a>) -> Vec<HostPattern> {
    if spec.hosts.is_empty() {
        return vec![HostPattern::Any];
    }
    let mut hosts = Vec::new();
    for (index, host) in spec.hosts.iter().enumerate() {
        match host_pattern(host) {
            Some(pattern) if hosts.contains(&pattern) => {
                lowering.refuse(
                    rules::DUPLICATE_NAME,
                    at.item(index).span(),
                    format!("`{host}` stands twice in this list"),
                    "remove one of them",
                );
            }
            Some(pattern) => hosts.push(pattern),
            None => {
                let help = "write `ai.example.com` or `*.example.com`, without scheme and port";
                lowering.refuse(INVALID_VALUE, at.item(index).span(), format!("`{host}` is not a host"), help);
            }
        }
    }
    hosts
}

fn stock<'a>(lowering: &mut Lowering<'a>, spec: &RouteSpec, at: &At<'a>, operations: &BTreeSet<Operation>) -> Vec<Way> {
    if spec.serve.http.is_some() {
        if !spec.surfaces.is_empty() {
            let help = "remove it; the paths stand in `matches`";
            lowering.unfit(at.key("surfaces").key_span(), "a route that serves `http` has no `surfaces`", help);
        }
        return Vec::new();
    }
    if spec.surfaces.is_empty() && !spec.serve.models.is_empty() {
        let help = "write `surfaces: [openai]`, or the dialects that clients speak";
        lowering.unfit(at.key("serve").key_span(), "a route that serves models needs `surfaces`", help);
    }
    let surfaces: BTreeSet<SurfaceName> = spec.surfaces.iter().copied().collect();
    let paths = surfaces.into_iter().flat_map(stock_paths).filter(|path| operations.contains(&path.operation));
    paths.filter_map(way).collect()
}

fn way(path: &'static StockPath) -> Option<Way> {
    Some(Way {
        path: path_pattern(path.template).ok()?,
        method: Some(path.method.as_str()),
        operation: path.operation,
        surface: path.surface,
    })
}

fn conditions<'a>(lowering: &mut Lowering<'a>, typed: Typed<'a, RouteSpec>) -> Vec<Condition> {
    let Typed { doc, spec } = typed;
    let at = At::spec(doc).key("matches");
    let http = spec.serve.http.is_some();
    if spec.matches.is_empty() {
        if http {
            let span = At::spec(doc).key("serve").key_span();
            let message = "a route that serves `http` needs `matches` with paths";
            lowering.unfit(span, message, "write `matches: [{path: /score/*}]`");
        }
        let place = lowering.place(At::name(doc).span());
        return vec![Condition { path: None, methods: Vec::new(), headers: Vec::new(), query: Vec::new(), when: None, place }];
    }
    let mut conditions = Vec::new();
    for (index, written) in spec.matches.iter().enumerate() {
        let at = at.item(index);
        check_path(lowering, written, &at, http);
        conditions.push(condition(lowering, written, &at, http));
    }
    conditions
}

/// Routes that serve `http` have paths of their own; those that serve models have the paths of their surfaces.
fn check_path<'a>(lowering: &mut Lowering<'a>, spec: &MatchSpec, at: &At<'a>, http: bool) {
    match &spec.path {
        None if http => {
            let message = "a route that serves `http` needs a `path` in every match";
            lowering.unfit(at.span(), message, "write `path: /score/*`");
        }
        Some(_) if !http => {
            let message = "a route that serves models has the paths of its `surfaces`";
            let help = "remove it; `matches` add conditions to the stock paths of `surfaces`";
            lowering.unfit(at.key("path").key_span(), message, help);
        }
        _ => {}
    }
}

fn condition<'a>(lowering: &mut Lowering<'a>, spec: &'a MatchSpec, at: &At<'a>, http: bool) -> Condition {
    let path = spec.path.as_ref().and_then(|path| lowering.path(path, &at.key("path"))).filter(|_| http);
    let methods: BTreeSet<&str> = spec.methods.iter().map(|method| method.as_str()).collect();
    let at_headers = at.key("headers");
    let headers = values(lowering, &spec.headers, &at_headers, true);
    let query = values(lowering, &spec.query, &at.key("query"), false);
    let when = spec
        .when
        .as_ref()
        .and_then(|when| lowering.expression(when, &at.key("when"), ExpressionScope::Match, ExpressionType::Bool));
    Condition {
        path,
        methods: methods.into_iter().map(str::to_owned).collect(),
        headers,
        query,
        when,
        place: lowering.place(at.span()),
    }
}

/// Values by name, sorted; names of headers in small letters.
fn values<'a>(
    lowering: &mut Lowering<'a>,
    written: &'a IndexMap<String, ValueMatchSpec>,
    at: &At<'a>,
    headers: bool,
) -> Vec<(String, ValueMatch)> {
    let mut values: Vec<(String, ValueMatch)> = Vec::new();
    for (name, value) in written {
        let at = at.key(name);
        let name = if headers {
            let Some(name) = lowering.header(name, at.key_span()) else { continue };
            name
        } else {
            name.clone()
        };
        if values.iter().any(|(earlier, _)| *earlier == name) {
            lowering.refuse(
                rules::DUPLICATE_NAME,
                at.key_span(),
                format!("`{name}` stands twice in this mapping"),
                "remove one of them",
            );
        }
        if let ValueMatch::Regex(pattern) = &value.0 {
            lowering.pattern(pattern, &at.key("regex"));
        }
        values.push((name, value.0.clone()));
    }
    values.sort();
    values
}
