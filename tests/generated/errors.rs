//! The error codes that clients can get: one table, for programs and for people.

use std::fmt::Write;

use aigw_core::ErrorCode;
use aigw_engine::status_of;
use serde_json::{Value, json};

/// The table for programs.
pub(super) fn table() -> Value {
    let rows = ErrorCode::ALL
        .iter()
        .map(|code| json!({"code": code.as_str(), "status": status_of(*code).as_u16(), "meaning": code.meaning()}));
    rows.collect()
}

/// The table for people.
pub(super) fn page() -> String {
    let mut page = format!("{}{INTRODUCTION}", super::NOTICE);
    for code in ErrorCode::ALL {
        let status = status_of(*code).as_u16();
        writeln!(page, "| `{}` | {status} | {} |", code.as_str(), super::cell(code.meaning())).unwrap();
    }
    page
}

const INTRODUCTION: &str = "\
# Error codes

What a client gets when its request is refused or fails. The body has OpenAI's shape, and `code` is one of these; it never changes its meaning, so programs may act on it.
`Gateway.spec.errors` may give a code another status and message. The same code stands in the decision record and in the metrics. For programs the table is
[`schemas/errors.json`](../schemas/errors.json).

| code | status | meaning |
|---|---|---|
";
