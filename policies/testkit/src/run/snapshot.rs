//! Snapshots: the whole of a request and its answer as text, with everything taken out that no policy decides.

use std::collections::BTreeSet;

use aigw_core::Record;
use aigw_kinds::Program;
use aigw_source::Span;
use serde_json::{Map, Value, json};

use super::Settings;
use crate::judge::{as_json, diff, whole_body};
use crate::load::snapshots;
use crate::plan::{Action, Case, Expect};
use crate::report::{Failure, FailureKind, Snapshot};
use crate::script::endpoint_name;
use crate::world::{Exchange, Sent};

/// What stands in the place of what differs from run to run.
const REDACTED: &str = "[redacted]";
/// Members of a decision record that no policy decides.
const VARIABLE: [&str; 5] = ["time", "requestId", "bundle", "timings", "routeAt"];

/// A snapshot that was taken, and what is wrong with it.
pub(super) struct Taken {
    /// Where it is asked for, as a JSON Pointer.
    pub(super) at: String,
    pub(super) snapshot: Snapshot,
    name: String,
    /// What it showed before, line by line against what it shows now; nothing where there is none.
    diff: Option<String>,
}

impl Taken {
    /// What failed, if it did.
    pub(super) fn failure(&self, place: Span) -> Option<Failure> {
        if self.snapshot.same {
            return None;
        }
        let (kind, message) = match self.diff {
            Some(_) => (FailureKind::Snapshot, format!("the snapshot `{}` shows something else", self.name)),
            None => (FailureKind::NewSnapshot, format!("there is no snapshot `{}` yet", self.name)),
        };
        Some(Failure { diff: self.diff.clone(), ..Failure::new(kind, message, place) })
    }
}

/// Every snapshot of an expectation.
pub(super) fn judge(case: &Case, expect: &Expect, exchange: &Exchange, program: &Program, settings: &Settings) -> Vec<Taken> {
    let Expect { spec, pointer: at, row, .. } = expect;
    let take = |name: &str, at: String, value: &Value| one(case, (name, *row), at, value, settings);
    let mut taken = Vec::new();
    if let Some(name) = &spec.snapshot {
        taken.push(take(name, format!("{at}/snapshot"), &whole(exchange, program)));
    }
    if let Some(name) = spec.body.as_ref().and_then(|body| body.snapshot.as_ref()) {
        taken.push(take(name, format!("{at}/body/snapshot"), &body(&whole_body(exchange))));
    }
    if let Some(name) = spec.sent.as_ref().and_then(|sent| sent.body.as_ref()).and_then(|body| body.snapshot.as_ref()) {
        let sent = exchange.sent.last().map_or(Value::Null, |sent| body(&sent.body));
        taken.push(take(name, format!("{at}/sent/body/snapshot"), &sent));
    }
    taken
}

fn one(case: &Case, (name, row): (&str, Option<usize>), at: String, value: &Value, settings: &Settings) -> Taken {
    let path = path_of(case, name, row);
    let text = format!("{value:#}\n");
    let stored = settings.snapshots.get(&path);
    let same = stored == Some(&text);
    let diff = stored.filter(|_| !same).map(|stored| diff(stored, &text));
    Taken { at, snapshot: Snapshot { path, text, same }, name: name.to_owned(), diff }
}

impl Case {
    /// The files of the snapshots that this case takes, relative to the policy folder.
    pub fn snapshots(&self) -> BTreeSet<String> {
        let expects = self.steps.iter().filter_map(|step| match &step.action {
            Action::Send(send) => Some(&send.expect),
            Action::Advance(_) | Action::Script(_) | Action::Store { .. } => None,
        });
        let paths = expects.flat_map(|expect| snapshots(&expect.spec).map(|(_, name)| path_of(self, name, expect.row)));
        paths.collect()
    }
}

/// `__snapshots__/SUITE.NAME.json` beside the suite; `SUITE.NAME.ROW.json` for a row of a matrix.
fn path_of(case: &Case, name: &str, row: Option<usize>) -> String {
    let folder = case.file.rsplit_once('/').map_or_else(String::new, |(folder, _)| format!("{folder}/"));
    let row = row.map_or_else(String::new, |row| format!(".{row}"));
    format!("{folder}__snapshots__/{}.{name}{row}.json", case.suite)
}

fn whole(exchange: &Exchange, program: &Program) -> Value {
    let sent: Vec<Value> = exchange.sent.iter().map(|sent| call(sent, program)).collect();
    json!({
        "status": exchange.status.map(|status| status.as_u16()),
        "headers": headers(&exchange.headers),
        "body": body(&whole_body(exchange)),
        "sent": sent,
        "decisions": decisions(&exchange.record),
    })
}

fn call(sent: &Sent, program: &Program) -> Value {
    json!({
        "to": endpoint_name(program, sent.endpoint),
        "method": sent.method.as_str(),
        "uri": sent.uri.to_string(),
        "headers": headers(&sent.headers),
        "body": body(&sent.body),
    })
}

fn headers(headers: &http::HeaderMap) -> Value {
    let mut sorted: Vec<(String, Value)> = headers
        .iter()
        .map(|(name, value)| {
            let text =
                if name == "x-request-id" { REDACTED.into() } else { String::from_utf8_lossy(value.as_bytes()).into_owned() };
            (name.to_string(), text.into())
        })
        .collect();
    sorted.sort_by(|one, other| one.0.cmp(&other.0));
    Value::Object(sorted.into_iter().collect::<Map<_, _>>())
}

/// JSON as JSON, anything else as its lines.
fn body(bytes: &[u8]) -> Value {
    match as_json(bytes) {
        Some(mut json) => {
            redact_id(&mut json);
            json
        }
        None => String::from_utf8_lossy(bytes).lines().map(Value::from).collect(),
    }
}

/// Errors name the request that they answer.
fn redact_id(body: &mut Value) {
    for pointer in ["/error/request_id", "/request_id"] {
        if let Some(id) = body.pointer_mut(pointer) {
            *id = REDACTED.into();
        }
    }
}

fn decisions(record: &Record) -> Value {
    let mut value = serde_json::to_value(record).unwrap_or_default();
    if let Some(members) = value.as_object_mut() {
        for name in VARIABLE {
            members.shift_remove(name);
        }
    }
    // Where a rule stands changes with every line above it.
    for verdict in value.get_mut("policies").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(members) = verdict.as_object_mut() {
            members.shift_remove("at");
        }
    }
    value
}
