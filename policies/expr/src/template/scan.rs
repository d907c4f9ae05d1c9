//! The tags of a template and the words in them, with their bytes: enough to say where something stands.

use std::ops::Range;

/// What a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Name,
    Text,
    Symbol,
}

/// A word within a tag.
#[derive(Debug, Clone)]
pub(super) struct Word<'t> {
    pub(super) shape: Shape,
    pub(super) text: &'t str,
    pub(super) at: Range<usize>,
}

/// One `{{ … }}` or `{% … %}`.
#[derive(Debug, Clone)]
pub(super) struct Tag<'t> {
    block: bool,
    pub(super) words: Vec<Word<'t>>,
}

impl<'t> Tag<'t> {
    /// The word that a `{% … %}` begins with.
    pub(super) fn statement(&self) -> Option<&Word<'t>> {
        self.words.first().filter(|_| self.block)
    }
}

/// Every tag, in order; what stands in `{% raw %}` and in comments is none.
pub(super) fn tags(text: &str) -> Vec<Tag<'_>> {
    let mut tags = Vec::new();
    let mut at = 0;
    while let Some((start, opener)) = next_opener(text, at) {
        at = match opener {
            "{#" => after(text, start, "#}"),
            opener => {
                let block = opener == "{%";
                let closer = if block { "%}" } else { "}}" };
                let (words, end) = words(text, start + opener.len(), closer);
                let raw = block && matches!(words.as_slice(), [word] if word.text == "raw");
                tags.push(Tag { block, words });
                if raw { end_of_raw(text, end) } else { end }
            }
        };
    }
    tags
}

fn next_opener(text: &str, from: usize) -> Option<(usize, &'static str)> {
    let rest = text.get(from..)?;
    ["{{", "{%", "{#"].into_iter().filter_map(|opener| rest.find(opener).map(|at| (from + at, opener))).min()
}

fn after(text: &str, from: usize, what: &str) -> usize {
    text.get(from..).and_then(|rest| rest.find(what)).map_or(text.len(), |at| from + at + what.len())
}

fn end_of_raw(text: &str, from: usize) -> usize {
    let mut at = from;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find("{%")) {
        let start = at + found;
        let (words, end) = words(text, start + 2, "%}");
        if matches!(words.as_slice(), [word] if word.text == "endraw") {
            return end;
        }
        at = start + 2;
    }
    text.len()
}

/// The words up to `closer`, and the byte after it. The signs that trim white space are no words.
fn words<'t>(text: &'t str, from: usize, closer: &str) -> (Vec<Word<'t>>, usize) {
    let mut words = Vec::new();
    let mut at = from;
    while let Some(rest) = text.get(at..)
        && let Some(first) = rest.chars().next()
    {
        if rest.starts_with(closer) {
            return (words, at + closer.len());
        }
        let (shape, length) = match first {
            '"' | '\'' => (Some(Shape::Text), quoted(rest, first)),
            c if c.is_alphanumeric() || c == '_' => {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
                (Some(Shape::Name), end.unwrap_or(rest.len()))
            }
            c if c.is_whitespace() => (None, c.len_utf8()),
            '-' | '+' if at == from || rest.get(1..).is_some_and(|rest| rest.starts_with(closer)) => (None, 1),
            c => (Some(Shape::Symbol), c.len_utf8()),
        };
        if let Some(shape) = shape {
            let word = rest.get(..length).unwrap_or_default();
            words.push(Word { shape, text: word, at: at..at + length });
        }
        at += length;
    }
    (words, text.len())
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}
