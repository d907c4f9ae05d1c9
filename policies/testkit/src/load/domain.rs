//! What a value can be whatever the policies say, and so: whether an expectation of it can fail, and whether it can hold.

use std::collections::BTreeSet;

use serde_json::Value;

use super::suggestion;
use crate::rules::{BAD_VALUE, CANNOT_FAIL, CANNOT_HOLD, UNKNOWN_SUBJECT};
use crate::suite::{Matcher, Number, Pattern, Tolerance};

/// What a value can be.
#[derive(Clone, Copy)]
pub(super) enum Domain<'k> {
    /// A number between these two; `always` where it is there in every answer.
    Number { least: f64, most: f64, always: bool },
    /// One of these names, or nothing unless it is there `always`. `what` follows "there is no".
    Names { what: &'static str, known: &'k BTreeSet<String>, always: bool },
    /// A text of one line, or nothing.
    Line,
    /// A text, or nothing unless it is there `always`.
    Text { always: bool },
    /// Any JSON, or nothing.
    Json,
}

/// What is wrong with an expectation.
pub(super) struct Flaw {
    pub(super) rule: aigw_source::RuleId,
    pub(super) message: String,
    pub(super) help: String,
}

/// Numbers of things and milliseconds: from nothing on.
pub(super) const COUNT: Domain<'static> = Domain::Number { least: 0.0, most: f64::MAX, always: false };
/// The same, and always there.
pub(super) const ALWAYS_COUNT: Domain<'static> = Domain::Number { least: 0.0, most: f64::MAX, always: true };
/// The statuses that a client can get.
pub(super) const STATUS: Domain<'static> = Domain::Number { least: 100.0, most: 599.0, always: true };

/// What is wrong with this expectation of such a value; `leaves` where the client may be gone before it comes.
pub(super) fn flaw(matcher: &Matcher, domain: Domain<'_>, leaves: bool, secrets: &BTreeSet<String>) -> Option<Flaw> {
    let always = domain.always() && !leaves;
    match matcher {
        Matcher::Present if always => Some(cannot_fail("it is always there", "say what it must be")),
        Matcher::Absent if always => Some(cannot_hold("it is always there", "say what it must be")),
        Matcher::Present | Matcher::Absent => None,
        Matcher::Equals(value) => literal(value, domain),
        Matcher::OneOf(values) => one_of(values, domain, always),
        Matcher::Regex(pattern) => regex(pattern, domain),
        Matcher::Between(least, most) => range(*least, *most, domain, always),
        Matcher::About(about, within) => near(*about, *within, domain, always),
        Matcher::Length(length) => length_of(length, domain, secrets),
        Matcher::Contains(part) => contains(part, domain),
        Matcher::Secret(name) => secret(name, domain, secrets),
    }
}

impl Domain<'_> {
    const fn always(self) -> bool {
        matches!(self, Self::Number { always: true, .. } | Self::Names { always: true, .. } | Self::Text { always: true })
    }

    const fn is_number(self) -> bool {
        matches!(self, Self::Number { .. })
    }

    const fn is_name(self) -> bool {
        matches!(self, Self::Names { .. })
    }
}

fn literal(value: &Value, domain: Domain<'_>) -> Option<Flaw> {
    match (domain, value) {
        (Domain::Json, _) | (Domain::Line | Domain::Text { .. }, Value::String(_) | Value::Number(_) | Value::Bool(_)) => None,
        (Domain::Number { least, most, .. }, Value::Number(number)) => {
            let outside = number.as_f64().is_none_or(|number| number < least || number > most);
            outside.then(|| cannot_hold(&format!("it is never {value}"), &within(least, most)))
        }
        (Domain::Number { .. }, Value::String(text)) if text.parse::<f64>().is_ok() => {
            Some(cannot_hold(&format!("it is a number, and {value} is a text"), "remove the quotes"))
        }
        (Domain::Number { .. }, _) => Some(cannot_hold(&format!("it is a number, and {value} is none"), "write a number")),
        (Domain::Names { what, known, .. }, Value::String(name)) => (!known.contains(name)).then(|| unknown(what, name, known)),
        (Domain::Names { .. } | Domain::Line | Domain::Text { .. }, _) => {
            Some(cannot_hold(&format!("it is a text, and {value} is none"), "write a text"))
        }
    }
}

fn one_of(values: &[Value], domain: Domain<'_>, always: bool) -> Option<Flaw> {
    if let Some(flaw) = values.iter().find_map(|value| literal(value, domain)) {
        return Some(flaw);
    }
    let Domain::Names { known, .. } = domain else { return None };
    let all = known.iter().all(|name| values.iter().any(|value| value == name.as_str()));
    (always && all).then(|| cannot_fail("these are all that there are", "leave out what must not come"))
}

