//! A decision for programs.

use std::collections::BTreeMap;

use aigw_kinds::{EndpointId, Evaluation, Given, Place, Program};
use aigw_testkit::world::{End, Exchange, Sent};
use http::HeaderMap;
use serde_json::{Value, json};

use super::Evaluated;
use super::endpoint_name;
use super::replay::differences;
use super::why::WhyNot;

/// The whole as JSON; its members are told in `docs/command-line.md`.
pub(super) fn render(evaluated: &Evaluated, whys: &[WhyNot]) -> Value {
    let (shown, asked) = (&evaluated.shown, &evaluated.asked);
    let program = shown.loaded.program();
    let mut whole = json!({
        "answer": answer(&shown.exchange),
        "sent": shown.exchange.sent.iter().map(|call| described(call, program)).collect::<Vec<_>>(),
        "decision": [shown.record()],
        "expressions": shown.evaluations.iter().filter_map(|evaluation| expression(evaluation, program)).collect::<Vec<_>>(),
        "notes": asked.notes.iter().chain(&shown.exchange.unscripted).collect::<Vec<_>>(),
    });
    if let Some(members) = whole.as_object_mut() {
        if !whys.is_empty() {
            let whys = whys.iter().map(|why| json!({"of": why.of, "chosen": why.chosen, "because": why.because}));
            members.insert("whyNot".to_owned(), whys.collect());
        }
        if let Some(record) = &asked.record {
            let differences = differences(record, shown.record()).into_iter();
            let differences = differences.map(|(what, then, now)| json!({"what": what, "then": then, "now": now}));
            members.insert("differences".to_owned(), differences.collect());
        }
    }
    whole
}

fn answer(exchange: &Exchange) -> Value {
    let body = whole_body(exchange);
    let status = exchange.status.map(|status| status.as_u16());
    let headers: BTreeMap<String, String> = texts(&exchange.headers).collect();
    let mut answer = json!({"status": status, "headers": headers, "body": readable(&body)});
    if let (End::Cut(code), Some(members)) = (&exchange.end, answer.as_object_mut()) {
        members.insert("cut".to_owned(), code.as_str().into());
    }
    answer
}

/// A call for people: secrets are stand-ins, so everything can be shown.
fn described(call: &Sent, program: &Program) -> Value {
    let (method, path) = (call.method.as_str(), call.uri.to_string());
    let headers: serde_json::Map<String, Value> = texts(&call.headers).map(|(name, text)| (name, json!(text))).collect();
    json!({"endpoint": destination(call, program), "method": method, "path": path, "headers": headers, "body": readable(&call.body)})
}

fn expression(evaluation: &Evaluation, program: &Program) -> Option<Value> {
    let plan = evaluation.id.of(program)?;
    let saw: serde_json::Map<String, Value> =
        evaluation.saw.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    Some(json!({"expression": plan.text, "at": placed(program, plan.place), "gave": gave(&evaluation.gave), "saw": saw}))
}

/// What an evaluation gave.
pub(super) fn gave(given: &Given) -> String {
    match given {
        Given::Bool(holds) => holds.to_string(),
        Given::Text(Some(text)) | Given::Json(Some(text)) => text.clone(),
        Given::Text(None) | Given::Json(None) => "nothing".to_owned(),
        Given::Failed(why) => format!("failed: {why}"),
    }
}

/// `file:line:column`.
pub(super) fn placed(program: &Program, Place(file, line, column): Place) -> String {
    let file = usize::try_from(file).ok().and_then(|file| program.files.get(file)).map_or("", String::as_str);
    format!("{file}:{line}:{column}")
}

/// Where a call went, as `provider/endpoint`.
pub(super) fn destination(call: &Sent, program: &Program) -> String {
    EndpointId(call.endpoint.0).of(program).map(|plan| endpoint_name(program, plan)).unwrap_or_default()
}

/// The answer's body in one piece.
pub(super) fn whole_body(exchange: &Exchange) -> Vec<u8> {
    exchange.body.iter().flat_map(|(_, chunk)| chunk.iter().copied()).collect()
}

/// Headers as texts.
pub(super) fn texts(headers: &HeaderMap) -> impl Iterator<Item = (String, String)> {
    headers.iter().map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
}

/// As JSON where it is some, else as text.
pub(super) fn readable(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| json!(String::from_utf8_lossy(body)))
}
