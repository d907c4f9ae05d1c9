//! Names of certificates' subjects as text (RFC 4514), written in one way only, so that equal names are equal texts.
//!
//! The one way: the last part of the certificate's name first, parts joined by `,`; the attributes of a part with several joined by `+` in order of
//! their bytes; attribute types by the names of [`NAMES`] in their spelling, others as dotted numbers; values as they stand in the certificate,
//! compared exactly, with `\` before `"+,;<>\`, before a `#` or space that begins and a space that ends them, and control characters as `\` and
//! two hexadecimal digits. A value that is no text, or of a type without a name, is `#`
//! and its DER encoding in small hexadecimal digits.

use std::fmt::{self, Write as _};

/// Longest written name, and longest canonical name of a certificate that is looked at, in bytes.
pub const MAX_SUBJECT_BYTES: usize = 2_048;

/// Attribute types with a name: those of RFC 4514, section 3, and what else certificates commonly carry (RFC 5280, appendix A.1).
const NAMES: [(&str, &str); 15] = [
    ("CN", "2.5.4.3"),
    ("SN", "2.5.4.4"),
    ("serialNumber", "2.5.4.5"),
    ("C", "2.5.4.6"),
    ("L", "2.5.4.7"),
    ("ST", "2.5.4.8"),
    ("STREET", "2.5.4.9"),
    ("O", "2.5.4.10"),
    ("OU", "2.5.4.11"),
    ("title", "2.5.4.12"),
    ("GN", "2.5.4.42"),
    ("dnQualifier", "2.5.4.46"),
    ("UID", "0.9.2342.19200300.100.1.1"),
    ("DC", "0.9.2342.19200300.100.1.25"),
    ("emailAddress", "1.2.840.113549.1.9.1"),
];

/// A distinguished name in its canonical text. Equal names have equal texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DistinguishedName(String);

/// One attribute of a certificate's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameAttribute {
    /// Its type as dotted numbers.
    pub oid: String,
    /// Its value, where that is text of whichever string type.
    pub text: Option<String>,
    /// Its value as DER, type and length included.
    pub der: Vec<u8>,
}

/// Why a text is no distinguished name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameTextError {
    /// Nothing, or too much.
    #[error("a subject has 1 to {MAX_SUBJECT_BYTES} bytes")]
    Length,
    /// A part without `=`, or without something on either side of it.
    #[error("`{0}` is not `TYPE=VALUE`, such as `CN=mobile.contoso.example`")]
    Part(String),
    /// A type that has no name here.
    #[error(
        "`{0}` is no attribute type that is known: write CN, O, OU, L, ST, C, STREET, DC, UID, SN, GN, title, serialNumber, dnQualifier, emailAddress, or dotted numbers"
    )]
    Type(String),
    /// A backslash before what needs none, or half a hexadecimal number, or bytes that are no UTF-8.
    #[error(
        "`{0}` has a `\\` that begins no escape: write `\\` before one of `\"+,;<>\\#=` or a space, or before two hexadecimal digits"
    )]
    Escape(String),
    /// A character that must be escaped.
    #[error("`{0}` has a `{1}` that must be written `\\{1}`")]
    Bare(String, char),
    /// `#…` where text is wanted, text where only `#…` says what is meant, or no hexadecimal digits after it.
    #[error(
        "`{0}`: the value of a named type is text, and the value of a type in dotted numbers is `#` and its DER encoding in hexadecimal digits"
    )]
    Encoded(String),
}

impl DistinguishedName {
    /// The name of a certificate: its parts in the certificate's order, each of one attribute or several.
    pub fn of(parts: &[Vec<NameAttribute>]) -> Self {
        let parts = parts.iter().rev().map(|part| part.iter().map(canonical).collect());
        Self::join(parts.collect())
    }

    /// Reads a written name. Spaces around types and unescaped ones around values mean nothing.
    ///
    /// # Errors
    /// What is wrong, and how to write it.
    pub fn parse(text: &str) -> Result<Self, NameTextError> {
        if text.trim().is_empty() || text.len() > MAX_SUBJECT_BYTES {
            return Err(NameTextError::Length);
        }
        let parts = split(text, ',').into_iter().map(|part| split(part, '+').into_iter().map(written).collect());
        Ok(Self::join(parts.collect::<Result<_, _>>()?))
    }

