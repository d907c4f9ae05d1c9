//! Places inside a scalar: where a part of its text stands in the file, for the small languages that live in strings.

use std::ops::Range;

use crate::sources::{Sources, Span, saturate};
use crate::tree::{Node, NodeKind, Style};

impl Sources {
    /// The bytes of the file that `part`, a range of bytes of a scalar's text, was read from: exact through folding,
    /// indentation and doubled quotes. The whole node where the text has escapes or `part` does not fit it, and for
    /// collections. Linear in the length of the scalar.
    #[must_use]
    pub fn inner_span(&self, node: &Node, part: Range<usize>) -> Span {
        let NodeKind::Scalar { text, style } = &node.kind else { return node.span };
        let raw = self.text(node.span);
        let Some((start, end)) = locate(raw, *style, text, &part) else { return node.span };
        let at = |offset: usize| node.span.start.saturating_add(saturate(offset));
        Span::new(node.span.file, at(start), at(end))
    }
}

/// Folding and indentation change white space only, so the other characters are the same ones in the same order.
fn locate(raw: &str, style: Style, text: &str, part: &Range<usize>) -> Option<(usize, usize)> {
    if part.start > part.end || part.end > text.len() || (style == Style::Double && raw.contains('\\')) {
        return None;
    }
    let quote = match style {
        Style::Single => Some('\''),
        Style::Double => Some('"'),
        _ => None,
    };
    let (skipped, inner) = match quote {
        Some(quote) => (1, raw.strip_prefix(quote)?.strip_suffix(quote)?),
        None => (0, raw),
    };
    // The place of each end is that of the visible character at it, or just behind the visible one before it.
    let mut pairs = Pairs { raw: inner.char_indices(), quoted: style == Style::Single };
    let (mut start, mut end, mut behind) = (None, None, 0);
    for (at, character) in text.char_indices().filter(|(_, character)| !character.is_whitespace()) {
        let (raw_at, raw_character, raw_end) = pairs.next()?;
        if raw_character != character {
            return None;
        }
        if start.is_none() && at >= part.start {
            start = Some(raw_at);
        }
        if end.is_none() && at >= part.end {
            end = Some(behind);
        }
        behind = raw_end;
    }
    let start = start.unwrap_or(behind);
    Some((start + skipped, end.unwrap_or(behind).max(start) + skipped))
}

/// The visible characters of a source text, with where each begins and ends; `''` counts as one.
struct Pairs<'a> {
    raw: std::str::CharIndices<'a>,
    quoted: bool,
}

impl Iterator for Pairs<'_> {
    type Item = (usize, char, usize);

    fn next(&mut self) -> Option<Self::Item> {
        let (at, character) = self.raw.find(|(_, character)| !character.is_whitespace())?;
        if self.quoted && character == '\'' {
            self.raw.next();
        }
        Some((at, character, self.raw.offset()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::Findings;
    use crate::limits::Limits;
    use crate::read::read;

    /// Looks for `word` in the text of the value of `a` and expects the source at `line:column` to be `expected`.
    fn check(yaml: &str, word: &str, place: (u32, u32), expected: &str) {
        let mut sources = Sources::new();
        let file = sources.add("a.yaml", yaml);
        let mut findings = Findings::new();
        let documents = read(&sources, file, &Limits::default(), &mut findings);
        assert!(findings.is_empty(), "{yaml:?}: {findings:?}");
        let node = documents.first().and_then(|document| document.at("/a"));
        let text = node.and_then(Node::as_str).unwrap_or_default();
        let at = text.find(word).unwrap_or(usize::MAX - word.len());
        let span = node.map(|node| sources.inner_span(node, at..at + word.len()));
        let position = span.map(|span| sources.position(file, span.start)).map(|p| (p.line, p.column));
        assert_eq!(position, Some(place), "{yaml:?}");
        assert_eq!(span.map(|span| sources.text(span)), Some(expected), "{yaml:?}");
    }

    #[test]
    fn a_part_of_a_scalar_is_found_in_the_file() {
        check("a: x == bad\n", "bad", (1, 9), "bad");
        check("a: 'x == bad'\n", "bad", (1, 10), "bad");
        check("a: \"x == bad\"\n", "bad", (1, 10), "bad");
        check("a: 'it''s bad'\n", "bad", (1, 11), "bad");
        check("a: 'it''s bad'\n", "'s", (1, 7), "''s");
        check("a: |\n  é\n\n  x == bad\n", "bad", (4, 8), "bad");
        check("a: |2\n    indented bad\n", "bad", (2, 14), "bad");
        check("a: >-\n  x ==\n  bad &&\n  y\n", "bad", (3, 3), "bad");
        check("a: >-\n  x ==\n  bad &&\n  y\n", "== bad", (2, 5), "==\n  bad");
        check("a: x ==\n  bad\n", "bad", (2, 3), "bad");
        check("a: |\r\n  x\r\n  bad\r\n", "bad", (3, 3), "bad");
        check("a: x == bad \n", "", (1, 4), "");
    }

    #[test]
    fn what_cannot_be_found_is_the_whole_scalar() {
        check("a: \"\\t x bad\"\n", "bad", (1, 4), "\"\\t x bad\"");
        check("a: [x]\n", "", (1, 4), "[x]");
        check("a: x\n", "not there", (1, 4), "x");
    }
}
