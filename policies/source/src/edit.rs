//! Edits on the original text: what no edit touches survives byte for byte.

use std::fmt;

use crate::finding::Edit;
use crate::sources::Span;

/// Why edits cannot be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditError {
    /// Two edits want the same bytes.
    Overlap(Span, Span),
    /// A span does not fit the text, or cuts a character in two.
    Outside(Span),
    /// The edits are of several files.
    SeveralFiles,
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overlap(a, b) => {
                write!(f, "two edits overlap: bytes {}..{} and {}..{}", a.start, a.end, b.start, b.end)
            }
            Self::Outside(span) => write!(f, "bytes {}..{} are not a part of the text", span.start, span.end),
            Self::SeveralFiles => f.write_str("the edits are of several files"),
        }
    }
}

impl std::error::Error for EditError {}

/// The text with all edits made, in any order given. The same edit twice is made once; insertions at one point keep the
/// order given and stand before a replacement that begins there.
///
/// # Errors
/// Nothing is edited where two edits overlap, one lies outside the text, or they are of several files.
pub fn apply_edits(text: &str, edits: &[Edit]) -> Result<String, EditError> {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| (edit.span.file, edit.span.start, edit.span.end));
    sorted.dedup();
    if sorted.array_windows().any(|[a, b]| a.span.file != b.span.file) {
        return Err(EditError::SeveralFiles);
    }
    if let Some([a, b]) = sorted.array_windows().find(|[a, b]| b.span.start < a.span.end) {
        return Err(EditError::Overlap(a.span, b.span));
    }
    let mut result = String::with_capacity(text.len());
    let mut done = 0;
    for edit in sorted {
        let range = edit.span.range();
        let (Some(kept), Some(_)) = (text.get(done..range.start), text.get(range.clone())) else {
            return Err(EditError::Outside(edit.span));
        };
        result.push_str(kept);
        result.push_str(&edit.text);
        done = range.end;
    }
    result.push_str(text.get(done..).unwrap_or(""));
    Ok(result)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;
    use crate::sources::{FileId, Sources};

    fn file() -> FileId {
        Sources::new().add("a", "")
    }

    fn edits(list: &[(u32, u32, &str)]) -> Vec<Edit> {
        let file = file();
        list.iter().map(|&(start, end, text)| Edit { span: Span::new(file, start, end), text: text.to_owned() }).collect()
    }

    fn check(list: &[(u32, u32, &str)], expected: &str) {
        assert_eq!(apply_edits("héllo world", &edits(list)).unwrap(), expected, "{list:?}");
    }

    fn refused(list: &[(u32, u32, &str)], expected: &str) {
        assert_eq!(apply_edits("héllo world", &edits(list)).unwrap_err().to_string(), expected, "{list:?}");
    }

    #[test]
    fn edits_are_made_in_any_order() {
        check(&[], "héllo world");
        check(&[(7, 12, "you"), (0, 6, "bye")], "bye you");
        check(&[(3, 3, "-"), (0, 1, "H"), (12, 12, "!")], "Hé-llo world!");
        check(&[(0, 1, ""), (0, 1, "")], "éllo world");
        check(&[(6, 6, "a"), (6, 7, "_"), (6, 6, "b")], "hélloab_world");
        check(&[(0, 1, "J"), (1, 3, "e")], "Jello world");
    }

    #[test]
    fn edits_that_cannot_be_made_are_refused() {
        refused(&[(0, 5, "a"), (4, 6, "b")], "two edits overlap: bytes 0..5 and 4..6");
        refused(&[(0, 5, "a"), (0, 5, "b")], "two edits overlap: bytes 0..5 and 0..5");
        refused(&[(0, 5, "a"), (3, 3, "b")], "two edits overlap: bytes 0..5 and 3..3");
        refused(&[(2, 3, "a")], "bytes 2..3 are not a part of the text");
        refused(&[(12, 13, "a")], "bytes 12..13 are not a part of the text");
        refused(&[(5, 4, "a")], "bytes 5..4 are not a part of the text");
    }

    #[test]
    fn edits_of_several_files_are_refused() {
        let mut sources = Sources::new();
        let (a, b) = (sources.add("a", "x"), sources.add("b", "x"));
        let edit = |file| Edit { span: Span::point(file, 0), text: String::new() };
        assert_eq!(apply_edits("x", &[edit(a), edit(b)]), Err(EditError::SeveralFiles));
    }

    proptest! {
        #[test]
        fn replacing_each_part_by_itself_changes_nothing(text in ".{0,40}", cuts in prop::collection::vec(0_u32..60, 0..8)) {
            let mut cuts: Vec<u32> = cuts.into_iter().filter(|&at| text.is_char_boundary(at as usize)).collect();
            cuts.sort_unstable();
            let file = file();
            let edits: Vec<Edit> = cuts.array_windows().map(|&[a, b]| Edit {
                span: Span::new(file, a, b),
                text: text.get(a as usize..b as usize).unwrap().to_owned(),
            }).collect();
            prop_assert_eq!(apply_edits(&text, &edits).unwrap(), text);
        }
    }
}
