//! A prompt: from as written to as compiled.

use aigw_core::Share;
use aigw_source::rules::INVALID_VALUE;
use serde_json::Value;

use crate::lower::uses::shown;
use crate::lower::{At, Lowering, listed};
use crate::prompt::{
    MessageSpec, PromptMessage, PromptParameter, PromptParameterKind, PromptParameterSpec, PromptParameterType, PromptPlan,
    PromptSpec, PromptVersion, VersionUse,
};
use crate::{Typed, rules};

/// Longest value of a text without `maxLength`, in characters.
const MAX_LENGTH: u32 = 1_000;

/// Lowers one prompt.
pub(crate) fn lower<'a>(lowering: &mut Lowering<'a>, typed: Typed<'a, PromptSpec>) -> Option<PromptPlan> {
    let Typed { doc, spec } = typed;
    let at = At::spec(doc);
    let parameters = parameters(lowering, spec, &at.key("parameters"));
    let versions = versions(lowering, spec, &at);
    let nothing = spec.set.0.is_empty() && spec.default.0.is_empty() && spec.cap.0.is_empty();
    if spec.versions.is_empty() && nothing {
        let help = "write `versions`, `set`, `default` or `cap`";
        lowering.unfit(at.key_span(), "the prompt changes nothing", help);
    }
    for key in spec.default.0.keys().filter(|key| spec.set.0.contains_key(*key)) {
        let message = format!("`{key}` is set always, so its default is never used");
        lowering.unfit(at.key("default").key(key).key_span(), message, "remove one of them");
    }
    let sorted = |map: &indexmap::IndexMap<String, Value>| {
        let mut pairs: Vec<(String, Value)> = map.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        pairs.sort_by(|one, other| one.0.cmp(&other.0));
        pairs
    };
    let mut cap: Vec<_> = spec.cap.0.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    cap.sort_by(|one, other| one.0.cmp(&other.0));
    Some(PromptPlan {
        origin: lowering.origin(doc)?,
        mode: spec.mode,
        parameters,
        versions,
        set: sorted(&spec.set.0),
        default: sorted(&spec.default.0),
        cap,
    })
}

fn parameters<'a>(lowering: &mut Lowering<'a>, spec: &'a PromptSpec, at: &At<'a>) -> Vec<PromptParameter> {
    let properties = &spec.parameters.properties;
    for (index, name) in spec.parameters.required.iter().enumerate() {
        if !properties.contains_key(name) {
            let message = format!("`{name}` is required and not declared");
            lowering.unknown(
                rules::UNKNOWN_REFERENCE,
                at.key("required").item(index).span(),
                message,
                name,
                properties.keys().map(String::as_str),
            );
        }
    }
    let mut parameters = Vec::new();
    for (name, parameter) in properties {
        let at = at.key("properties").key(name);
        check_parameter(lowering, name, parameter, &at);
        let kind = parameter_kind(parameter);
        let default = parameter.default.as_ref().map(|default| default.0.clone());
        if let Some(Err(why)) = default.as_ref().map(|default| kind.check(default)) {
            lowering.refuse(
                rules::PROMPT_ARGUMENT,
                at.key("default").span(),
                format!("the default of `{name}` {why}"),
                "give a value that the declaration takes",
            );
        }
        let required = spec.parameters.required.contains(name);
        if required && default.is_some() {
            let message = format!("`{name}` is required, so its default is never used");
            lowering.unfit(at.key("default").key_span(), message, "remove one of them");
        }
        parameters.push(PromptParameter { name: name.clone(), kind, required, default });
    }
    parameters
}

fn check_parameter<'a>(lowering: &mut Lowering<'a>, name: &str, spec: &PromptParameterSpec, at: &At<'a>) {
    let sound = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if !sound {
        let message = format!("`{name}` is not the name of a parameter");
        lowering.refuse(
            INVALID_VALUE,
            at.key_span(),
            message,
            "write lower-case letters, digits and `_`, so that templates can name it",
        );
    }
    let keys = [
        ("maxLength", PromptParameterType::String, spec.max_length.is_some()),
        ("enum", PromptParameterType::String, !spec.r#enum.is_empty()),
        ("pattern", PromptParameterType::String, spec.pattern.is_some()),
        ("minimum", PromptParameterType::Integer, spec.minimum.is_some()),
        ("maximum", PromptParameterType::Integer, spec.maximum.is_some()),
    ];
    for (key, owner, written) in keys {
        if written && owner != spec.r#type {
            let message = format!("`{key}` means nothing for a parameter of this type");
            lowering.unfit(at.key(key).key_span(), message, "remove it");
        }
    }
    if let Some(pattern) = &spec.pattern {
        lowering.pattern(pattern, &at.key("pattern"));
    }
    if let (Some(minimum), Some(maximum)) = (spec.minimum, spec.maximum)
        && minimum > maximum
    {
        let message = format!("`minimum` is {minimum} and `maximum` is {maximum}");
        lowering.unfit(at.key("minimum").span(), message, "no value would fit; swap them");
    }
}

/// What values a declared parameter takes.
pub(crate) fn parameter_kind(spec: &PromptParameterSpec) -> PromptParameterKind {
    match spec.r#type {
        PromptParameterType::String => PromptParameterKind::String {
            max_length: spec.max_length.unwrap_or(MAX_LENGTH),
            one_of: spec.r#enum.clone(),
            pattern: spec.pattern.clone(),
        },
        PromptParameterType::Integer => {
            PromptParameterKind::Integer { min: spec.minimum.unwrap_or(i64::MIN), max: spec.maximum.unwrap_or(i64::MAX) }
        }
        PromptParameterType::Boolean => PromptParameterKind::Boolean,
    }
}

