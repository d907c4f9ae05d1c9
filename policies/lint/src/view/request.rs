//! A request that shows a finding, as a person reads it.

use aigw_kinds::route::ValueMatch;

use super::{Matcher, Place};

/// A request of a place with these headers and query parameters: ``POST /v1/chat/completions with `x-team: support` ``.
pub(crate) fn request(place: &Place, method: Option<&str>, matchers: &[&Matcher<'_>]) -> String {
    let host = match place.host.strip_prefix('*') {
        Some("") => String::new(),
        Some(suffix) => format!("https://any{suffix}"),
        None => format!("https://{}", place.host),
    };
    let path = place.path.replace("{}", "any").replace('*', "any");
    let query: Vec<String> =
        matchers.iter().filter(|matcher| !matcher.header).filter_map(|matcher| written(matcher, "=")).collect();
    let headers: Vec<String> =
        matchers.iter().filter(|matcher| matcher.header).filter_map(|matcher| written(matcher, ": ")).collect();
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    let headers =
        if headers.is_empty() { String::new() } else { format!(" with {}", super::listed(headers.iter().map(String::as_str))) };
    format!("{} {host}{path}{query}{headers}", method.unwrap_or("GET"))
}

fn written(matcher: &Matcher<'_>, between: &str) -> Option<String> {
    let value = match matcher.value {
        ValueMatch::Exact(text) | ValueMatch::Prefix(text) => text.clone(),
        ValueMatch::Regex(pattern) => format!("(matching {pattern})"),
        ValueMatch::Present => "any".to_owned(),
        ValueMatch::Absent => return None,
    };
    Some(format!("{}{between}{value}", matcher.name))
}
