//! A validation: from as written to as compiled.

mod addresses;
mod fit;
mod schema;

use aigw_core::ByteSize;
use aigw_source::rules::INVALID_VALUE;

pub(crate) use fit::decides_beside;

use crate::gateway::{BoundsSpec, GatewaySpec};
use crate::lower::{At, Lowering};
use crate::validation::{CheckKind, SignatureClass, ValidationCheck, ValidationPlan, ValidationSpec};
use crate::{Typed, rules};

/// Lowers one validation.
pub(crate) fn lower<'a>(lowering: &mut Lowering<'a>, typed: Typed<'a, ValidationSpec>) -> Option<ValidationPlan> {
    let Typed { doc, spec } = typed;
    let at = At::spec(doc);
    let written = [
        ("addresses", spec.addresses.as_ref().map(|spec| addresses::lower(lowering, spec, &at.key("addresses")))),
        ("contentTypes", spec.content_types.as_ref().map(|types| content_types(lowering, types, &at.key("contentTypes")))),
        ("body", spec.body.map(|most| body(lowering, most, &at.key("body")))),
        ("jsonDepth", spec.json_depth.map(|most| json_depth(lowering, most, &at.key("jsonDepth")))),
        ("messages", spec.messages.map(|most| Some(CheckKind::Messages(most)))),
        ("schema", spec.schema.as_ref().map(|path| schema::lower(lowering, path, &at.key("schema")))),
        ("signatures", spec.signatures.as_ref().map(|classes| signatures(lowering, classes, &at.key("signatures")))),
    ];
    if written.iter().all(|(_, check)| check.is_none()) {
        let keys: Vec<&str> = written.iter().map(|(key, _)| *key).collect();
        let help = format!("write one of {}", crate::lower::listed(&keys));
        lowering.unfit(at.key_span(), "the validation judges nothing", help);
    }
    let mut checks = Vec::new();
    for (key, check) in written {
        let place = lowering.place(at.key(key).key_span());
        checks.extend(check.flatten().map(|what| ValidationCheck { what, place }));
    }
    Some(ValidationPlan { origin: lowering.origin(doc)?, mode: spec.mode, checks })
}

fn signatures<'a>(lowering: &mut Lowering<'a>, written: &[SignatureClass], at: &At<'a>) -> Option<CheckKind> {
    for (index, class) in written.iter().enumerate() {
        if written.iter().take(index).any(|earlier| earlier == class) {
            let message = format!("`{}` stands twice in this list", class.as_str());
            lowering.refuse(rules::DUPLICATE_NAME, at.item(index).span(), message, "remove one of them");
        }
    }
    Some(CheckKind::Signatures(written.to_vec()))
}

fn content_types<'a>(lowering: &mut Lowering<'a>, written: &[String], at: &At<'a>) -> Option<CheckKind> {
    let mut types: Vec<String> = Vec::new();
    for (index, text) in written.iter().enumerate() {
        let at = at.item(index);
        let Some(kind) = content_type(text) else {
            let message = format!("`{text}` is not a content type");
            lowering.refuse(INVALID_VALUE, at.span(), message, "write `application/json`, or `image/*` for every image");
            continue;
        };
        if types.contains(&kind) {
            let message = format!("`{text}` stands twice in this list");
            lowering.refuse(rules::DUPLICATE_NAME, at.span(), message, "remove one of them");
        }
        types.push(kind);
    }
    Some(CheckKind::ContentTypes(types))
}

/// A content type without parameters in small letters (RFC 9110 section 8.3.1), or a type with `*` for all of it.
fn content_type(text: &str) -> Option<String> {
    let (kind, subtype) = text.split_once('/')?;
    let token =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte));
    (token(kind) && (subtype == "*" || token(subtype))).then(|| text.to_ascii_lowercase())
}

fn body<'a>(lowering: &mut Lowering<'a>, most: ByteSize, at: &At<'a>) -> Option<CheckKind> {
    if most.as_bytes() == 0 {
        lowering.refuse(INVALID_VALUE, at.span(), "no body is that short", "write a size, such as `1MiB`");
    }
    let bound = bounds(lowering).body;
    decides(lowering, "body", most.as_bytes() < bound.as_bytes(), &bound.to_string(), at);
    Some(CheckKind::Body(most))
}

fn json_depth<'a>(lowering: &mut Lowering<'a>, most: u16, at: &At<'a>) -> Option<CheckKind> {
    let bound = bounds(lowering).json_depth;
    decides(lowering, "jsonDepth", most < bound, &bound.to_string(), at);
    Some(CheckKind::JsonDepth(most))
}

/// What the Gateway bounds as tightly already is never decided here.
fn decides<'a>(lowering: &mut Lowering<'a>, key: &str, tighter: bool, bound: &str, at: &At<'a>) {
    let gateway = lowering.repository.all::<GatewaySpec>().next();
    // A Gateway that could not be read may have any bound.
    if tighter || (gateway.is_none() && lowering.repository.of_kind(crate::Kind::Gateway).next().is_some()) {
        return;
    }
    let message = format!("the Gateway's bound on `{key}` is {bound} already, so this never decides");
    let mut finding = lowering.error(rules::INVALID_COMBINATION, at.span(), message);
    if let Some(Typed { doc, .. }) = gateway {
        let theirs = At::spec(doc).key("bounds").key(key);
        if theirs.node().is_some() {
            finding = finding.label(theirs.span(), "the Gateway's bound");
        }
    }
    lowering.push(finding.help("write less, or remove it"));
}

fn bounds(lowering: &Lowering<'_>) -> BoundsSpec {
    lowering.repository.all::<GatewaySpec>().next().map_or_else(BoundsSpec::default, |gateway| gateway.spec.bounds.clone())
}

#[cfg(test)]
mod tests;
