//! Snapshots: the whole of a request and its answer as text, with everything taken out that no policy decides.

use std::collections::BTreeSet;

use aigw_core::Record;
use aigw_kinds::Program;
use serde_json::{Map, Value, json};

use super::Settings;
use crate::judge::{as_json, diff, whole_body};
use crate::plan::{Action, Case, Expect};
use crate::report::{FailureKind, Snapshot};
use crate::script::endpoint_name;
use crate::world::{Exchange, Sent};

/// What stands in the place of what differs from run to run.
const REDACTED: &str = "[redacted]";
/// Members of a decision record that no policy decides.
const VARIABLE: [&str; 4] = ["time", "requestId", "bundle", "timings"];

type Judged = (Option<FailureKind>, String, String, Option<String>, Snapshot);

/// Every snapshot of an expectation: what failed of it, where it stands, and what it shows.
pub(super) fn judge(case: &Case, expect: &Expect, exchange: &Exchange, program: &Program, settings: &Settings) -> Vec<Judged> {
    let spec = &expect.spec;
    let at = &expect.pointer;
    let mut taken = Vec::new();
    if let Some(name) = &spec.snapshot {
        taken.push((name, format!("{at}/snapshot"), whole(exchange, program)));
    }
    if let Some(name) = spec.body.as_ref().and_then(|body| body.snapshot.as_ref()) {
        taken.push((name, format!("{at}/body/snapshot"), body(&whole_body(exchange))));
    }
    if let Some(name) = spec.sent.as_ref().and_then(|sent| sent.body.as_ref()).and_then(|body| body.snapshot.as_ref()) {
        let sent = exchange.sent.last().map_or(Value::Null, |sent| body(&sent.body));
        taken.push((name, format!("{at}/sent/body/snapshot"), sent));
    }
    taken.into_iter().map(|(name, at, value)| one(case, name, at, &value, settings)).collect()
}

fn one(case: &Case, name: &str, at: String, value: &Value, settings: &Settings) -> Judged {
    let path = path_of(&case.file, name);
    let text = format!("{value:#}\n");
    let stored = settings.snapshots.get(&path);
    let same = stored == Some(&text);
    let (kind, message, diff) = match stored {
        Some(_) if same => (None, String::new(), None),
        Some(stored) => {
            (Some(FailureKind::Snapshot), format!("the snapshot `{name}` shows something else"), Some(diff(stored, &text)))
        }
        None => (Some(FailureKind::NewSnapshot), format!("there is no snapshot `{name}` yet"), None),
    };
    (kind, message, at, diff, Snapshot { path, text, same })
}

impl Case {
    /// The files of the snapshots that this case takes, relative to the policy folder.
    pub fn snapshots(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for step in &self.steps {
            let Action::Send(send) = &step.action else { continue };
            let spec = &send.expect.spec;
            names.extend(&spec.snapshot);
            names.extend(spec.body.as_ref().and_then(|body| body.snapshot.as_ref()));
            names.extend(spec.sent.as_ref().and_then(|sent| sent.body.as_ref()).and_then(|body| body.snapshot.as_ref()));
        }
        names.into_iter().map(|name| path_of(&self.file, name)).collect()
    }
}

/// `__snapshots__/NAME.json` beside the suite.
fn path_of(file: &str, name: &str) -> String {
    match file.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/__snapshots__/{name}.json"),
        None => format!("__snapshots__/{name}.json"),
    }
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
    value
}
