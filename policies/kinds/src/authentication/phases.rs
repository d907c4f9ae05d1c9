//! The authenticate phase: which consumer sent this request.
//!
//! Keys are long and random, so their digests are looked up in a table; nothing of a key is kept, compared byte by byte or written anywhere.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use aigw_core::{ErrorCode, Phase, Timestamp, Verdict};
use aws_lc_rs::digest::{SHA256, digest};
use http::header::{AUTHORIZATION, InvalidHeaderName};
use http::{HeaderMap, HeaderName};

use crate::authentication::AuthenticationPlan;
use crate::consumer::{ConsumerPlan, KeyPlan};
use crate::{AuthenticationId, ConsumerId, Decider, Decision, Identity, Refusal, hex};

/// Longest API key in bytes. Ours have 50; providers' have up to 200. What is longer is refused before it is digested.
pub const MAX_KEY_BYTES: usize = 512;

const BEARER: &[u8] = b"bearer ";

/// Every API key of a program, by digest.
#[derive(Debug, Default)]
pub struct KeyTable(HashMap<[u8; 32], KeyEntry, BuildHasherDefault<DigestHasher>>);

/// A known API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyEntry {
    /// Whose it is.
    pub consumer: ConsumerId,
    /// Its index within the consumer's.
    pub credential: u32,
    /// From then on it is refused.
    pub not_after: Option<Timestamp>,
}

/// A key of a program that cannot be looked up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// Not 64 hexadecimal digits.
    #[error("the digest of key `{0}` is not 64 hexadecimal digits")]
    Digest(String),
    /// Two keys with one digest.
    #[error("the keys `{0}` and `{1}` have the same digest")]
    Duplicate(String, String),
}

/// An authentication policy, ready.
#[derive(Clone, Debug)]
pub struct Authentication {
    id: AuthenticationId,
    headers: Vec<HeaderName>,
    anonymous: bool,
}

impl KeyTable {
    /// The keys of these consumers.
    ///
    /// # Errors
    /// A digest that is none, or stands twice.
    pub fn new(consumers: &[ConsumerPlan]) -> Result<Self, KeyFault> {
        let mut table = Self::default();
        for (id, consumer) in (0_u32..).map(ConsumerId).zip(consumers) {
            for (credential, key) in (0_u32..).zip(&consumer.keys) {
                let digest = hex::digest(&key.sha256).ok_or_else(|| KeyFault::Digest(key.id.to_string()))?;
                let entry = KeyEntry { consumer: id, credential, not_after: key.not_after };
                if let Some(earlier) = table.0.insert(digest, entry) {
                    let name = key_of(consumers, &earlier).map_or_else(String::new, |earlier| earlier.id.to_string());
                    return Err(KeyFault::Duplicate(name, key.id.to_string()));
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

fn key_of<'a>(consumers: &'a [ConsumerPlan], entry: &KeyEntry) -> Option<&'a KeyPlan> {
    consumers.get(entry.consumer.index())?.keys.get(usize::try_from(entry.credential).ok()?)
}

impl Authentication {
    /// Makes a plan ready.
    ///
    /// # Errors
    /// A header name that is none.
    pub fn new(id: AuthenticationId, plan: &AuthenticationPlan) -> Result<Self, InvalidHeaderName> {
        let headers = plan.api_key_headers.iter().map(|name| HeaderName::try_from(name.as_str())).collect::<Result<_, _>>()?;
        Ok(Self { id, headers, anonymous: plan.anonymous })
    }

    /// The headers in which it looks for a key.
    pub fn headers(&self) -> &[HeaderName] {
        &self.headers
    }

    fn credentials<'h>(&self, headers: &'h HeaderMap) -> impl Iterator<Item = Credential<'h>> {
        let named = self.headers.iter().flat_map(|name| headers.get_all(name).iter().map(move |value| (name, value)));
        named.filter_map(|(name, value)| credential(name, value.as_bytes()))
    }
}

/// What stands in a header that may hold a key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Credential<'h> {
    Key(&'h [u8]),
    OtherScheme,
}

/// `None` where the header is there and empty: clients without a key send those.
fn credential<'h>(name: &HeaderName, value: &'h [u8]) -> Option<Credential<'h>> {
    let value = value.trim_ascii();
    if value.is_empty() {
        return None;
    }
    if *name != AUTHORIZATION {
        return Some(Credential::Key(value));
    }
    if value.eq_ignore_ascii_case(BEARER.trim_ascii_end()) {
        return None;
    }
    match value.split_at_checked(BEARER.len()) {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case(BEARER) => Some(Credential::Key(key.trim_ascii_start())),
        _ => Some(Credential::OtherScheme),
    }
}

