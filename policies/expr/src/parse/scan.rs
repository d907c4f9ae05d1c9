//! The words of an expression and where they stand.

use std::ops::Range;

use rhai::Position;

use super::{MAX_BRACKETS, MAX_EXPRESSION_BYTES, refuse};
use crate::ExprError;

/// What a word is, as far as refusing needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Name,
    Number,
    Text,
    Symbol,
}

/// One word of the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    pub(super) shape: Shape,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Longest first, so that the first that fits is the one that Rhai reads too.
const SYMBOLS: &[&str] = &[
    "**=", "<<=", ">>=", "===", "!==", "..=", "...", "&&", "||", "==", "!=", "<=", ">=", "??", "?.", "?[", "::", "=>", "->",
    "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "**", "<<", ">>", "..", "#{", ":=", "//", "/*",
];

/// An expression's text with its words.
#[derive(Debug)]
pub(crate) struct Source<'t> {
    pub(crate) text: &'t str,
    words: Vec<Word>,
}

impl<'t> Source<'t> {
    /// Splits the text into words and refuses what no expression may hold.
    pub(crate) fn read(text: &'t str) -> Result<Self, Vec<ExprError>> {
        if text.len() > MAX_EXPRESSION_BYTES {
            let message = format!("this expression has {} bytes; {MAX_EXPRESSION_BYTES} are allowed", text.len());
            return Err(vec![error_at(0..text.len(), message)]);
        }
        let source = Self { text, words: words(text) };
        if source.words.is_empty() {
            return Err(vec![error_at(0..text.len(), "the expression is empty")]);
        }
        let mut errors = refuse::refusals(&source);
        errors.extend(source.too_deep());
        if errors.is_empty() { Ok(source) } else { Err(errors) }
    }

    pub(crate) fn error(&self, at: Range<usize>, message: impl Into<String>) -> ExprError {
        error_at(at, message)
    }

    pub(super) fn words(&self) -> &[Word] {
        &self.words
    }

    pub(super) fn get(&self, word: Word) -> &'t str {
        self.text.get(word.start..word.end).unwrap_or_default()
    }

    /// The byte at a position of Rhai's; the end of the text for a position that is none.
    pub(crate) fn byte_at(&self, position: Position) -> usize {
        let Some(line) = position.line() else {
            return self.text.len();
        };
        let line_start = match line.checked_sub(2) {
            None => 0,
            Some(nth) => self.text.match_indices('\n').nth(nth).map_or(self.text.len(), |(at, _)| at + 1),
        };
        let characters = position.position().unwrap_or(1).saturating_sub(1);
        let rest = self.text.get(line_start..).unwrap_or_default();
        line_start + rest.char_indices().nth(characters).map_or(rest.len(), |(at, _)| at)
    }

    /// The word that covers a position; empty at the end of the text.
    pub(crate) fn word_at(&self, position: Position) -> Range<usize> {
        let at = self.byte_at(position);
        self.words.iter().find(|word| word.start <= at && at < word.end).map_or(at..at, |word| word.start..word.end)
    }

    /// The span from a position to the end of the word that follows the word there, for a sign and its number.
    pub(crate) fn literal_at(&self, position: Position) -> Range<usize> {
        let first = self.word_at(position);
        let mut after = self.words.iter().skip_while(|word| word.start < first.start);
        let signs = after.by_ref().find(|word| !matches!(self.get(**word), "-" | "+" | "("));
        first.start..signs.map_or(first.end, |word| word.end)
    }

    /// The end of the bracket that opens at or after this byte.
    pub(crate) fn closing_after(&self, at: usize) -> usize {
        let mut depth = 0_usize;
        for word in self.words.iter().skip_while(|word| word.start < at) {
            match self.get(*word) {
                "(" | "[" | "?[" | "{" if word.shape == Shape::Symbol => depth += 1,
                ")" | "]" | "}" if word.shape == Shape::Symbol => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return word.end;
                    }
                }
                _ => {}
            }
        }
        self.text.len()
    }

    /// A range widened until its brackets are whole: Rhai keeps no trace of the parentheses around a part.
    pub(crate) fn balanced(&self, at: Range<usize>) -> Range<usize> {
        let symbols = || self.words.iter().filter(|word| word.shape == Shape::Symbol);
        let step = |word: &Word| match self.get(*word) {
            "(" | "[" | "?[" | "{" => 1_isize,
            ")" | "]" | "}" => -1,
            _ => 0,
        };
        let (mut depth, mut unopened) = (0_isize, 0_isize);
        for word in symbols().filter(|word| at.contains(&word.start)) {
            depth += step(word);
            unopened = unopened.max(-depth);
        }
        let mut unclosed = depth + unopened;
        let Range { mut start, mut end } = at;
        for word in symbols().rev().filter(|word| word.end <= at.start) {
            if unopened == 0 {
                break;
            }
            unopened -= step(word);
            start = word.start;
        }
        for word in symbols().filter(|word| word.start >= at.end) {
            if unclosed == 0 {
                break;
            }
            unclosed += step(word);
            end = word.end;
        }
        start..end
    }

    /// Whether the word at this position starts with `prefix`: what Rhai's tree does not always keep.
    pub(crate) fn starts_with(&self, position: Position, prefix: &str) -> bool {
        self.text.get(self.byte_at(position)..).is_some_and(|rest| rest.starts_with(prefix))
    }

    fn too_deep(&self) -> Option<ExprError> {
        let mut depth = 0_usize;
        for word in self.words.iter().filter(|word| word.shape == Shape::Symbol) {
            match self.get(*word) {
                "(" | "[" | "?[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > MAX_BRACKETS {
                let message = format!("brackets nest deeper here than {MAX_BRACKETS} levels");
                return Some(self.error(word.start..word.end, message));
            }
        }
        None
    }
}

