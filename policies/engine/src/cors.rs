//! Cross-origin access for browsers (the CORS protocol of WHATWG Fetch).

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
    VARY,
};
use http::{HeaderMap, HeaderValue, Method};

use crate::loaded::LoadedCors;

/// What scripts may read of an answer beyond what every script may.
const EXPOSED: &str = "x-request-id, retry-after, x-ratelimit-limit-requests, x-ratelimit-remaining-requests";

/// The headers of a preflight's answer; `None` where this is none, or not from an allowed origin.
pub(crate) fn preflight(cors: &LoadedCors, method: &Method, headers: &HeaderMap) -> Option<HeaderMap> {
    let wanted = headers.get(ACCESS_CONTROL_REQUEST_METHOD).filter(|_| *method == Method::OPTIONS)?;
    allowed(cors, headers)?;
    let mut out = HeaderMap::with_capacity(8);
    // What is allowed is the policies' to say when the request itself comes; a preflight carries no credential to judge by.
    out.insert(ACCESS_CONTROL_ALLOW_METHODS, wanted.clone());
    if let Some(names) = headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        out.insert(ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
    out.insert(ACCESS_CONTROL_MAX_AGE, cors.max_age.clone());
    Some(out)
}

/// Adds what an answer to a request with these headers needs, in place of what a target says.
pub(crate) fn decorate(cors: &LoadedCors, request: &HeaderMap, answer: &mut HeaderMap) {
    for name in [ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_EXPOSE_HEADERS] {
        answer.remove(name);
    }
    if let Some(origin) = allowed(cors, request) {
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
        if cors.credentials {
            answer.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }
    // The answer depends on who asks, unless anyone gets the same.
    if !cors.any_origin || cors.credentials {
        answer.append(VARY, HeaderValue::from_static("origin"));
    }
}

/// The origin as it is to be echoed. With credentials `*` is not allowed, so the origin itself is named.
fn allowed(cors: &LoadedCors, request: &HeaderMap) -> Option<HeaderValue> {
    let origin = request.get(ORIGIN).filter(|origin| cors.allows(origin))?;
    Some(if cors.any_origin && !cors.credentials { HeaderValue::from_static("*") } else { origin.clone() })
}
