//! Plain scalars that mean one thing here and another to YAML 1.1 tools, which policies pass through (templating, CI).

use crate::finding::{Finding, Fix};
use crate::rules;
use crate::settle::shorten;
use crate::tree::{Document, Node, NodeKind, Style};

/// A warning for each plain value that this reader takes for text and a common other one for a boolean, null or number;
/// each with a fix that quotes it, which changes nothing here. Values that came from an alias are looked at where they
/// are defined.
#[must_use]
pub fn traps(document: &Document) -> Vec<Finding> {
    let mut findings = Vec::new();
    visit(&document.root, &mut findings);
    findings
}

fn visit(node: &Node, findings: &mut Vec<Finding>) {
    if node.used_at.is_some() {
        return;
    }
    match &node.kind {
        NodeKind::Scalar { text, style: Style::Plain } => {
            if let Some(taken_for) = taken_for(text) {
                findings.push(finding(node, text, taken_for));
            }
        }
        NodeKind::Scalar { .. } => {}
        NodeKind::Seq(items) => items.iter().for_each(|item| visit(item, findings)),
        NodeKind::Map(entries) => entries.iter().for_each(|entry| visit(&entry.value, findings)),
    }
}

fn finding(node: &Node, text: &str, taken_for: &str) -> Finding {
    let shown = shorten(text);
    Finding::warning(rules::YAML_1_1_TRAP, node.span, format!("`{shown}` is text here, but {taken_for} to other YAML tools"))
        .help(format!("write `\"{shown}\"` to say text, or the value that is meant"))
        .fix(Fix::replace(format!("write `\"{shown}\"`"), node.span, format!("\"{text}\"")))
}

/// What yaml.org/type (bool, null, int, float; YAML 1.1) or the core schema of YAML 1.2.2 section 10.3.2 makes of a plain
/// scalar that is text here.
fn taken_for(text: &str) -> Option<&'static str> {
    match text {
        "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "True" | "TRUE" => return Some("`true`"),
        "no" | "No" | "NO" | "off" | "Off" | "OFF" | "False" | "FALSE" => return Some("`false`"),
        "Null" | "NULL" => return Some("`null`"),
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    match unsigned {
        ".inf" | ".Inf" | ".INF" => return Some("infinity"),
        ".nan" | ".NaN" | ".NAN" if unsigned.len() == text.len() => return Some("not-a-number"),
        _ => {}
    }
    number(text, unsigned)
}

fn number(text: &str, unsigned: &str) -> Option<&'static str> {
    let digits_of = |rest: &str, allowed: fn(u8) -> bool| {
        !rest.is_empty() && rest.bytes().all(|b| allowed(b) || b == b'_') && rest.bytes().any(allowed)
    };
    if let Some(rest) = unsigned.strip_prefix("0x") {
        return digits_of(rest, |b| b.is_ascii_hexdigit()).then_some("a hexadecimal number");
    }
    if let Some(rest) = unsigned.strip_prefix("0o") {
        return digits_of(rest, |b| matches!(b, b'0'..=b'7')).then_some("an octal number");
    }
    if let Some(rest) = unsigned.strip_prefix("0b") {
        return digits_of(rest, |b| matches!(b, b'0' | b'1')).then_some("a binary number");
    }
    if is_sexagesimal(unsigned) {
        return Some("a number of base 60");
    }
    if digits_of(unsigned, |b| b.is_ascii_digit()) && unsigned.starts_with(|c: char| c.is_ascii_digit()) {
        let octal = unsigned.starts_with('0') && !unsigned.bytes().any(|b| matches!(b, b'8' | b'9'));
        let plain = unsigned.len() == text.len() || text.starts_with('-');
        let json = plain && !unsigned.contains('_') && (unsigned.len() == 1 || !unsigned.starts_with('0'));
        return (!json).then_some(if octal && unsigned.len() > 1 { "an octal number" } else { "a number" });
    }
    is_loose_float(text, unsigned).then_some("a number")
}

/// `12:30:00`, `1:30.5`: YAML 1.1 counts in sixties. A whole number of that kind does not begin with zero.
fn is_sexagesimal(text: &str) -> bool {
    let Some((first, rest)) = text.split_once(':') else { return false };
    let (whole, fraction) = rest.split_once('.').map_or((rest, None), |(whole, f)| (whole, Some(f)));
    let sixty = |part: &str| {
        matches!(part.len(), 1 | 2) && part.bytes().all(|b| b.is_ascii_digit()) && part.parse::<u8>().is_ok_and(|n| n < 60)
    };
    first.bytes().all(|b| b.is_ascii_digit() || b == b'_')
        && first.starts_with(|c: char| c.is_ascii_digit())
        && (fraction.is_some() || !first.starts_with('0'))
        && fraction.is_none_or(|f| f.bytes().all(|b| b.is_ascii_digit() || b == b'_'))
        && whole.split(':').all(sixty)
}

/// A float that JSON does not write so: `.5`, `1.`, `+1.5`, `01.5`, `1_0.5`.
fn is_loose_float(text: &str, unsigned: &str) -> bool {
    let first = unsigned.trim_start_matches('.').bytes().next();
    let looks = first.is_some_and(|b| b.is_ascii_digit())
        && unsigned.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'e' | b'E' | b'+' | b'-'));
    let json = matches!(crate::scalar::plain(text), crate::scalar::Meaning::Float(_) | crate::scalar::Meaning::Int(_));
    looks && !json && unsigned.replace('_', "").parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests;
