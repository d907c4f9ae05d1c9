//! The content: named byte strings as a canonical tar, compressed with gzip. What the bytes mean is not known here.
//!
//! Its identity is the digest of the tar, which is the same wherever and with whatever order of members it is built. The compressed bytes have a
//! digest of their own because another version of the compressor may write the same tar differently.

mod archive;
mod path;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::{Read, Write};

use flate2::{Compression, GzBuilder, bufread::GzDecoder};

use crate::{Blob, Digest, Limits, Reason, Refusal};

/// Named byte strings, sorted by path.
pub(crate) type Members = BTreeMap<String, Vec<u8>>;

/// The compression level: fixed, because the compressed bytes shall be the same everywhere; the middle one, because bundles are small.
const LEVEL: Compression = Compression::new(6);

/// "Unknown" in RFC 1952: the system that compressed must not show in the bytes.
const NO_OPERATING_SYSTEM: u8 = 255;

/// Content ready to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    tar: Blob,
    gz: Blob,
    bytes: Vec<u8>,
}

impl Content {
    /// The content of these members. Paths are relative, with `/`, without `..`, and differ by more than case; anything else is
    /// [`Reason::ContentInvalid`]. What would not open again within the limits is [`Reason::Oversized`].
    pub fn build(members: &BTreeMap<String, Vec<u8>>, limits: &Limits) -> Result<Self, Refusal> {
        let tar = archive::write(members)?;
        check_bound("members", members.len() as u64, limits.max_members as u64)?;
        check_bound("bytes", tar.len() as u64, limits.max_inflated_bytes)?;
        let bytes = deflate(&tar).map_err(|fault| invalid(format!("the content cannot be compressed: {fault}")))?;
        check_bound("compressed bytes", bytes.len() as u64, limits.max_content_bytes)?;
        Ok(Self { tar: Blob::of(&tar), gz: Blob::of(&bytes), bytes })
    }

    /// The members of compressed content, which must be canonical and within the limits.
    pub fn open(gz: &[u8], limits: &Limits) -> Result<BTreeMap<String, Vec<u8>>, Refusal> {
        archive::read(&inflate(gz, limits.max_inflated_bytes)?, limits)
    }

    /// Compressed content as built before, checked as [`Content::open`] does, to be signed again.
    pub fn from_gz(gz: &[u8], limits: &Limits) -> Result<Self, Refusal> {
        let tar = inflate(gz, limits.max_inflated_bytes)?;
        archive::read(&tar, limits)?;
        Ok(Self { tar: Blob::of(&tar), gz: Blob::of(gz), bytes: gz.to_vec() })
    }

    /// Digest and size of the canonical tar: the identity of the content.
    pub const fn tar(&self) -> Blob {
        self.tar
    }

    /// The digest of the canonical tar: the identity of the content.
    pub const fn digest(&self) -> Digest {
        self.tar.digest
    }

    /// Digest and size of the compressed bytes.
    pub const fn compressed(&self) -> Blob {
        self.gz
    }

    /// The compressed bytes: one tar+gzip layer, as OCI tools read it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The members of a tar that is already inflated and whose digest is known to be right.
pub(crate) fn members(tar: &[u8], limits: &Limits) -> Result<Members, Refusal> {
    archive::read(tar, limits)
}

pub(crate) fn check_bound(what: &str, count: u64, limit: u64) -> Result<(), Refusal> {
    if count <= limit {
        return Ok(());
    }
    Err(Refusal::new(Reason::Oversized, format!("the content has {count} {what}, and at most {limit} are allowed")))
}

pub(crate) fn deflate(tar: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzBuilder::new().mtime(0).operating_system(NO_OPERATING_SYSTEM).write(Vec::new(), LEVEL);
    encoder.write_all(tar)?;
    encoder.finish()
}

/// Inflates one gzip member that fills the whole input, stopping at `bound` bytes.
pub(crate) fn inflate(gz: &[u8], bound: u64) -> Result<Vec<u8>, Refusal> {
    let mut decoder = GzDecoder::new(gz);
    let mut tar = Vec::new();
    let read = (&mut decoder).take(bound).read_to_end(&mut tar);
    read.map_err(|fault| invalid(format!("the content is not gzip: {fault}")))?;
    // Reading on past the bound tells more output from none, and checks the trailer.
    let more = decoder.read(&mut [0]).map_err(|fault| invalid(format!("the content is not gzip: {fault}")))?;
    if more > 0 {
        return Err(Refusal::new(Reason::DecompressionBomb, format!("the content inflates to more than {bound} bytes")));
    }
    if !decoder.into_inner().is_empty() {
        return Err(invalid("bytes follow the compressed content"));
    }
    Ok(tar)
}

pub(crate) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(Reason::ContentInvalid, message)
}
