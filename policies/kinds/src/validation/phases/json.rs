//! JSON in bodies that have no dialect: what is sent to a service that is not a model.

use std::sync::Arc;

use aigw_core::{ErrorCode, Operation};
use aigw_providers::dialect::errors::RequestError;
use aigw_providers::json::{ScanError, check};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

use super::head::essence;
use super::{Check, Fault, Input, InputBounds, Validation};
use crate::Refusal;
use crate::facts::TreeFault;
use crate::validation::CheckKind;
use crate::validation::schema::{BodySchema, MAX_LEVELS};

/// Holds JSON on its way to any service to the least bound on its depth. That of models has been scanned before.
pub(super) fn of_any_service<'v>(
    validations: impl Iterator<Item = &'v Arc<Validation>>,
    input: &Input<'_, '_>,
    bounds: InputBounds,
) -> Result<(), Refusal> {
    let mut enforced = validations.filter(|validation| !validation.shadow).flat_map(|validation| &validation.checks);
    let is_bounded = enforced.any(|check| matches!(check, Check::Plain(CheckKind::JsonDepth(_))));
    if input.operation != Operation::Http || !is_bounded || input.body.is_empty() || !says_json(input.facts.headers) {
        return Ok(());
    }
    if is_encoded(input.facts.headers) {
        let message = "compressed JSON is not taken here; send the body without a content-encoding";
        return Err(Refusal::new(ErrorCode::UnsupportedMediaType, message));
    }
    check(input.body, bounds.json_depth).map_err(|fault| RequestError::from(fault).into())
}

/// Whether JSON nests deeper than this; for bounds in shadow.
pub(super) fn is_too_deep(input: &Input<'_, '_>, depth: u16) -> bool {
    let is_json = input.object.is_some() || says_json(input.facts.headers) && !is_encoded(input.facts.headers);
    is_json && matches!(check(input.body, depth), Err(ScanError::TooDeep { .. }))
}

/// Whether a body fits a schema. Where any service is called it must then be JSON, unless the method has no body.
pub(super) fn schema(input: &Input<'_, '_>, schema: &BodySchema) -> Option<Fault> {
    if input.operation == Operation::Http {
        let bodiless = matches!(input.facts.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE" | "DELETE");
        if input.body.is_empty() && bodiless {
            return None;
        }
        if !says_json(input.facts.headers) || is_encoded(input.facts.headers) {
            let message = "the content-type must be `application/json`, without a content-encoding";
            return Some(Fault::new(ErrorCode::UnsupportedMediaType, message));
        }
    }
    let tree = match input.facts.tree() {
        Ok(tree) => tree,
        Err(fault @ TreeFault::Json) => return Some(Fault::new(ErrorCode::InvalidJson, fault.to_string())),
        Err(fault @ TreeFault::Duplicate(_)) => return Some(Fault::new(ErrorCode::DuplicateMember, fault.to_string())),
    };
    if tree.depth > MAX_LEVELS {
        return Some(Fault::new(
            ErrorCode::JsonTooDeep,
            format!("the body nests deeper than the {MAX_LEVELS} levels that are judged"),
        ));
    }
    let misfit = schema.misfit(&tree.value, input.body.len())?;
    let mut fault =
        Fault::new(ErrorCode::SchemaMismatch, format!("the body does not have the form that is taken: {}", misfit.message));
    fault.refusal.param = (!misfit.at.is_empty()).then(|| misfit.at.into());
    fault.note = Some(misfit.keywords.into());
    Some(fault)
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
