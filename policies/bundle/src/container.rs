//! The file: magic, format version, two lengths, envelope, content. Splits it and parses neither part.
//!
//! All numbers are big-endian: `AIGW` · format version u16 · envelope length u32 · content length u64.

use crate::limits::MAX_ENVELOPE_BYTES;
use crate::{Limits, Reason, Refusal};

/// The format that this version writes, and the only one it reads.
pub const FORMAT_VERSION: u16 = 1;

/// Bytes before the envelope.
pub(crate) const HEADER_BYTES: u64 = 18;

const MAGIC: [u8; 4] = *b"AIGW";

/// A file split into its parts; nothing in them is checked yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Container<'a> {
    /// The DSSE envelope.
    pub envelope: &'a [u8],
    /// The compressed content.
    pub content: &'a [u8],
}

impl<'a> Container<'a> {
    /// Splits a whole file. Errs where it is too large, not ours, of another format, too short or too long.
    pub fn parse(file: &'a [u8], limits: &Limits) -> Result<Self, Refusal> {
        check_size(file, limits)?;
        Self::split(file, limits)
    }

    /// The part of [`Container::parse`] after the size of the whole file is known to be within bounds.
    pub(crate) fn split(file: &'a [u8], limits: &Limits) -> Result<Self, Refusal> {
        check_magic(file)?;
        let mut rest = file;
        take::<4>(&mut rest)?;
        let format = u16::from_be_bytes(take(&mut rest)?);
        if format != FORMAT_VERSION {
            return Err(Refusal::new(
                Reason::UnsupportedFormat,
                format!("the bundle has format {format}, and this version reads format {FORMAT_VERSION}"),
            ));
        }
        let envelope = u64::from(u32::from_be_bytes(take(&mut rest)?));
        let content = u64::from_be_bytes(take(&mut rest)?);
        check_length("envelope", envelope, MAX_ENVELOPE_BYTES)?;
        check_length("content", content, limits.max_content_bytes)?;
        let (envelope, rest) = part(rest, envelope)?;
        let (content, rest) = part(rest, content)?;
        if !rest.is_empty() {
            return Err(Refusal::new(Reason::TrailingBytes, format!("{} bytes follow the end of the bundle", rest.len())));
        }
        Ok(Self { envelope, content })
    }

    /// The file of these parts. Errs where the envelope is longer than a bundle may carry.
    pub fn write(&self) -> Result<Vec<u8>, Refusal> {
        let (envelope, content) = (self.envelope.len() as u64, self.content.len() as u64);
        check_length("envelope", envelope, MAX_ENVELOPE_BYTES)?;
        let envelope = u32::try_from(envelope).unwrap_or(u32::MAX);
        let mut file = Vec::with_capacity(self.envelope.len() + self.content.len() + 18);
        file.extend_from_slice(&MAGIC);
        file.extend_from_slice(&FORMAT_VERSION.to_be_bytes());
        file.extend_from_slice(&envelope.to_be_bytes());
        file.extend_from_slice(&content.to_be_bytes());
        file.extend_from_slice(self.envelope);
        file.extend_from_slice(self.content);
        Ok(file)
    }
}

/// Whether the whole file can be within the limits.
pub(crate) fn check_size(file: &[u8], limits: &Limits) -> Result<(), Refusal> {
    check_length("file", file.len() as u64, limits.max_file_bytes())
}

fn check_length(what: &str, length: u64, limit: u64) -> Result<(), Refusal> {
    if length <= limit {
        return Ok(());
    }
    Err(Refusal::new(Reason::Oversized, format!("the {what} has {length} bytes, and at most {limit} are allowed")))
}

/// A file that ends inside the magic is cut short, one that differs from it is something else.
fn check_magic(file: &[u8]) -> Result<(), Refusal> {
    if file.iter().zip(&MAGIC).any(|(is, should)| is != should) {
        return Err(Refusal::new(Reason::BadMagic, "the file does not start as a bundle does"));
    }
    Ok(())
}

fn truncated() -> Refusal {
    Refusal::new(Reason::Truncated, "the file ends before the bundle does")
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Refusal> {
    let (head, tail) = rest.split_first_chunk::<N>().ok_or_else(truncated)?;
    *rest = tail;
    Ok(*head)
}

fn part(rest: &[u8], length: u64) -> Result<(&[u8], &[u8]), Refusal> {
    usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length)).ok_or_else(truncated)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn check(file: &[u8], expected: Reason) {
        assert_eq!(Container::parse(file, &Limits::default()).unwrap_err().reason(), expected);
    }

    fn small() -> Vec<u8> {
        Container { envelope: b"{}", content: b"content" }.write().unwrap()
    }

    fn with(at: usize, bytes: &[u8]) -> Vec<u8> {
        let mut file = small();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        file
    }

    #[test]
    fn every_malformed_file_has_its_reason() {
        check(b"PK\x03\x04", Reason::BadMagic);
        check(&with(3, b"X"), Reason::BadMagic);
        check(&with(4, &[0, 2]), Reason::UnsupportedFormat);
        check(&with(6, &(256 * 1024 + 1u32).to_be_bytes()), Reason::Oversized);
        check(&with(6, &u32::MAX.to_be_bytes()), Reason::Oversized);
        check(&with(10, &((64u64 << 20) + 1).to_be_bytes()), Reason::Oversized);
        check(&with(10, &u64::MAX.to_be_bytes()), Reason::Oversized);
        check(&with(10, &8u64.to_be_bytes()), Reason::Truncated);
        check(&with(10, &6u64.to_be_bytes()), Reason::TrailingBytes);
        check(&[&small()[..], b"x"].concat(), Reason::TrailingBytes);
        for length in 0..small().len() {
            check(&small()[..length], Reason::Truncated);
        }
    }

    #[test]
    fn a_file_beyond_the_limit_is_refused_whole() {
        let limits = Limits { max_content_bytes: 6, ..Limits::default() };
        let file = vec![b'x'; 6 + 256 * 1024 + 18 + 1];
        assert_eq!(Container::parse(&file, &limits).unwrap_err().reason(), Reason::Oversized);
        assert_eq!(Container::parse(&small(), &limits).unwrap_err().reason(), Reason::Oversized);
        let envelope = vec![b' '; 256 * 1024 + 1];
        let refused = Container { envelope: &envelope, content: b"" }.write().unwrap_err();
        assert_eq!(refused.reason(), Reason::Oversized);
    }

    proptest! {
        #[test]
        fn what_is_written_splits_back(envelope: Vec<u8>, content: Vec<u8>) {
            let container = Container { envelope: &envelope, content: &content };
            let file = container.write().unwrap();
            prop_assert_eq!(Container::parse(&file, &Limits::default()), Ok(container));
        }

        #[test]
        fn no_bytes_panic(mut file: Vec<u8>, ours: bool) {
            if ours {
                file.splice(0..0, *b"AIGW\0\x01");
            }
            let _ = Container::parse(&file, &Limits::default());
        }
    }
}
