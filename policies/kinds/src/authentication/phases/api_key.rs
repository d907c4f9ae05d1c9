//! API keys: long and random, so their digests are looked up in a table; nothing of a key is kept, compared byte by byte or written anywhere.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use aigw_core::{Name, Timestamp};
use aws_lc_rs::digest::{SHA256, digest};

use crate::consumer::ConsumerPlan;
use crate::{ConsumerId, Identity, hex};

/// Longest API key in bytes. Ours have 50; providers' have up to 200. What is longer is refused before it is digested.
pub const MAX_KEY_BYTES: usize = 512;

/// Every API key of a program, by digest.
#[derive(Debug, Default)]
pub struct KeyTable(HashMap<[u8; 32], KeyEntry, BuildHasherDefault<DigestHasher>>);

/// A known API key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyEntry {
    /// Whose it is.
    pub identity: Arc<Identity>,
    /// Before then it is refused.
    pub not_before: Option<Timestamp>,
    /// From then on it is refused.
    pub not_after: Option<Timestamp>,
}

/// A key of a program that cannot be looked up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// Not 64 hexadecimal digits.
    #[error("the digest of key `{0}` is not 64 hexadecimal digits")]
    Digest(Name),
    /// Two keys with one digest.
    #[error("the keys `{0}` and `{1}` have the same digest")]
    Duplicate(Name, Name),
}

impl KeyTable {
    /// The keys of these consumers.
    ///
    /// # Errors
    /// A digest that is none, or stands twice.
    pub fn new(consumers: &[ConsumerPlan]) -> Result<Self, KeyFault> {
        let mut table = Self::default();
        for (id, consumer) in (0_u32..).map(ConsumerId).zip(consumers) {
            for key in &consumer.keys {
                let digest = hex::digest(&key.sha256).ok_or_else(|| KeyFault::Digest(key.id.clone()))?;
                let identity = Identity::of_key(id, consumer, key);
                let entry = KeyEntry { identity, not_before: key.not_before, not_after: key.not_after };
                if let Some(earlier) = table.0.insert(digest, entry) {
                    return Err(KeyFault::Duplicate(earlier.identity.credential.clone(), key.id.clone()));
                }
            }
        }
        Ok(table)
    }

    /// The key with these bytes.
    pub fn find(&self, key: &[u8]) -> Option<&KeyEntry> {
        if key.len() > MAX_KEY_BYTES {
            return None;
        }
        let digest: [u8; 32] = digest(&SHA256, key).as_ref().try_into().ok()?;
        self.0.get(&digest)
    }
}

/// The first eight bytes of a digest are as good as any hash of it.
#[derive(Default)]
pub(super) struct DigestHasher(u64);

impl Hasher for DigestHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    /// The length of a digest says nothing.
    fn write_usize(&mut self, _: usize) {}

    /// An id beside it tells the few apart that share it.
    fn write_u32(&mut self, id: u32) {
        self.0 ^= u64::from(id);
    }
}
