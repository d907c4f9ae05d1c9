//! Bytes to text: what is refused before anything is parsed.

use crate::finding::Finding;
use crate::findings::Findings;
use crate::limits::Limits;
use crate::rules;
use crate::sources::{FileId, Sources, Span, saturate};

/// The byte-order mark of UTF-8.
const BOM: &[u8] = b"\xEF\xBB\xBF";

impl Sources {
    /// Adds a file of any kind. A file that is too long, not UTF-8, or that holds control characters is reported and gives
    /// `None`; it stays among the files with as much text as its finding needs. A byte-order mark is dropped.
    pub fn add_bytes(
        &mut self,
        path: impl Into<String>,
        bytes: &[u8],
        limits: &Limits,
        findings: &mut Findings,
    ) -> Option<FileId> {
        let (file, fault) = self.take_in(path.into(), bytes, limits);
        let sound = fault.is_none();
        findings.extend(fault);
        sound.then_some(file)
    }

    fn take_in(&mut self, path: String, bytes: &[u8], limits: &Limits) -> (FileId, Option<Finding>) {
        if bytes.len() > limits.file_bytes {
            let file = self.add(path, "");
            return (file, Some(too_large(file, bytes.len(), limits)));
        }
        let bytes = bytes.strip_prefix(BOM).unwrap_or(bytes);
        let valid = bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        let file = self.add(path, valid);
        let fault = if valid.len() < bytes.len() {
            Some(not_utf8(Span::point(file, saturate(valid.len())), bytes))
        } else {
            forbidden(file, valid)
        };
        (file, fault)
    }
}

/// The finding for a text that no YAML may be read from, whoever added it.
pub(crate) fn refuse(file: FileId, text: &str, limits: &Limits) -> Option<Finding> {
    if text.len() > limits.file_bytes {
        return Some(too_large(file, text.len(), limits));
    }
    forbidden(file, text)
}

fn too_large(file: FileId, len: usize, limits: &Limits) -> Finding {
    let message = format!("the file has {len} bytes, more than the {} that are read", limits.file_bytes);
    Finding::error(rules::FILE_TOO_LARGE, Span::point(file, 0), message).help("split the file")
}

fn not_utf8(at: Span, bytes: &[u8]) -> Finding {
    let byte = bytes.get(at.range().start).copied().unwrap_or(0);
    let message = format!("the file is not UTF-8: byte {} is `0x{byte:02X}`", at.start);
    let utf16 = bytes.starts_with(b"\xFE\xFF") || bytes.starts_with(b"\xFF\xFE");
    let help = if utf16 { "the file is UTF-16; save it as UTF-8" } else { "save the file as UTF-8" };
    Finding::error(rules::NOT_UTF8, at, message).help(help)
}

/// The first character that YAML 1.2.2 section 5.1 does not count among the printable ones.
fn forbidden(file: FileId, text: &str) -> Option<Finding> {
    // Most texts are ASCII: a byte that cannot begin a forbidden character needs no second look.
    let suspect =
        |byte: u8| (byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r')) || byte == 0x7F || matches!(byte, 0xC2 | 0xEF);
    if !text.bytes().any(suspect) {
        return None;
    }
    let (at, character) = text.char_indices().find(|&(_, character)| !is_printable(character))?;
    let span = Span::new(file, saturate(at), saturate(at + character.len_utf8()));
    let message = format!("the control character `U+{:04X}` is not allowed", u32::from(character));
    let help = "remove it; in double quotes it can be written as an escape";
    Some(Finding::error(rules::NOT_UTF8, span, message).help(help))
}

fn is_printable(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' | '\u{85}' => true,
        '\u{FFFE}' | '\u{FFFF}' => false,
        _ => !character.is_control(),
    }
}

#[cfg(test)]
mod tests;
