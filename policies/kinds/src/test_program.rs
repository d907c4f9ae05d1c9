//! Programs for tests, written as the JSON that they are.

use std::net::IpAddr;

use aigw_core::Timestamp;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Value, json};

use crate::Program;
use crate::facts::{Facts, HeadFacts};

/// A program with nothing in it but these tables.
pub(crate) fn program(tables: Value) -> Program {
    let mut whole = json!({
        "version": crate::PROGRAM_VERSION, "files": ["policies.yaml"], "parameters": [], "expressions": [], "providers": [], "endpoints": [],
        "models": [], "consumers": [], "authentications": [], "authorizations": [], "validations": [], "limits": [], "prompts": [], "routes": [], "matches": [],
        "secrets": [],
        "gateway": {
            "name": "gateway", "trusted_proxies": [], "forward_headers": [], "cors": null, "errors": [],
            "bounds": {
                "body": "1MiB", "headers": "64KiB", "header_count": 100, "json_depth": 64, "client_idle": "10s", "request_time": "10m",
                "event": "1MiB", "connections_per_address": 0, "connections": 1000,
            },
        },
    });
    let (Some(whole_tables), Value::Object(tables)) = (whole.as_object_mut(), tables) else { return unreadable("no object") };
    whole_tables.extend(tables);
    serde_json::from_value(whole).unwrap_or_else(|error| unreadable(&error.to_string()))
}

#[expect(clippy::panic, reason = "a test's own program must be right")]
fn unreadable(error: &str) -> Program {
    panic!("the test's program: {error}")
}

/// Where a document named so stands.
pub(crate) fn origin(name: &str) -> Value {
    json!({"name": name, "place": [0, 1, 1]})
}

pub(crate) fn consumer(name: &str, roles: &[&str], labels: Value, keys: Value) -> Value {
    json!({"origin": origin(name), "labels": labels, "roles": roles, "keys": keys})
}

pub(crate) fn expression(text: &str, scope: &str, gives: &str) -> Value {
    json!({"text": text, "scope": scope, "gives": gives, "place": [0, 1, 1]})
}

pub(crate) fn model(name: &str, names: &[&str], operation: &str) -> Value {
    json!({
        "origin": origin(name), "names": names, "operation": operation, "targets": [], "sticky": null, "fallback": [],
        "retry": {"attempts": 1, "retry_on": [], "backoff_base": "200ms", "backoff_max": "5s", "budget": "20%"},
    })
}

/// A route that serves the first models, under these policies.
pub(crate) fn route(name: &str, models: &[u32], changes: Value) -> Value {
    let mut route = json!({
        "origin": origin(name), "labels": {}, "serve": {"models": {"models": models, "default": null}}, "authentication": [], "anonymous": true,
        "authorization_open": true, "wider": {}, "own": {},
    });
    if let (Some(route), Value::Object(changes)) = (route.as_object_mut(), changes) {
        route.extend(changes);
    }
    route
}

pub(crate) fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().filter_map(|(name, value)| Some((HeaderName::from_static(name), HeaderValue::from_str(value).ok()?))).collect()
}

/// A request for this path.
pub(crate) fn facts<'a>(method: &'a Method, path: &'a str, headers: &'a HeaderMap) -> Facts<'a> {
    let ip = IpAddr::from([10, 1, 2, 3]);
    Facts::new(HeadFacts { method, path, host: Some("ai.example"), query: None, headers, ip, now: Timestamp::from_millis(1_000) })
}
