//! Which headers pass, in both directions.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// What of a caller's headers goes upstream.
#[derive(Clone, Copy, Debug)]
pub enum Forward<'a> {
    /// These, and what describes the body: a call to a model.
    Named(&'a [HeaderName]),
    /// All that may: a call to any other service.
    All,
}

/// What of an upstream's headers goes to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Those that describe the body, and a few that clients of models read. Others tell of the gateway's own account.
    Model,
    /// All that may: the answer of any other service.
    Any,
}

/// Headers of one connection and not of the message (RFC 9110, section 7.6.1, and what older software treats so).
const HOP_BY_HOP: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The caller's credentials, and what the transport writes itself.
const NEVER_SENT: &[&str] =
    &["authorization", "api-key", "x-api-key", "ocp-apim-subscription-key", "cookie", "host", "content-length", "expect"];

/// What clients of models read of an answer.
const ANSWER_OF_MODEL: &[&str] = &[
    "content-type",
    "content-encoding",
    "content-language",
    "cache-control",
    "retry-after",
    "retry-after-ms",
    "openai-model",
    "openai-processing-ms",
    "openai-version",
    "x-ms-region",
];

/// What no answer passes on: the upstream's own cookies, alternative addresses and demands on the browser, and what the transport writes itself.
const NEVER_ANSWERED: &[&str] =
    &["content-length", "set-cookie", "alt-svc", "strict-transport-security", "server", "date", "x-request-id"];

/// The headers of a call, but for the credential.
///
/// A call to a model asks for an answer that is not compressed, since some providers compress events and usage must be read.
pub fn request_headers(caller: &HeaderMap, forward: Forward<'_>) -> HeaderMap {
    let dropped = Dropped::of(caller);
    let mut out = HeaderMap::with_capacity(8);
    match forward {
        Forward::All => copy(caller, &mut out, |name| !dropped.is(name) && !listed(NEVER_SENT, name)),
        Forward::Named(names) => {
            copy(caller, &mut out, |name| names.contains(name) && !dropped.is(name) && !listed(NEVER_SENT, name));
            out.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            out.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            if let Some(accept) = caller.get(header::ACCEPT) {
                out.insert(header::ACCEPT, accept.clone());
            }
        }
    }
    out
}

/// The headers of an answer to the caller, but for the gateway's own.
pub fn answer_headers(upstream: &HeaderMap, answer: Answer) -> HeaderMap {
    let dropped = Dropped::of(upstream);
    let mut out = HeaderMap::with_capacity(8);
    copy(upstream, &mut out, |name| match answer {
        Answer::Model => listed(ANSWER_OF_MODEL, name) && !dropped.is(name),
        Answer::Any => !listed(NEVER_ANSWERED, name) && !dropped.is(name),
    });
    out
}

/// The headers of the head of a stream that the gateway answers with: as the upstream's, and no cache or proxy may hold it back.
pub fn stream_headers(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
}

fn copy(from: &HeaderMap, to: &mut HeaderMap, passes: impl Fn(&HeaderName) -> bool) {
    for (name, value) in from.iter().filter(|(name, _)| passes(name)) {
        to.append(name.clone(), value.clone());
    }
}

fn listed(names: &[&str], name: &HeaderName) -> bool {
    names.contains(&name.as_str())
}

/// What belongs to one connection only: the fixed names, and those that `Connection` lists.
struct Dropped<'a> {
    named: Vec<&'a str>,
}

impl<'a> Dropped<'a> {
    fn of(headers: &'a HeaderMap) -> Self {
        let values = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
        Self { named: values.flat_map(|value| value.split(',')).map(str::trim).filter(|name| !name.is_empty()).collect() }
    }

    fn is(&self, name: &HeaderName) -> bool {
        listed(HOP_BY_HOP, name) || self.named.iter().any(|named| named.eq_ignore_ascii_case(name.as_str()))
    }
}

#[cfg(test)]
mod tests;
