//! What counts requests and holds permits. One trait; every store keeps the same promises.

use std::future::Future;

use crate::{Millis, Moment};

/// One count asked of a store: which rule, for whom, how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim<'a> {
    /// The rule's stable id: equal across reloads where name and shape are unchanged, different otherwise.
    pub rule: u64,
    /// Whom it counts: the values of the rule's key parts joined by `\u{1f}`. At most [`Claim::MAX_KEY_BYTES`].
    pub key: &'a str,
    /// What is taken.
    pub amount: ClaimAmount,
}

/// What a claim takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimAmount {
    /// `take` out of `limit` in any stretch of time as long as `window`.
    Window {
        /// How many are taken.
        take: u64,
        /// How many any stretch may hold.
        limit: u64,
        /// The stretch.
        window: Millis,
    },
    /// One of `limit` permits, held until its [`Permit`] is dropped.
    Permit {
        /// How many may be held at once.
        limit: u64,
    },
}

/// The answer to a set of claims: all of them were taken, or none was.
pub enum Admission {
    /// All taken.
    Admitted {
        /// One per permit claim; dropping it gives it back.
        permits: Vec<Permit>,
        /// What remains, one per claim in their order.
        remaining: Vec<u64>,
    },
    /// None taken.
    Refused {
        /// The index of the claim that does not fit; the one that frees last where several do not.
        claim: usize,
        /// When asking again can succeed; `None` where only a release can tell (permits).
        retry_after: Option<Millis>,
    },
}

/// A permit that gives itself back when dropped.
pub struct Permit(Option<Box<dyn FnOnce() + Send + Sync>>);

/// A store could not answer; what cannot be counted is refused.
#[derive(Debug, thiserror::Error)]
#[error("the counter store failed: {0}")]
pub struct StoreError(pub &'static str);

/// Counts requests and holds permits, exactly: never more than the limit in any window under any order of calls.
pub trait Counters: Send + Sync + 'static {
    /// Takes all claims or none.
    fn admit(&self, claims: &[Claim<'_>], now: Moment) -> impl Future<Output = Result<Admission, StoreError>> + Send;

    /// Waits until a permit of this rule and key may have been given back; may wake for nothing.
    fn freed(&self, rule: u64, key: &str) -> impl Future<Output = ()> + Send;
}

impl Claim<'_> {
    /// Longest key in bytes: longer values are replaced by their digest before they come here.
    pub const MAX_KEY_BYTES: usize = 512;
}

impl Permit {
    /// A permit that runs `release` when dropped.
    pub fn new(release: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(release)))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(release) = self.0.take() {
            release();
        }
    }
}