/// Who sent the request. Every policy must find a good key in a header of its own, or, where it allows anonymous callers, there must be no key
/// in any header of any of them; and all keys must be of one consumer.
///
/// # Errors
/// 401, with the reason in the code.
pub fn authenticate(
    policies: &[Arc<Authentication>],
    keys: &KeyTable,
    headers: &HeaderMap,
    now: Timestamp,
    decisions: &mut Vec<Decision>,
) -> Result<Identity, Refusal> {
    let mut proved: Option<Proved<'_>> = None;
    for policy in policies {
        let by = Decider::Authentication(policy.id);
        let mut found = false;
        for credential in policy.credentials(headers) {
            found = true;
            match judge(credential, proved, keys, now) {
                Ok(judged) => proved = proved.or(Some(judged)),
                Err(refusal) => return refused(decisions, by, refusal),
            }
        }
        let anonymous = || policy.anonymous && policies.iter().all(|other| other.credentials(headers).next().is_none());
        if !found && !anonymous() {
            return refused(decisions, by, missing(policy));
        }
        decisions.push(Decision::new(by, Phase::Authenticate, Verdict::Allowed));
    }
    Ok(proved.map_or_else(Identity::default, |proved| Identity {
        consumer: Some(proved.entry.consumer),
        credential: Some(proved.entry.credential),
    }))
}

#[derive(Clone, Copy)]
struct Proved<'h> {
    key: &'h [u8],
    entry: KeyEntry,
}

fn judge<'h>(
    credential: Credential<'h>,
    earlier: Option<Proved<'h>>,
    keys: &KeyTable,
    now: Timestamp,
) -> Result<Proved<'h>, Refusal> {
    let Credential::Key(key) = credential else {
        return Err(Refusal::new(ErrorCode::InvalidApiKey, "the `authorization` header must be `Bearer` and an API key"));
    };
    if let Some(same) = earlier.filter(|earlier| earlier.key == key) {
        return Ok(same);
    }
    let Some(entry) = keys.find(key).copied() else {
        return Err(Refusal::new(ErrorCode::InvalidApiKey, "the API key is not known here"));
    };
    if entry.not_after.is_some_and(|end| now >= end) {
        return Err(Refusal::new(ErrorCode::ApiKeyExpired, "the API key has expired; ask for a new one"));
    }
    if earlier.is_some_and(|earlier| earlier.entry.consumer != entry.consumer) {
        return Err(Refusal::new(ErrorCode::InvalidApiKey, "the request carries API keys of different callers; send one"));
    }
    Ok(earlier.unwrap_or(Proved { key, entry }))
}

fn refused<T>(decisions: &mut Vec<Decision>, by: Decider, refusal: Refusal) -> Result<T, Refusal> {
    decisions.push(Decision::new(by, Phase::Authenticate, Verdict::Refused));
    Err(refusal)
}

fn missing(policy: &Authentication) -> Refusal {
    let mut message = "an API key is required".to_owned();
    for (index, name) in policy.headers.iter().enumerate() {
        message.push_str(if index == 0 { "; send it as " } else { " or " });
        let form = if *name == AUTHORIZATION { "`authorization: Bearer KEY`".to_owned() } else { format!("`{name}: KEY`") };
        message.push_str(&form);
    }
    Refusal::new(ErrorCode::MissingApiKey, message)
}

/// The first eight bytes of a digest are as good as any hash of it.
#[derive(Default)]
struct DigestHasher(u64);

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
}

#[cfg(test)]
mod tests;
