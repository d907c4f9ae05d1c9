//! Routes that serve `http`: the request goes on as it is, at its new path and with the endpoint's own key.

use aigw_core::{ErrorCode, Operation, SkipReason, World};
use aigw_kinds::Refusal;
use aigw_kinds::route::{MatchRow, ServePlan};
use http::uri::PathAndQuery;

use super::attempt::{Sending, attempt};
use super::request::http_request;
use super::{Candidate, message, unsendable};
use crate::exchange::Exchange;
use crate::loaded::Matched;
use crate::reply::Reply;

/// Calls the route's endpoints in turn until one takes the connection. Nothing is repeated that an endpoint may have seen.
pub(crate) async fn forward<W: World>(x: &mut Exchange<'_, W>, matched: Matched<'_>) -> Result<Reply<W>, Refusal> {
    let fixed = x.fixed;
    let ServePlan::Http { path, .. } = &matched.plan.serve else {
        return Err(Refusal::new(ErrorCode::InternalError, message(ErrorCode::InternalError)));
    };
    let mut last = None;
    for candidate in fixed.targets.of_route(matched.row.route) {
        if !x.may_call(candidate.endpoint) {
            x.settlement.skipped(&candidate.label, SkipReason::TenantRequires);
            continue;
        }
        let request = target_path(x, candidate, path.as_deref(), matched.row).and_then(|path| http_request(x, candidate, path));
        let Some(request) = request else {
            x.settlement.skipped(&candidate.label, unsendable(x, candidate));
            continue;
        };
        let sending =
            Sending { candidate, operation: Operation::Http, expectation: None, request_at: x.deadline, event_bytes: 0 };
        match attempt(&mut x.settlement, &sending, request).await {
            Ok(reply) => return Ok(reply),
            Err(failed) if failed.unsent() => last = Some(failed),
            Err(failed) => return Err(failed.refusal()),
        }
    }
    Err(last.map_or_else(|| Refusal::new(ErrorCode::NoTarget, message(ErrorCode::NoTarget)), |failed| failed.refusal()))
}

/// The endpoint's own path, then the route's or the request's, then the query as it came.
fn target_path<W: World>(x: &Exchange<'_, W>, candidate: &Candidate, path: Option<&str>, row: &MatchRow) -> Option<PathAndQuery> {
    let mut out = candidate.path.path().trim_end_matches('/').to_owned();
    match path {
        None => out.push_str(x.facts.path),
        Some(path) => match path.strip_suffix('*') {
            Some(prefix) => {
                out.push_str(prefix.trim_end_matches('/'));
                out.push_str(row.path.rest(x.facts.path).unwrap_or_default());
            }
            None => out.push_str(path),
        },
    }
    if out.is_empty() {
        out.push('/');
    }
    if let Some(query) = x.parts.uri.query() {
        out.push('?');
        out.push_str(query);
    }
    PathAndQuery::try_from(out).ok()
}