fn regex(pattern: &Pattern, domain: Domain<'_>) -> Option<Flaw> {
    let regex = match &pattern.regex {
        Ok(regex) => regex,
        Err(why) => {
            let message = format!("`{}` is not a regular expression: {why}", pattern.text);
            return Some(Flaw { rule: BAD_VALUE, message, help: "it is in the syntax of Rust's `regex` crate".to_owned() });
        }
    };
    // What is found in such different texts is found in every one.
    let one_line = !matches!(domain, Domain::Text { .. } | Domain::Json);
    let everywhere = ["", "a", "\u{1}", "é0Z -/"].iter().all(|text| regex.is_match(text));
    if everywhere && (one_line || regex.is_match("\u{1}\n\u{1}")) {
        let message = format!("`{}` is found in every text", pattern.text);
        return Some(cannot_fail(&message, "write `{present: true}`, or what must be in it"));
    }
    match domain {
        Domain::Names { what, known, .. } if !known.iter().any(|name| regex.is_match(name)) => {
            let message = format!("`{}` is found in the name of no {what}", pattern.text);
            Some(cannot_hold(&message, "write what is in a name that there is"))
        }
        _ => None,
    }
}

fn range(from: Number, to: Number, domain: Domain<'_>, always: bool) -> Option<Flaw> {
    if from.0 > to.0 {
        return Some(cannot_hold(&format!("nothing lies between {} and {}", from.0, to.0), "write the smaller number first"));
    }
    spans(from.0, to.0, domain, always)
}

fn near(about: Number, tolerance: Tolerance, domain: Domain<'_>, always: bool) -> Option<Flaw> {
    let off = tolerance.of(about);
    if off < 0.0 {
        return Some(cannot_hold("nothing is nearer than not at all", "write how far it may be off as a positive number"));
    }
    spans(about.0 - off, about.0 + off, domain, always)
}

/// Numbers from one to another, both included.
fn spans(from: f64, to: f64, domain: Domain<'_>, always: bool) -> Option<Flaw> {
    match domain {
        Domain::Number { least, most, .. } if to < least || from > most => {
            Some(cannot_hold(&format!("it is never from {from} to {to}"), &within(least, most)))
        }
        Domain::Number { least, most, .. } if always && from <= least && to >= most => {
            Some(cannot_fail(&format!("it is always from {from} to {to}"), "say what it must be"))
        }
        Domain::Names { .. } => Some(cannot_hold("it is a text and no number", "write the text")),
        _ => None,
    }
}

fn length_of(length: &Matcher, domain: Domain<'_>, secrets: &BTreeSet<String>) -> Option<Flaw> {
    match domain {
        Domain::Number { .. } => Some(cannot_hold("a number has no length", "write the number")),
        Domain::Names { .. } | Domain::Line | Domain::Text { .. } | Domain::Json => flaw(length, ALWAYS_COUNT, false, secrets),
    }
}

fn contains(part: &Value, domain: Domain<'_>) -> Option<Flaw> {
    if part == "" {
        return Some(cannot_fail("the empty text is in every text", "write `{present: true}`, or what must be in it"));
    }
    match (domain, part) {
        (Domain::Number { .. }, _) => {
            Some(cannot_hold("a number contains nothing", "write the number, or `{between: [least, most]}`"))
        }
        (Domain::Names { .. } | Domain::Line | Domain::Text { .. }, value) if !value.is_string() => {
            Some(cannot_hold(&format!("it is a text, and {value} is none"), "write a text"))
        }
        (Domain::Names { what, known, .. }, Value::String(part)) if !known.iter().any(|name| name.contains(part.as_str())) => {
            Some(cannot_hold(&format!("`{part}` is in the name of no {what}"), "write what is in a name that there is"))
        }
        _ => None,
    }
}

fn secret(name: &str, domain: Domain<'_>, secrets: &BTreeSet<String>) -> Option<Flaw> {
    if domain.is_number() || domain.is_name() {
        return Some(cannot_hold("no secret stands here", "expect secrets of headers that were sent"));
    }
    (!secrets.contains(name)).then(|| {
        let help = suggestion(name, secrets, "name a secret that a Provider uses");
        Flaw { rule: UNKNOWN_SUBJECT, message: format!("the policies use no secret `{name}`"), help }
    })
}

fn unknown(what: &str, name: &str, known: &BTreeSet<String>) -> Flaw {
    let help = suggestion(name, known, "write the name of one that there is");
    Flaw { rule: UNKNOWN_SUBJECT, message: format!("there is no {what} `{name}`"), help }
}

fn within(least: f64, most: f64) -> String {
    if most < f64::MAX { format!("it is from {least} to {most}") } else { format!("it is from {least} on") }
}

fn cannot_fail(message: &str, help: &str) -> Flaw {
    Flaw { rule: CANNOT_FAIL, message: format!("{message}, so that this cannot fail"), help: help.to_owned() }
}

fn cannot_hold(message: &str, help: &str) -> Flaw {
    Flaw { rule: CANNOT_HOLD, message: format!("{message}, so that this cannot hold"), help: help.to_owned() }
}
