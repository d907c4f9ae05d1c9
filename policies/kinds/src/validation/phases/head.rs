//! What is judged before the body is read.

use aigw_core::ErrorCode;
use http::HeaderName;
use http::header::{AUTHORIZATION, CONTENT_TYPE, PROXY_AUTHORIZATION};

use super::{Check, Fault, Head};
use crate::validation::{CheckKind, SignatureClass};

/// How much of a name or place an answer repeats, in characters.
const MAX_SHOWN: usize = 120;
const CREDENTIALS: [HeaderName; 2] = [AUTHORIZATION, PROXY_AUTHORIZATION];

pub(super) fn address(check: &Check, head: &Head<'_, '_>) -> Option<Fault> {
    let Check::Plain(CheckKind::Addresses { allow, deny }) = check else { return None };
    let ip = head.facts.ip.to_canonical();
    let allowed = allow.is_empty() || allow.iter().any(|network| network.contains(&ip));
    if allowed && !deny.iter().any(|network| network.contains(&ip)) {
        return None;
    }
    Some(Fault::new(ErrorCode::AddressNotAllowed, "requests from this address are not taken here"))
}

/// A header that stands there twice must fit twice: nobody knows which of them is read further on.
pub(super) fn content_type(check: &Check, head: &Head<'_, '_>) -> Option<Fault> {
    let Check::Plain(CheckKind::ContentTypes(types)) = check else { return None };
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

/// Path, query and headers; but for what proves who the caller is, which is judged where it is checked.
pub(super) fn signatures(check: &Check, head: &Head<'_, '_>) -> Option<Fault> {
    let Check::Signatures(signatures) = check else { return None };
    let facts = head.facts;
    if let Some(class) = signatures.find(facts.path) {
        return Some(attack(class, "the path", None));
    }
    for (name, value) in facts.query().iter() {
        if let Some(class) = signatures.find(name).or_else(|| signatures.find(value)) {
            let name = clipped(name);
            return Some(attack(class, "the query", Some((format!("the query parameter `{name}`"), name))));
        }
    }
    for (name, value) in facts.headers.iter().filter(|(name, _)| !CREDENTIALS.contains(name)) {
        if let Some(class) = signatures.find(&String::from_utf8_lossy(value.as_bytes())) {
            let name = clipped(name.as_str());
            return Some(attack(class, "a header", Some((format!("the header `{name}`"), name))));
        }
    }
    None
}

/// What looks like an attack: the answer says where, the record only in which part of the request.
pub(super) fn attack(class: SignatureClass, part: &str, whole: Option<(String, String)>) -> Fault {
    let class = class.as_str();
    let (place, param) = whole.map_or_else(|| (part.to_owned(), None), |(place, param)| (place, Some(param)));
    let mut fault = Fault::new(ErrorCode::AttackSignature, format!("{place} looks like an attack ({class})"));
    fault.refusal.param = param.map(Into::into);
    fault.note = Some(format!("{class} in {part}").into());
    fault
}

/// What a caller wrote, as far as an answer repeats it.
pub(super) fn clipped(text: &str) -> String {
    text.chars().take(MAX_SHOWN).collect()
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
