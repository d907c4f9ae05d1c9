//! Tokens that were verified: clients send one many times, and a signature costs a hundred times what looking one up does.
//!
//! What is kept is a digest, never a token. An entry counts only while the keys are those that verified it, and within the token's own times.

use std::collections::HashMap;
use std::fmt;
use std::hash::BuildHasherDefault;
use std::sync::{Arc, Mutex, PoisonError};

use aigw_core::{KeySet, Timestamp};
use aws_lc_rs::digest::{SHA256, digest};

use super::api_key::DigestHasher;
use super::issuer::Proof;
use crate::IssuerId;

/// Tokens that are remembered at most: half of them surely, the others while there is room.
pub const MAX_VERIFIED_TOKENS: usize = 8_192;
/// Parts that are locked apart, so that threads seldom meet.
const SHARDS: usize = 16;
/// Entries of one generation of one part.
const GENERATION: usize = MAX_VERIFIED_TOKENS / SHARDS / 2;

/// The verified tokens of one program at work. Bounded; what was used longest ago goes first, about.
#[derive(Default)]
pub struct VerifiedTokens {
    shards: [Mutex<Shard>; SHARDS],
}

/// What was used since the last turn, and before it. A turn forgets the older half.
#[derive(Default)]
struct Shard {
    young: Entries,
    old: Entries,
}

type Entries = HashMap<Digest, Entry, BuildHasherDefault<DigestHasher>>;

/// A token's digest and the issuer that it was judged by.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Digest([u8; 32], IssuerId);

#[derive(Clone)]
struct Entry {
    proof: Proof,
    keys: Arc<KeySet>,
}

impl Digest {
    /// A token's digest.
    pub(super) fn of(token: &[u8]) -> Option<[u8; 32]> {
        digest(&SHA256, token).as_ref().try_into().ok()
    }

    /// The digest for one issuer.
    pub(super) const fn by(token: [u8; 32], issuer: IssuerId) -> Self {
        Self(token, issuer)
    }
}

impl VerifiedTokens {
    /// What a token proved, where that still counts.
    pub(super) fn find(&self, token: Digest, keys: &Arc<KeySet>, now: Timestamp) -> Option<Proof> {
        let mut shard = self.shard(token)?;
        let entry = match shard.young.get(&token) {
            Some(entry) => entry.clone(),
            None => {
                let entry = shard.old.remove(&token)?;
                shard.keep(token, entry.clone());
                entry
            }
        };
        let good = Arc::ptr_eq(&entry.keys, keys) && entry.proof.from <= now && now < entry.proof.until;
        good.then_some(entry.proof)
    }

    /// Remembers what a token proved with these keys.
    pub(super) fn keep(&self, token: Digest, keys: &Arc<KeySet>, proof: Proof) {
        if let Some(mut shard) = self.shard(token) {
            shard.keep(token, Entry { proof, keys: Arc::clone(keys) });
        }
    }

    fn shard(&self, token: Digest) -> Option<std::sync::MutexGuard<'_, Shard>> {
        // Another byte than those that the table hashes by.
        let at = usize::from(*token.0.last()?) % SHARDS;
        self.shards.get(at).map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Shard {
    fn keep(&mut self, token: Digest, entry: Entry) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(token, entry);
    }
}

impl fmt::Debug for VerifiedTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerifiedTokens(…)")
    }
}
