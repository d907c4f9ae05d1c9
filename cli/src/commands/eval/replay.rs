//! A decision record asked again: its head is replayed, what it does not hold is said, and what came of it then is compared.

use aigw_core::{AttemptOutcome, Record};
use aigw_kinds::Program;
use serde_json::json;

use super::asked::Asked;

/// The request of a record. `with_body` where the body is given besides.
pub(super) fn asked(record: Record, program: &Program, with_body: bool) -> Asked {
    let mut asked = Asked {
        method: record.method.clone(),
        target: record.path.clone(),
        host: "localhost".to_owned(),
        ip: record.ip.parse().ok(),
        at: Some(record.time),
        caller: record
            .consumer
            .as_ref()
            .map(|consumer| (consumer.to_string(), record.credential.as_ref().map(ToString::to_string))),
        ..Asked::default()
    };
    asked.notes.push("a decision record holds no host, query and headers: give those that matter by `-H`".to_owned());
    if record.consumer.is_none() {
        asked.notes.push("the record names no consumer: the request is asked without a key, unless `--as` says who".to_owned());
    }
    if !with_body {
        body(&mut asked, &record, program);
    }
    asked.record = Some(Box::new(record));
    asked
}

/// A body for the model of the record: without one, nothing behind the reading of the body could be seen.
fn body(asked: &mut Asked, record: &Record, program: &Program) {
    let operation = record.operation.as_deref().unwrap_or_default();
    if !["chat", "embeddings"].contains(&operation) {
        asked.notes.push("a decision record holds no body: give it by `--body FILE` where it matters".to_owned());
        return;
    }
    let document = program.models.iter().find(|model| record.model.as_deref() == Some(model.origin.name.as_str()));
    let name = document.and_then(|model| model.names.first()).filter(|name| !name.contains('*'));
    let mut body = match operation {
        "embeddings" => json!({"input": "(made up)"}),
        _ => json!({"messages": [{"role": "user", "content": "(made up)"}], "stream": record.stream}),
    };
    if let (Some(name), Some(members)) = (name, body.as_object_mut()) {
        members.insert("model".to_owned(), name.as_str().into());
    }
    let note = format!("a decision record holds no body: {body} is made up; give the real one by `--body FILE`");
    asked.notes.push(note);
    asked.headers.push(("content-type".to_owned(), "application/json".to_owned()));
    asked.body = Some(body.to_string().into_bytes());
}

/// What came out differently: what, then, now.
pub(super) fn differences(then: &Record, now: &Record) -> Vec<(&'static str, String, String)> {
    let text = |text: Option<&str>| text.unwrap_or("none").to_owned();
    let facts = |record: &Record| {
        [
            ("route", text(record.route.as_deref())),
            ("consumer", text(record.consumer.as_deref())),
            ("model", text(record.model.as_deref())),
            ("target", text(served(record))),
            ("status", record.status.to_string()),
            ("code", text(record.code.map(aigw_core::ErrorCode::as_str))),
        ]
    };
    let pairs = facts(then).into_iter().zip(facts(now));
    pairs.filter(|(then, now)| then.1 != now.1).map(|(then, now)| (then.0, then.1, now.1)).collect()
}

fn served(record: &Record) -> Option<&str> {
    record.attempts.iter().find(|attempt| attempt.outcome == AttemptOutcome::Served).map(|attempt| &*attempt.target)
}
