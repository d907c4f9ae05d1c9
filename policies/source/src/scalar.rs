//! What a plain scalar means. The policy dialect is JSON's scalars and nothing else: `true`, `false`, `null` (also `~` and
//! nothing at all) and JSON numbers; every other plain scalar is text. The YAML 1.2 core schema has a few more spellings
//! (`True`, `0x1F`, `.inf`), YAML 1.1 has many; [`crate::traps`] warns of them.

use crate::tree::{Node, NodeKind, Style};

/// A scalar's meaning where nobody asks for a type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Meaning<'a> {
    Null,
    Bool(bool),
    /// A JSON number without fraction or exponent that fits.
    Int(i128),
    /// Any other JSON number; the nearest double.
    Float(f64),
    Text(&'a str),
}

/// The meaning of a scalar; `None` for a collection.
pub(crate) fn meaning(node: &Node) -> Option<Meaning<'_>> {
    match &node.kind {
        NodeKind::Scalar { text, style: Style::Plain } => Some(plain(text)),
        NodeKind::Scalar { text, .. } => Some(Meaning::Text(text)),
        _ => None,
    }
}

pub(crate) fn plain(text: &str) -> Meaning<'_> {
    match text {
        "" | "~" | "null" => return Meaning::Null,
        "true" => return Meaning::Bool(true),
        "false" => return Meaning::Bool(false),
        _ => {}
    }
    match number(text) {
        // `-0` is a number of JSON that no integer can hold.
        Some(Shape::Int) if text != "-0" => match text.parse() {
            Ok(int) => Meaning::Int(int),
            Err(_) => float(text),
        },
        Some(_) => float(text),
        None => Meaning::Text(text),
    }
}

/// Beyond the range of doubles a number is not kept: it is text, which no number field takes.
fn float(text: &str) -> Meaning<'_> {
    match text.parse::<f64>() {
        Ok(float) if float.is_finite() => Meaning::Float(float),
        _ => Meaning::Text(text),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Int,
    Fraction,
}

/// The grammar of RFC 8259 section 6.
fn number(text: &str) -> Option<Shape> {
    let (whole, rest) = split_digits(text.strip_prefix('-').unwrap_or(text));
    if whole.is_empty() || (whole.len() > 1 && whole.starts_with('0')) {
        return None;
    }
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => match split_digits(fraction) {
            ("", _) => return None,
            (_, rest) => rest,
        },
        None if rest.is_empty() => return Some(Shape::Int),
        None => rest,
    };
    if rest.is_empty() {
        return Some(Shape::Fraction);
    }
    let exponent = rest.strip_prefix(['e', 'E'])?;
    let (digits, rest) = split_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent));
    (!digits.is_empty() && rest.is_empty()).then_some(Shape::Fraction)
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    text.split_at_checked(end).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests;
