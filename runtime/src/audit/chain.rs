//! How one line follows another: where a file ends, and what the next line says of it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use aigw_bundle::Digest;

use super::{AuditLine, MAX_LINE_BYTES};

/// What is read of a file's end: its last whole line, and as much that was torn.
const TAIL_BYTES: u64 = 2 * (MAX_LINE_BYTES as u64 + 2);
/// What the first line names as the one before.
pub(super) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// How every line begins; so does every part of one.
const BEGINNING: &[u8] = b"{\"version\":1,";

/// The end of a trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chain {
    /// The last line's number; 0 before the first.
    pub(super) sequence: u64,
    /// The last line's digest.
    pub(super) previous: String,
    /// The digest of what was torn behind it.
    pub(super) torn: Option<String>,
    /// Whether a line break is needed before the next line.
    pub(super) needs_break: bool,
}

impl Default for Chain {
    fn default() -> Self {
        Self { sequence: 0, previous: GENESIS.to_owned(), torn: None, needs_break: false }
    }
}

impl Chain {
    /// Reads where a file ends. Errs where that is no audit trail.
    pub(super) fn at_the_end_of(file: &mut File) -> io::Result<Self> {
        let from = file.metadata()?.len().saturating_sub(TAIL_BYTES);
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
        // The first part of what was read may begin within a line.
        let whole = if from == 0 { bytes.as_slice() } else { behind_first_break(&bytes) };
        Self::behind(whole).filter(|chain| from == 0 || chain.sequence > 0).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "it ends with something that is no audit trail: name another file, or move this one away",
            )
        })
    }

    /// The end of these lines; `None` where they are something else.
    fn behind(bytes: &[u8]) -> Option<Self> {
        let mut chain = Self::default();
        // Where the last whole line ended, its line break included.
        let (mut end, mut at) = (0, 0);
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            at += part.len();
            let text = part.strip_suffix(b"\n").unwrap_or(part);
            match parse(text) {
                Some(line) => {
                    chain = Self {
                        sequence: line.sequence,
                        previous: digest(text),
                        torn: None,
                        needs_break: text.len() == part.len(),
                    };
                    end = at;
                }
                None if is_part(text) => {}
                None => return None,
            }
        }
        let torn = bytes.get(end..).unwrap_or_default();
        if !torn.is_empty() {
            chain.torn = Some(digest(torn));
            chain.needs_break = true;
        }
        Some(chain)
    }

    /// The end behind one more line.
    pub(super) fn after(&self, line: &[u8]) -> Self {
        Self { sequence: self.sequence.saturating_add(1), previous: digest(line), torn: None, needs_break: false }
    }
}

/// A whole line; `None` for anything else.
pub(super) fn parse(text: &[u8]) -> Option<AuditLine> {
    serde_json::from_slice(text).ok()
}

/// Whether this may be what a process wrote of a line before it ended.
pub(super) fn is_part(text: &[u8]) -> bool {
    BEGINNING.starts_with(text) || text.starts_with(BEGINNING)
}

/// As lines name it.
pub(super) fn digest(bytes: &[u8]) -> String {
    Digest::of(bytes).to_hex()
}

fn behind_first_break(bytes: &[u8]) -> &[u8] {
    bytes.iter().position(|byte| *byte == b'\n').and_then(|at| bytes.get(at + 1..)).unwrap_or_default()
}
