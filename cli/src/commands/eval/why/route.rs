//! Why a route was not met: each of its rows, held against the request by the matcher that serves.

use aigw_engine::matcher::Misfit;
use aigw_kinds::route::{HostPattern, MatchRow, ValueMatch};
use aigw_kinds::{Program, RouteId};
use aigw_testkit::RowFit;

use super::WhyNot;
use crate::commands::eval::Evaluated;
use crate::commands::eval::json::{gave, placed};

/// Most rows that are told: of a route with more, those that fit best.
const MAX_ROWS: usize = 8;

pub(super) fn why_not(evaluated: &Evaluated, of: &str, route: RouteId) -> WhyNot {
    let shown = &evaluated.shown;
    let (program, record) = (shown.loaded.program(), shown.record());
    if record.route.as_deref() == Some(of) {
        let at = record.route_at.clone().unwrap_or_default();
        return WhyNot { of: of.to_owned(), chosen: true, because: vec![format!("the request met its match at {at}")] };
    }
    let mut rows = shown.rows(route);
    if rows.is_empty() {
        let because = vec![format!("the request's path or host is none that is matched: {}", code(record.code))];
        return WhyNot { of: of.to_owned(), chosen: false, because };
    }
    // A route has many paths: the others say nothing where one of them is the request's.
    let elsewhere = |row: &RowFit| row.misfits.iter().any(|misfit| matches!(misfit, Misfit::Host | Misfit::Path));
    if rows.iter().any(|row| !elsewhere(row)) {
        rows.retain(|row| !elsewhere(row));
    }
    rows.sort_by_key(|row| row.misfits.len());
    let more = rows.len().saturating_sub(MAX_ROWS);
    let mut because: Vec<String> = rows.iter().take(MAX_ROWS).flat_map(|fit| told(evaluated, program, fit)).collect();
    if more > 0 {
        because.push(format!("and {more} matches more, which fit no better"));
    }
    WhyNot { of: of.to_owned(), chosen: false, because }
}

fn told(evaluated: &Evaluated, program: &Program, fit: &RowFit) -> Vec<String> {
    let Some(row) = program.matches.get(fit.row) else { return Vec::new() };
    let place = placed(program, row.place);
    if !fit.misfits.is_empty() {
        let request = evaluated.shown.asked();
        let reasons: Vec<String> = fit.misfits.iter().map(|misfit| misfit_text(misfit, row, request)).collect();
        return vec![format!("{}: {} ({place})", line(row), reasons.join("; "))];
    }
    if let Some(when) = fit.when.as_ref().filter(|when| when.gave != aigw_kinds::Given::Bool(true)) {
        let text = when.id.of(program).map_or("", |plan| plan.text.as_str());
        let mut lines = vec![format!("{}: its `when` {text} gave {} ({place})", line(row), gave(&when.gave))];
        lines.extend(when.saw.iter().map(|(name, value)| format!("  {name} = {value}")));
        return lines;
    }
    let record = evaluated.shown.record();
    let other = record.route.as_deref().unwrap_or_default();
    let at = record.route_at.as_deref().unwrap_or_default();
    vec![format!("{}: it fits, and the match of route `{other}` at {at} goes before it ({place})", line(row))]
}

fn misfit_text(misfit: &Misfit, row: &MatchRow, request: &http::Request<bytes::Bytes>) -> String {
    match misfit {
        Misfit::Host => format!("the host is not {}", host(&row.host)),
        Misfit::Path => format!("the path is not {}", row.path),
        Misfit::Method => format!("the method is {}, not {}", request.method(), row.methods.join(" or ")),
        Misfit::Header(name) => format!("the header `{name}` {}", expected(&row.headers, name)),
        Misfit::Query(name) => format!("the query parameter `{name}` {}", expected(&row.query, name)),
    }
}

/// What a condition wants. What came is not repeated: it may be a credential.
fn expected(conditions: &[(String, ValueMatch)], name: &str) -> String {
    match conditions.iter().find(|(own, _)| own == name).map(|(_, value)| value) {
        Some(ValueMatch::Exact(text)) => format!("is not `{text}`"),
        Some(ValueMatch::Prefix(text)) => format!("does not begin with `{text}`"),
        Some(ValueMatch::Regex(text)) => format!("does not match `{text}`"),
        Some(ValueMatch::Absent) => "is there, and must not be".to_owned(),
        Some(ValueMatch::Present) | None => "is missing".to_owned(),
    }
}

fn line(row: &MatchRow) -> String {
    let methods = if row.methods.is_empty() { "any method".to_owned() } else { row.methods.join("|") };
    format!("{methods} {}", row.path)
}

fn host(pattern: &HostPattern) -> String {
    match pattern {
        HostPattern::Exact(host) => format!("`{host}`"),
        HostPattern::Suffix(suffix) => format!("`*{suffix}`"),
        HostPattern::Any => "any".to_owned(),
    }
}

fn code(code: Option<aigw_core::ErrorCode>) -> &'static str {
    code.map_or("no route", aigw_core::ErrorCode::as_str)
}
