//! Signatures in a body: in everything but what is text for a model, or about such text.

use aigw_core::ErrorCode;
use aigw_providers::json::{Kind, string_value};
use serde_json::Value;

use super::head::{attack, clipped};
use super::{Fault, Input};
use crate::validation::SignatureClass;
use crate::validation::signatures::Signatures;

/// Members in which people, and programs that speak for them, write what they like.
const FREE_TEXT: [&str; 17] = [
    "documents",
    "functions",
    "grammar",
    "input",
    "instructions",
    "messages",
    "prediction",
    "prompt",
    "query",
    "response_format",
    "stop",
    "structured_outputs",
    "suffix",
    "system",
    "text",
    "texts",
    "tools",
];

/// What vLLM and its kin call descriptions of what may be generated.
const GUIDES: &str = "guided_";

/// Looks at the members of a request for a model. What any other service takes has no meaning here, and no member is known to be text or not.
pub(super) fn signatures(input: &Input<'_, '_>, signatures: &Signatures) -> Option<Fault> {
    let object = input.object?;
    for member in object.members() {
        let name = object.name(member);
        if FREE_TEXT.contains(&name) || name.starts_with(GUIDES) {
            continue;
        }
        let found = match member.kind {
            Kind::String => string_value(object.bytes(), member.value_span)
                .and_then(|text| signatures.find(&text))
                .map(|class| (class, pointer("", name))),
            Kind::Array | Kind::Object => match serde_json::from_slice::<Value>(object.raw(member)) {
                Ok(value) => inside(signatures, &value, &pointer("", name)),
                Err(_) => return Some(Fault::new(ErrorCode::JsonTooDeep, "a member of the body nests too deep to be judged")),
            },
            Kind::Null | Kind::Bool | Kind::Number => None,
        };
        let found = found.or_else(|| signatures.find(name).map(|class| (class, pointer("", name))));
        if let Some((class, at)) = found {
            let at = clipped(&at);
            return Some(attack(class, "the body", Some((format!("the body at `{at}`"), at))));
        }
    }
    None
}

/// The first text, or name of a member, that looks like an attack, and where.
fn inside(signatures: &Signatures, value: &Value, at: &str) -> Option<(SignatureClass, String)> {
    match value {
        Value::String(text) => signatures.find(text).map(|class| (class, at.to_owned())),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(index, item)| inside(signatures, item, &format!("{at}/{index}")))
        }
        Value::Object(members) => members.iter().find_map(|(name, member)| {
            let at = pointer(at, name);
            signatures.find(name).map(|class| (class, at.clone())).or_else(|| inside(signatures, member, &at))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn pointer(parent: &str, name: &str) -> String {
    format!("{parent}/{}", name.replace('~', "~0").replace('/', "~1"))
}
