//! Signatures of attacks on what stands behind a gateway: compact, curated, and matched in time linear to the text.
//!
//! They know what attacks look like (OWASP Web Security Testing Guide 4.2, sections 4.7.1, 4.7.5 and 4.7.12; OWASP Cheat Sheets on injection and
//! cross-site scripting), not what each service falls for. They never see prompts, where people write what they like.

mod patterns;

use std::borrow::Cow;

use regex::bytes::{RegexSet, RegexSetBuilder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Memory that the compiled signatures of a validation may take, in bytes: four times what all of them take.
const MAX_BYTES: usize = 8 << 20;
/// How often a text is decoded again: attacks are hidden once or twice.
const ROUNDS: usize = 2;

/// A class of attacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum SignatureClass {
    /// SQL that ends a text or a number and goes on as a statement.
    Sql,
    /// Scripts for a browser.
    Xss,
    /// Paths out of a folder, and well-known files behind them.
    Path,
    /// Commands for a shell, and look-ups that loggers resolve.
    Command,
}

impl SignatureClass {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sql => "sql",
            Self::Xss => "xss",
            Self::Path => "path",
            Self::Command => "command",
        }
    }

    const fn patterns(self) -> &'static [&'static str] {
        match self {
            Self::Sql => patterns::SQL,
            Self::Xss => patterns::XSS,
            Self::Path => patterns::PATH,
            Self::Command => patterns::COMMAND,
        }
    }
}

/// The signatures of some classes, ready.
#[derive(Clone, Debug)]
pub(super) struct Signatures {
    set: RegexSet,
    /// The class of each pattern.
    classes: Vec<SignatureClass>,
}

impl Signatures {
    /// Compiles the signatures of these classes.
    pub(super) fn new(classes: &[SignatureClass]) -> Result<Self, regex::Error> {
        let all = || classes.iter().flat_map(|class| class.patterns().iter().map(move |pattern| (*class, *pattern)));
        let mut builder = RegexSetBuilder::new(all().map(|(_, pattern)| pattern));
        let set = builder.case_insensitive(true).unicode(false).size_limit(MAX_BYTES).build()?;
        Ok(Self { set, classes: all().map(|(class, _)| class).collect() })
    }

    /// The first class of which a text looks like an attack, as it stands or with its percent-encoding undone.
    pub(super) fn find(&self, text: &str) -> Option<SignatureClass> {
        if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
            return None;
        }
        let mut text = Cow::Borrowed(text.as_bytes());
        for _ in 0..ROUNDS {
            if let Some(class) = self.class(&text) {
                return Some(class);
            }
            text = Cow::Owned(decoded(&text)?);
        }
        self.class(&text)
    }

    fn class(&self, text: &[u8]) -> Option<SignatureClass> {
        // Telling which takes longer than telling whether.
        if !self.set.is_match(text) {
            return None;
        }
        self.set.matches(text).iter().find_map(|index| self.classes.get(index).copied())
    }
}

/// A text with its percent-encoding undone; `None` where it has none.
fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let (mut rest, mut changed) = (text, false);
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        match (first, tail) {
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                out.push(crate::hex::byte(*high, *low).unwrap_or_default());
                (rest, changed) = (after, true);
            }
            _ => out.push(*first),
        }
    }
    changed.then_some(out)
}

#[cfg(test)]
mod tests;