/// An error over a range of bytes. Texts are far shorter than `u32::MAX` wherever one is compiled; a longer one saturates.
pub(crate) fn error_at(at: Range<usize>, message: impl Into<String>) -> ExprError {
    ExprError {
        message: message.into(),
        help: None,
        start: u32::try_from(at.start).unwrap_or(u32::MAX),
        end: u32::try_from(at.end).unwrap_or(u32::MAX),
    }
}

impl ExprError {
    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..)
        && let Some(first) = rest.chars().next()
    {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (shape, len) = word(rest, first);
        words.push(Word { shape, start: at, end: at + len });
        at += len;
    }
    words
}

/// The shape and length of the word that `rest` begins with; never longer than `rest`, never empty.
fn word(rest: &str, first: char) -> (Shape, usize) {
    if first.is_alphabetic() || first == '_' {
        return (Shape::Name, name_len(rest));
    }
    if first.is_ascii_digit() {
        return (Shape::Number, number_len(rest));
    }
    if matches!(first, '"' | '\'' | '`') {
        return (Shape::Text, text_len(rest, first));
    }
    let len = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)).map_or(first.len_utf8(), |symbol| symbol.len());
    (Shape::Symbol, len)
}

fn name_len(rest: &str) -> usize {
    rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
}

/// Digits, a fraction if a digit follows the point, an exponent with its sign.
fn number_len(rest: &str) -> usize {
    let mut len = name_len(rest);
    let after = |len: usize| rest.get(len..).unwrap_or_default();
    if after(len).starts_with('.') && after(len + 1).starts_with(|c: char| c.is_ascii_digit()) {
        len += 1 + name_len(after(len + 1));
    }
    let mantissa = rest.get(..len).unwrap_or_default();
    if mantissa.ends_with(['e', 'E'])
        && !mantissa.starts_with("0x")
        && after(len).starts_with(['-', '+'])
        && after(len + 1).starts_with(|c: char| c.is_ascii_digit())
    {
        len += 1 + name_len(after(len + 1));
    }
    len
}

/// To the closing quote, or to the end where it is missing.
fn text_len(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote != '`' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}
