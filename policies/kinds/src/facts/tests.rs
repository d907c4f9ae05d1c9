#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use http::HeaderValue;

fn facts<'a>(headers: &'a HeaderMap, query: Option<&'a str>) -> Facts<'a> {
    Facts::new(HeadFacts {
        method: &Method::POST,
        path: "/v1/chat/completions",
        host: Some("ai.example"),
        query,
        headers,
        ip: "10.1.2.3".parse().unwrap(),
        now: Timestamp::from_millis(7),
    })
}

#[test]
fn the_head_is_known_at_once_and_the_rest_is_missing_until_it_is_filled_in() {
    let headers = HeaderMap::new();
    let facts = facts(&headers, None);
    let text = |name| facts.text(name).map(Cow::into_owned);
    assert_eq!(text(NameId::RequestMethod).as_deref(), Some("POST"));
    assert_eq!(text(NameId::RequestPath).as_deref(), Some("/v1/chat/completions"));
    assert_eq!(text(NameId::RequestHost).as_deref(), Some("ai.example"));
    assert_eq!(text(NameId::RequestIp).as_deref(), Some("10.1.2.3"));
    assert_eq!(facts.now_unix_ms(), 7);
    for missing in [NameId::IdentityConsumer, NameId::RouteName, NameId::ModelName] {
        assert_eq!(text(missing), None, "{missing:?}");
    }
    assert_eq!((facts.json(NameId::RequestBody), facts.item(NameId::IdentityRoles, 0)), (None, None));
}

#[test]
fn values_of_a_repeated_header_are_joined_so_that_none_hides() {
    let mut headers = HeaderMap::new();
    for value in ["a", "b", "c"] {
        headers.append("x-team", HeaderValue::from_static(value));
    }
    let facts = facts(&headers, None);
    assert_eq!(facts.entry(NameId::RequestHeaders, "x-team").as_deref(), Some("a, b, c"));
    assert_eq!(facts.entry(NameId::RequestHeaders, "x-other"), None);
}

#[test]
fn query_parameters_are_decoded() {
    let headers = HeaderMap::new();
    for (query, name, value) in [
        ("a=1&b=2", "b", Some("2")),
        ("a=x+y%20z", "a", Some("x y z")),
        ("t%65am=%F0%9F%98%80", "team", Some("😀")),
        ("a=%", "a", Some("%")),
        ("a=%zz%4", "a", Some("%zz%4")),
        ("a=%ff", "a", Some("\u{fffd}")),
        ("a", "a", Some("")),
        ("&&a=1", "a", Some("1")),
        ("a=1", "", None),
        ("a=1&a=2", "a", Some("1")),
        ("", "a", None),
    ] {
        let facts = facts(&headers, Some(query));
        assert_eq!(facts.entry(NameId::RequestQuery, name).as_deref(), value, "{query}");
    }
}

#[test]
fn a_body_is_json_or_missing() {
    let headers = HeaderMap::new();
    let mut facts = facts(&headers, None);
    facts.set_body(br#"{"user":"ann"}"#);
    assert_eq!(facts.json(NameId::RequestBody).and_then(|body| body.get("user")).and_then(Value::as_str), Some("ann"));
    facts.set_body(b"{");
    assert_eq!(facts.json(NameId::RequestBody), None);
}
