//! A failed binding on its way up: what is wrong, and as much of the place as is known yet.

use std::fmt;

use serde::de::{self, Expected, Unexpected};

use super::BindError;
use crate::finding::{Finding, Fix, RuleId};
use crate::nearest::nearest;
use crate::rules;
use crate::scalar::{Meaning, meaning, plain};
use crate::settle::shorten;
use crate::sources::Span;
use crate::tree::{Entry, Node, NodeKind, Style};

/// Serde's error. Boxed: it is rare, and travels through every return.
#[derive(Debug)]
pub(super) struct Failure(Box<Inner>);

#[derive(Debug)]
struct Inner {
    fault: Fault,
    span: Option<Span>,
    /// Steps from the failure up to the root.
    path: Vec<String>,
    /// Aliases on the way.
    used_at: Vec<Span>,
    help: Option<String>,
    fix: Option<Fix>,
}

#[derive(Debug)]
enum Fault {
    UnknownKey {
        key: String,
        known: &'static [&'static str],
    },
    UnknownWord {
        word: String,
        known: &'static [&'static str],
    },
    MissingKey(&'static str),
    /// Two names of one field.
    DuplicateKey(&'static str),
    WrongType {
        expected: String,
        found: String,
    },
    Invalid(String),
}

impl Failure {
    fn new(fault: Fault) -> Self {
        Self(Box::new(Inner { fault, span: None, path: Vec::new(), used_at: Vec::new(), help: None, fix: None }))
    }

    /// A node that is something else than what is expected, in our words.
    pub(super) fn wrong_type(node: &Node, expected: &str) -> Self {
        let mut failure = Self::new(Fault::WrongType { expected: expected.to_owned(), found: describe(node) });
        failure.0.span = Some(node.span);
        failure
    }

    /// As [`Failure::wrong_type`]; where the text in the quotes would fit, with the fix that takes them off.
    pub(super) fn maybe_quoted(node: &Node, expected: &str, fits: impl Fn(Meaning<'_>) -> bool) -> Self {
        let mut failure = Self::wrong_type(node, expected);
        if let NodeKind::Scalar { text, style: Style::Single | Style::Double } = &node.kind
            && fits(plain(text))
        {
            failure.0.help = Some("remove the quotes".to_owned());
            failure.0.fix = Some(Fix::replace("remove the quotes", node.span, &**text));
        }
        failure
    }

    /// A node that is neither `true` nor `false`, with the fix for another spelling of one.
    pub(super) fn not_a_bool(node: &Node) -> Self {
        let is_bool = |meaning: Meaning<'_>| matches!(meaning, Meaning::Bool(_));
        let mut failure = Self::maybe_quoted(node, "`true` or `false`", is_bool);
        let word = node.as_str().filter(|_| node.is_plain()).map(str::to_lowercase);
        let meant = match word.as_deref() {
            Some("true" | "yes" | "on") => "true",
            Some("false" | "no" | "off") => "false",
            _ => return failure,
        };
        failure.0.help = Some(format!("write `{meant}`"));
        failure.0.fix = Some(Fix::replace(format!("write `{meant}`"), node.span, meant));
        failure
    }

    /// A value of the right type that does not do.
    pub(super) fn invalid(span: Span, message: impl Into<String>) -> Self {
        let mut failure = Self::new(Fault::Invalid(message.into()));
        failure.0.span = Some(span);
        failure
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// Whether the bound value itself, not a part of it, is of the wrong type.
    pub(super) fn is_wrong_type(&self) -> bool {
        self.0.path.is_empty() && matches!(self.0.fault, Fault::WrongType { .. })
    }

    /// Gives the place where none nearer is known: the node, or the key that holds it where the fault is in the set of its keys.
    pub(super) fn within(mut self, node: &Node, holder: Option<Span>) -> Self {
        let first = || node.entries().first().map(|entry| entry.key_span);
        self.0.span = self.0.span.or_else(|| match self.0.fault {
            Fault::MissingKey(_) | Fault::DuplicateKey(_) => holder.or_else(first).or(Some(node.span)),
            _ => Some(node.span),
        });
        self.0.used_at.extend(node.used_at);
        self
    }

    /// Gives the place of a key or word, and the name that was probably meant among those that are not used yet.
    pub(super) fn at_word(mut self, span: Span, used: &[Entry]) -> Self {
        self.0.span = self.0.span.or(Some(span));
        if let Fault::UnknownKey { key, known } | Fault::UnknownWord { word: key, known } = &self.0.fault {
            let free = known.iter().copied().filter(|name| used.iter().all(|entry| entry.key != *name));
            if let Some(name) = nearest(key, free) {
                self.0.help = Some(format!("did you mean `{name}`?"));
                self.0.fix = Some(Fix::replace(format!("write `{name}`"), span, name));
            }
        }
        self
    }

    /// Adds the step that led here.
    pub(super) fn below(mut self, step: Option<String>) -> Self {
        self.0.path.extend(step);
        self
    }

    /// The end of the way up.
    pub(super) fn blame(self, root: Span) -> BindError {
        let Inner { fault, span, path, used_at, help, fix } = *self.0;
        let pointer = path.iter().rev().map(|step| format!("/{}", step.replace('~', "~0").replace('/', "~1"))).collect();
        let mut finding = Finding::error(fault.rule(), span.unwrap_or(root), fault.to_string());
        finding.notes.extend(fault.known());
        finding.help = help.or_else(|| fault.usual_help());
        finding.fix = fix;
        let finding = used_at.into_iter().fold(finding, |finding, span| finding.label(span, "used here"));
        BindError { pointer, finding }
    }
}

impl Fault {
    fn rule(&self) -> RuleId {
        match self {
            Self::UnknownKey { .. } => rules::UNKNOWN_KEY,
            Self::MissingKey(_) => rules::MISSING_KEY,
            Self::DuplicateKey(_) => rules::DUPLICATE_KEY,
            Self::WrongType { .. } => rules::WRONG_TYPE,
            Self::UnknownWord { .. } | Self::Invalid(_) => rules::INVALID_VALUE,
        }
    }

    /// A note with what would be known.
    fn known(&self) -> Option<String> {
        let (what, known) = match self {
            Self::UnknownKey { known, .. } => ("keys", known),
            Self::UnknownWord { known, .. } => ("words", known),
            _ => return None,
        };
        let list: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
        Some(if list.is_empty() {
            format!("there are no {what} here")
        } else {
            format!("the {what} here are {}", list.join(", "))
        })
    }

    fn usual_help(&self) -> Option<String> {
        match self {
            Self::UnknownKey { .. } => Some("remove the key".to_owned()),
            Self::MissingKey(key) => Some(format!("add `{key}: …`")),
            Self::DuplicateKey(_) => Some("remove one of them".to_owned()),
            Self::UnknownWord { .. } | Self::WrongType { .. } | Self::Invalid(_) => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey { key, .. } => write!(f, "unknown key `{}`", shorten(key)),
            Self::UnknownWord { word, .. } => write!(f, "unknown word `{}`", shorten(word)),
            Self::MissingKey(key) => write!(f, "the key `{key}` is missing"),
            Self::DuplicateKey(key) => write!(f, "`{key}` stands twice in this mapping, under two names"),
            Self::WrongType { expected, found } => write!(f, "expected {expected}, found {found}"),
            Self::Invalid(message) => f.write_str(message),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fault.fmt(f)
    }
}

impl std::error::Error for Failure {}

impl de::Error for Failure {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Fault::Invalid(message.to_string()))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(Fault::WrongType { expected: in_words(expected), found: seen(found) })
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(Fault::Invalid(format!("expected {}, found {}", in_words(expected), seen(found))))
    }

    fn invalid_length(len: usize, expected: &dyn Expected) -> Self {
        Self::new(Fault::Invalid(format!("expected {}, found {len} items", in_words(expected))))
    }

    fn unknown_variant(word: &str, known: &'static [&'static str]) -> Self {
        Self::new(Fault::UnknownWord { word: word.to_owned(), known })
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        Self::new(Fault::UnknownKey { key: key.to_owned(), known })
    }

    fn missing_field(key: &'static str) -> Self {
        Self::new(Fault::MissingKey(key))
    }

    fn duplicate_field(key: &'static str) -> Self {
        Self::new(Fault::DuplicateKey(key))
    }
}

/// What a node is, as a message names it.
fn describe(node: &Node) -> String {
    match (&node.kind, meaning(node)) {
        (NodeKind::Seq(items), _) => (if items.is_empty() { "an empty list" } else { "a list" }).to_owned(),
        (NodeKind::Map(entries), _) => (if entries.is_empty() { "an empty mapping" } else { "a mapping" }).to_owned(),
        (NodeKind::Scalar { text, .. }, Some(Meaning::Text(_))) => format!("the text `{}`", shorten(text)),
        (NodeKind::Scalar { text, .. }, _) if text.is_empty() => "nothing".to_owned(),
        (NodeKind::Scalar { text, .. }, _) => format!("`{}`", shorten(text)),
    }
}

/// The same of a value that serde describes.
fn seen(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => format!("`{value}`"),
        Unexpected::Unsigned(value) => format!("`{value}`"),
        Unexpected::Signed(value) => format!("`{value}`"),
        Unexpected::Float(value) => format!("`{value}`"),
        Unexpected::Str(text) => format!("the text `{}`", shorten(text)),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a mapping".to_owned(),
        Unexpected::Unit | Unexpected::Option => "nothing".to_owned(),
        other => shorten(&other.to_string()),
    }
}

/// What serde and its derive expect, without Rust's types; what a visitor of ours says stays.
fn in_words(expected: &dyn Expected) -> String {
    let words = expected.to_string();
    let known = match words.as_str() {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "u128" | "usize" => "a whole number from 0",
        "i8" => "a whole number from -128 to 127",
        "i16" => "a whole number from -32768 to 32767",
        "i32" | "i64" | "i128" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "`true` or `false`",
        "a string" => "text",
        "a character" => "one character",
        "a sequence" => "a list",
        "a map" => "a mapping",
        "unit" => "nothing",
        _ if words.starts_with("struct ") => "a mapping",
        _ if words.starts_with("enum ") => "a word",
        _ => return tuple(&words).unwrap_or(words),
    };
    known.to_owned()
}

/// `a tuple of size 2`, `tuple variant A::B with 2 elements`, `an array of length 2`.
fn tuple(words: &str) -> Option<String> {
    let of_items = words.starts_with("a tuple of") || words.starts_with("tuple ") || words.starts_with("an array of");
    let mut numbers = words.split(' ').filter_map(|word| word.parse::<usize>().ok());
    numbers.next_back().filter(|_| of_items).map(|len| format!("a list of {len}"))
}
