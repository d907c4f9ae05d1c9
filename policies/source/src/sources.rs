//! The files that were read, and positions in them.

use std::sync::Arc;

/// One file of a [`Sources`]; made only by [`Sources::add`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

/// A range of bytes in a file; `start == end` is a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// Byte after the last.
    pub end: u32,
}

impl Span {
    /// The bytes `start..end` of `file`.
    #[must_use]
    pub fn new(file: FileId, start: u32, end: u32) -> Self {
        Self { file, start, end }
    }

    /// The point before byte `at` of `file`.
    #[must_use]
    pub fn point(file: FileId, at: u32) -> Self {
        Self::new(file, at, at)
    }

    /// Whether `other` lies within this span, in the same file.
    #[must_use]
    pub fn contains(&self, other: Self) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }

    /// From the start of this span to the end of `other`, which must be in the same file and not before it.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { end: other.end.max(self.end), ..self }
    }

    /// The bytes as `usize`, to slice text with.
    #[must_use]
    pub fn range(&self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A place as a person counts it: both from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters (Unicode scalar values), from 1.
    pub column: u32,
}

/// A file's path and text.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Relative to the policy folder, with `/` on every platform.
    pub path: String,
    /// The whole text, without a byte-order mark.
    pub text: Arc<str>,
    line_starts: Vec<u32>,
}

/// The files of one run, in the order they were added.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// No files.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text that is known to be UTF-8. Its length is checked by [`crate::read`], not here.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        let text = text.into();
        let line_starts = line_starts(&text);
        let id = FileId(saturate(self.files.len()));
        self.files.push(SourceFile { path: path.into(), text, line_starts });
        id
    }

    /// The file of an id that this `Sources` gave out; another's is a bug of ours and panics.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "ids are made only by add, and files are never removed")]
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// The file with this path.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<FileId> {
        self.iter().find(|(_, file)| file.path == path).map(|(id, _)| id)
    }

    /// All files in the order they were added.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (FileId, &SourceFile)> {
        self.files.iter().enumerate().map(|(index, file)| (FileId(saturate(index)), file))
    }

    /// Line and column of a byte; a byte past the end is the end.
    #[must_use]
    pub fn position(&self, id: FileId, byte: u32) -> Position {
        self.file(id).position(byte)
    }

    /// The text of a line (from 1) without its line break; `""` past the end.
    #[must_use]
    pub fn line_text(&self, id: FileId, line: u32) -> &str {
        self.file(id).line_text(line)
    }

    /// The text a span covers; `""` where it does not fit the file.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        self.file(span.file).text.get(span.range()).unwrap_or("")
    }
}

impl SourceFile {
    /// Line and column of a byte; a byte past the end is the end.
    #[must_use]
    pub fn position(&self, byte: u32) -> Position {
        let line = self.line_starts.partition_point(|&start| start <= byte).max(1);
        let start = self.line_starts.get(line - 1).copied().unwrap_or(0);
        let before = self.text.char_indices_from(start).take_while(|(at, _)| *at < byte as usize).count();
        Position { line: saturate(line), column: saturate(before).saturating_add(1) }
    }

    /// The text of a line (from 1) without its line break; `""` past the end.
    #[must_use]
    pub fn line_text(&self, line: u32) -> &str {
        let index = (line as usize).wrapping_sub(1);
        let Some(&start) = self.line_starts.get(index) else { return "" };
        let end = self.line_starts.get(index + 1).map_or(self.text.len(), |&next| next as usize);
        let text = self.text.get(start as usize..end).unwrap_or("");
        text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text))
    }

    /// How many lines there are; a line break at the very end begins one more, empty line.
    #[must_use]
    pub fn line_count(&self) -> u32 {
        saturate(self.line_starts.len())
    }
}

trait CharIndicesFrom {
    fn char_indices_from(&self, start: u32) -> impl Iterator<Item = (usize, char)>;
}

impl CharIndicesFrom for str {
    fn char_indices_from(&self, start: u32) -> impl Iterator<Item = (usize, char)> {
        let start = start as usize;
        self.get(start..).unwrap_or("").char_indices().map(move |(at, c)| (at + start, c))
    }
}

fn line_starts(text: &str) -> Vec<u32> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| saturate(at + 1))).collect()
}

/// Offsets are stored in 32 bits; a text past 4 GiB is refused by its length long before an offset would saturate.
pub(crate) fn saturate(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