impl PromptParameterKind {
    /// Whether a value fits; what it would have to be where it does not, to follow the parameter's name.
    ///
    /// # Errors
    /// One line, input in back-ticks.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        let found = shown(value);
        match (self, value) {
            (Self::String { max_length, one_of, pattern }, Value::String(text)) => {
                if text.chars().count() > usize::try_from(*max_length).unwrap_or(usize::MAX) {
                    return Err(format!("must be at most {max_length} characters long"));
                }
                if !one_of.is_empty() && !one_of.contains(text) {
                    let words: Vec<&str> = one_of.iter().map(String::as_str).collect();
                    return Err(format!("must be one of {}, not `{found}`", listed(&words)));
                }
                let fits =
                    pattern.as_ref().is_none_or(|pattern| crate::lower::regex(pattern).is_ok_and(|regex| regex.is_match(text)));
                if fits { Ok(()) } else { Err(format!("must match `{}`", pattern.as_deref().unwrap_or_default())) }
            }
            (Self::String { .. }, _) => Err(format!("must be a text, not `{found}`")),
            (Self::Integer { min, max }, value) => match value.as_i64() {
                Some(number) if (*min..=*max).contains(&number) => Ok(()),
                Some(_) => Err(format!("must be a whole number from {min} to {max}, not `{found}`")),
                None => Err(format!("must be a whole number, not `{found}`")),
            },
            (Self::Boolean, Value::Bool(_)) => Ok(()),
            (Self::Boolean, _) => Err(format!("must be `true` or `false`, not `{found}`")),
        }
    }
}

/// The versions in use with their shares. Those that are not in use are checked all the same.
fn versions<'a>(lowering: &mut Lowering<'a>, spec: &'a PromptSpec, at: &At<'a>) -> Vec<PromptVersion> {
    let shares = shares(lowering, spec, at);
    let parameters: Vec<&str> = spec.parameters.properties.keys().map(String::as_str).collect();
    let mut versions = Vec::new();
    for (name, version) in &spec.versions {
        let at = at.key("versions").key(name.as_str()).key("messages");
        let messages = messages(lowering, &version.messages, &at, &parameters);
        let share = shares.iter().find(|(used, _)| *used == name.as_str()).map(|(_, share)| *share);
        if let Some(share) = share.filter(|share| share.as_ppm() > 0) {
            versions.push(PromptVersion { name: name.clone(), share, messages });
        }
    }
    versions
}

fn shares<'a>(lowering: &mut Lowering<'a>, spec: &'a PromptSpec, at: &At<'a>) -> Vec<(&'a str, Share)> {
    let shares: Vec<(&str, Share)> = match &spec.r#use {
        Some(VersionUse::One(name)) => vec![(name, Share::ALL)],
        Some(VersionUse::Shares(map)) => map.iter().map(|(name, share)| (name.as_str(), *share)).collect(),
        None => match spec.versions.keys().collect::<Vec<_>>().as_slice() {
            [] => return Vec::new(),
            [only] => return vec![(only.as_str(), Share::ALL)],
            several => {
                let names: Vec<&str> = several.iter().map(|name| name.as_str()).collect();
                let message = format!("`use` does not say which of {} applies", listed(&names));
                lowering.unfit(at.key("versions").key_span(), message, "write `use: VERSION`, or a share for each");
                return Vec::new();
            }
        },
    };
    check_shares(lowering, spec, &shares, &at.key("use"));
    shares
}

fn check_shares<'a>(lowering: &mut Lowering<'a>, spec: &'a PromptSpec, shares: &[(&'a str, Share)], at: &At<'a>) {
    for (name, _) in shares {
        if !spec.versions.keys().any(|version| version.as_str() == *name) {
            let span = if matches!(spec.r#use, Some(VersionUse::One(_))) { at.span() } else { at.key(name).key_span() };
            let known = spec.versions.keys().map(aigw_core::Name::as_str);
            lowering.unknown(rules::UNKNOWN_REFERENCE, span, format!("the prompt has no version `{name}`"), name, known);
        }
    }
    let sum: u64 = shares.iter().map(|(_, share)| u64::from(share.as_ppm())).sum();
    if sum != u64::from(Share::ALL.as_ppm()) {
        let parts: Vec<String> = shares.iter().map(|(_, share)| share.to_string()).collect();
        let message = format!("the shares {} do not add up to 100%", parts.join(" + "));
        lowering.unfit(at.span(), message, "make them add up, so that every request gets a version");
    }
}

fn messages<'a>(lowering: &mut Lowering<'a>, specs: &'a [MessageSpec], at: &At<'a>, parameters: &[&str]) -> Vec<PromptMessage> {
    let mut messages = Vec::new();
    for (index, message) in specs.iter().enumerate() {
        match message.template() {
            None => messages.push(PromptMessage::Request),
            Some((role, written)) => {
                let at = at.item(index).key(role);
                if let Some((text, span)) = lowering.template(written, &at, parameters) {
                    messages.push(PromptMessage::Template { role: role.to_owned(), text, place: lowering.place(span) });
                }
            }
        }
    }
    let own = specs.iter().filter(|message| message.template().is_none()).count();
    if own != 1 {
        let message =
            if own == 0 { "the caller's messages are left out" } else { "the caller's messages stand there more than once" };
        lowering.unfit(at.key_span(), message, "write `{request: {}}` exactly once");
    }
    messages
}

#[cfg(test)]
mod tests;
