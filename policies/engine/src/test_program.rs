//! Programs for tests, written as the JSON that they are.

use aigw_kinds::{PROGRAM_VERSION, Program};
use serde_json::{Value, json};

/// A program with nothing in it but these tables.
pub(crate) fn program(tables: Value) -> Program {
    let mut whole = json!({
        "version": PROGRAM_VERSION, "files": ["policies.yaml"], "parameters": [], "expressions": [], "providers": [], "endpoints": [],
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

/// Where a document named so stands: on line 3 of the only file.
pub(crate) fn origin(name: &str) -> Value {
    json!({"name": name, "place": [0, 3, 5]})
}

/// A table's row with some of its members changed.
pub(crate) fn with(mut row: Value, changes: Value) -> Value {
    if let (Some(row), Value::Object(changes)) = (row.as_object_mut(), changes) {
        row.extend(changes);
    }
    row
}

/// A route that serves no model and lets everybody in.
pub(crate) fn route(name: &str, changes: Value) -> Value {
    let route = json!({
        "origin": origin(name), "labels": {}, "serve": {"models": {"models": [], "default": null}}, "authentication": [], "anonymous": true,
        "authorization_open": true, "wider": {}, "own": {},
    });
    with(route, changes)
}

/// A row that reaches route 0 with every request for `/`.
pub(crate) fn row(changes: Value) -> Value {
    let row = json!({
        "host": "any", "path": {"exact": "/"}, "methods": [], "headers": [], "query": [], "when": null, "priority": 0, "route": 0,
        "operation": "chat", "surface": "openai", "place": [0, 7, 9],
    });
    with(row, changes)
}
