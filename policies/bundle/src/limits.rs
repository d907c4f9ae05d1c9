//! How much of a bundle is read before it is trusted.

/// Longest envelope in bytes: room for thirty-two signatures and a long statement; what is parsed before a signature is checked stays small.
pub(crate) const MAX_ENVELOPE_BYTES: u64 = 256 * 1024;

/// Bounds on what a bundle may make its reader hold. The defaults fit thousands of policies with their sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Compressed content, in bytes.
    pub max_content_bytes: u64,
    /// Inflated content, in bytes.
    pub max_inflated_bytes: u64,
    /// Members of the content.
    pub max_members: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_content_bytes: 64 << 20, max_inflated_bytes: 256 << 20, max_members: 65_536 }
    }
}

impl Limits {
    /// The longest file that can be within these limits: where to stop reading.
    pub const fn max_file_bytes(&self) -> u64 {
        self.max_content_bytes.saturating_add(MAX_ENVELOPE_BYTES).saturating_add(crate::container::HEADER_BYTES)
    }
}
