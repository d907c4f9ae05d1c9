//! JSON in bodies that have no dialect: what is sent to a service that is not a model.

use std::sync::Arc;

use aigw_core::{ErrorCode, Operation};
use aigw_providers::dialect::errors::RequestError;
use aigw_providers::json::{ScanError, check};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

use super::head::essence;
use super::{Input, InputBounds, Validation};
use crate::Refusal;
use crate::validation::CheckKind;

/// Holds JSON on its way to any service to the least bound on its depth. That of models has been scanned before.
pub(super) fn of_any_service<'v>(
    validations: impl Iterator<Item = &'v Arc<Validation>>,
    input: &Input<'_>,
    bounds: InputBounds,
) -> Result<(), Refusal> {
    let mut enforced = validations.filter(|validation| !validation.shadow).flat_map(|validation| &validation.checks);
    let is_bounded = enforced.any(|check| matches!(check, CheckKind::JsonDepth(_)));
    if input.operation != Operation::Http || !is_bounded || input.body.is_empty() || !says_json(input.headers) {
        return Ok(());
    }
    if is_encoded(input.headers) {
        let message = "compressed JSON is not taken here; send the body without a content-encoding";
        return Err(Refusal::new(ErrorCode::UnsupportedMediaType, message));
    }
    check(input.body, bounds.json_depth).map_err(|fault| RequestError::from(fault).into())
}

/// Whether JSON nests deeper than this; for bounds in shadow.
pub(super) fn is_too_deep(input: &Input<'_>, depth: u16) -> bool {
    let is_json = input.object.is_some() || says_json(input.headers) && !is_encoded(input.headers);
    is_json && matches!(check(input.body, depth), Err(ScanError::TooDeep { .. }))
}

/// Whether the content type is `application/json`, or one whose name ends in `+json` (RFC 6839 section 3.1).
fn says_json(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_TYPE).iter().any(|value| {
        let essence = essence(value.as_bytes());
        let suffix = essence.len().checked_sub(b"+json".len()).and_then(|at| essence.get(at..));
        essence.eq_ignore_ascii_case(b"application/json") || suffix.is_some_and(|end| end.eq_ignore_ascii_case(b"+json"))
    })
}

fn is_encoded(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_ENCODING).iter().any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
}