    /// The canonical text; empty for an empty name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn join(parts: Vec<Vec<String>>) -> Self {
        let part = |mut attributes: Vec<String>| {
            attributes.sort();
            attributes.join("+")
        };
        Self(parts.into_iter().map(part).collect::<Vec<_>>().join(","))
    }
}

impl fmt::Display for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn canonical(attribute: &NameAttribute) -> String {
    let named = NAMES.iter().find(|(_, oid)| *oid == attribute.oid);
    match (named, &attribute.text) {
        (Some((name, _)), Some(text)) => format!("{name}={}", escaped(text)),
        (named, _) => {
            let mut out = format!("{}=#", named.map_or(attribute.oid.as_str(), |(name, _)| name));
            push_hex(&mut out, &attribute.der);
            out
        }
    }
}

fn push_hex(out: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // INVARIANT: writing to a string does not fail.
        let _written = write!(out, "{byte:02x}");
    }
}

/// RFC 4514, section 2.4, and control characters in hexadecimal digits (allowed there, and legible in a log).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let last = text.chars().count().saturating_sub(1);
    for (at, c) in text.chars().enumerate() {
        match c {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => out.extend(['\\', c]),
            '#' if at == 0 => out.push_str("\\#"),
            ' ' if at == 0 || at == last => out.push_str("\\ "),
            c if c.is_control() => {
                let mut buffer = [0; 4];
                for byte in c.encode_utf8(&mut buffer).bytes() {
                    let _written = write!(out, "\\{byte:02x}");
                }
            }
            c => out.push(c),
        }
    }
    out
}

/// The parts between separators that no backslash precedes.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut escaped = false;
    text.split(move |c: char| {
        let ends = c == separator && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })
    .collect()
}

/// `TYPE=VALUE` as written, made canonical.
fn written(part: &str) -> Result<String, NameTextError> {
    let bad = || NameTextError::Part(part.trim().to_owned());
    let (kind, value) = part.split_once('=').ok_or_else(bad)?;
    let (kind, value) = (kind.trim(), value.trim_start_matches(' '));
    if kind.is_empty() || value.is_empty() {
        return Err(bad());
    }
    let named = NAMES.iter().find(|(name, oid)| name.eq_ignore_ascii_case(kind) || *oid == kind);
    if named.is_none() && !is_oid(kind) {
        return Err(NameTextError::Type(kind.to_owned()));
    }
    match (named, value.trim_end_matches(' ').strip_prefix('#')) {
        (Some((name, _)), None) => Ok(format!("{name}={}", escaped(&unescaped(value)?))),
        (None, Some(hex)) if is_hex(hex) => Ok(format!("{kind}=#{}", hex.to_ascii_lowercase())),
        _ => Err(NameTextError::Encoded(part.trim().to_owned())),
    }
}

fn is_oid(text: &str) -> bool {
    let number =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()) && (part == "0" || !part.starts_with('0'));
    text.contains('.') && text.split('.').all(number)
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.len().is_multiple_of(2) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// A value as it was meant, without the unescaped spaces that end it.
fn unescaped(value: &str) -> Result<String, NameTextError> {
    let fault = || NameTextError::Escape(value.trim_end().to_owned());
    let mut out: Vec<u8> = Vec::with_capacity(value.len());
    let mut meant = 0;
    let mut rest = value.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => {
                let next = rest.next().ok_or_else(fault)?;
                match next.to_digit(16) {
                    Some(high) => {
                        let low = rest.next().and_then(|c| c.to_digit(16)).ok_or_else(fault)?;
                        out.push(u8::try_from(high * 16 + low).map_err(|_| fault())?);
                    }
                    None if "\"+,;<>\\#= ".contains(next) => out.extend(next.to_string().bytes()),
                    None => return Err(fault()),
                }
                meant = out.len();
            }
            '"' | ';' | '<' | '>' => return Err(NameTextError::Bare(value.trim_end().to_owned(), c)),
            c => {
                let mut buffer = [0; 4];
                out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
                if c != ' ' {
                    meant = out.len();
                }
            }
        }
    }
    out.truncate(meant);
    String::from_utf8(out).map_err(|_| fault())
}

#[cfg(test)]
mod tests;
