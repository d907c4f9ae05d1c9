//! Scalars: from their text, and strings back into it.

use super::Span;
use super::scanner::hex_unit;
use std::borrow::Cow;

/// The text of a string value that has been scanned; borrowed unless it holds an escape. None if the span is no string.
pub fn string_value(bytes: &[u8], span: Span) -> Option<Cow<'_, str>> {
    let inner = span.of(bytes).strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let text = std::str::from_utf8(inner).ok()?;
    if memchr::memchr(b'\\', inner).is_none() { Some(Cow::Borrowed(text)) } else { unescape(text).map(Cow::Owned) }
}

fn unescape(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.push_str(plain);
        let (name, after) = escape.split_at_checked(1)?;
        rest = after;
        out.push(match name {
            "b" => '\u{8}',
            "f" => '\u{c}',
            "n" => '\n',
            "r" => '\r',
            "t" => '\t',
            "u" => {
                let (character, length) = unicode_escape(after.as_bytes())?;
                rest = after.get(length..)?;
                character
            }
            _ => name.chars().next()?,
        });
    }
    out.push_str(rest);
    Some(out)
}

/// The character that `XXXX` or `XXXX\uYYYY` writes, and how long the writing is.
fn unicode_escape(bytes: &[u8]) -> Option<(char, usize)> {
    let high = hex_unit(bytes, 0)?;
    if let Some(character) = char::from_u32(u32::from(high)) {
        return Some((character, 4));
    }
    let low = hex_unit(bytes, 6)?;
    let character = char::decode_utf16([high, low]).next()?.ok()?;
    Some((character, 10))
}

/// The value of a number written as a whole number without sign, fraction or exponent; none for any other.
pub fn as_u64(bytes: &[u8], span: Span) -> Option<u64> {
    let digits = span.of(bytes);
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// The value of a boolean; none for anything else.
pub fn as_bool(bytes: &[u8], span: Span) -> Option<bool> {
    match span.of(bytes) {
        b"true" => Some(true),
        b"false" => Some(false),
        _ => None,
    }
}

/// Text as a JSON string, quotes included.
pub fn quote(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    push_quoted(&mut out, text);
    out
}

/// Writes text as a JSON string, quotes included: only what must be escaped is.
pub fn push_quoted(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..0x20 => {
                out.extend_from_slice(b"\\u00");
                let digits = [byte >> 4, byte & 15].map(|digit| HEX.get(usize::from(digit)).copied().unwrap_or(b'0'));
                out.extend_from_slice(&digits);
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}
