//! What is judged before the body is read.

use aigw_core::ErrorCode;
use http::header::CONTENT_TYPE;

use super::{Fault, Head};
use crate::validation::CheckKind;

pub(super) fn address(check: &CheckKind, head: &Head<'_, '_>) -> Option<Fault> {
    let CheckKind::Addresses { allow, deny } = check else { return None };
    let ip = head.facts.ip.to_canonical();
    let allowed = allow.is_empty() || allow.iter().any(|network| network.contains(&ip));
    if allowed && !deny.iter().any(|network| network.contains(&ip)) {
        return None;
    }
    Some(Fault::new(ErrorCode::AddressNotAllowed, "requests from this address are not taken here"))
}

/// A header that stands there twice must fit twice: nobody knows which of them is read further on.
pub(super) fn content_type(check: &CheckKind, head: &Head<'_, '_>) -> Option<Fault> {
    let CheckKind::ContentTypes(types) = check else { return None };
    if !head.has_body {
        return None;
    }
    let mut written = head.facts.headers.get_all(CONTENT_TYPE).iter().map(|value| essence(value.as_bytes())).peekable();
    let missing = written.peek().is_none();
    let fits = |essence: &[u8]| types.iter().any(|wanted| is_of(essence, wanted));
    if !missing && written.all(fits) {
        return None;
    }
    let known: Vec<String> = types.iter().map(|wanted| format!("`{wanted}`")).collect();
    let message = format!("the content-type must be {}", known.join(" or "));
    Some(Fault::new(ErrorCode::UnsupportedMediaType, message))
}

/// A content type without its parameters.
pub(super) fn essence(value: &[u8]) -> &[u8] {
    value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii()
}

fn is_of(essence: &[u8], wanted: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(prefix) => essence.get(..prefix.len()).is_some_and(|kind| kind.eq_ignore_ascii_case(prefix.as_bytes())),
        None => essence.eq_ignore_ascii_case(wanted.as_bytes()),
    }
}
