//! Counters in this process's memory: exact, bounded, and gone when it ends. They outlive a reload, since rules are known by their stable ids.

mod cell;
mod freed;
mod shard;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aigw_core::{Admission, Claim, ClaimAmount, Counters, Millis, Moment, Permit, StoreError};

use self::freed::Freed;
use self::shard::{Seed, Shard};

/// How many locks share the keys: enough that sixty-four cores seldom meet at one.
const SHARDS: usize = 64;
/// How many keys are counted at once; each takes from 150 bytes to a little over 1 KiB. What comes when all are live is refused.
pub const MAX_KEYS: usize = 262_144;

/// The store of counters that keeps them in memory. Cloning shares them.
#[derive(Clone, Debug)]
pub struct MemoryCounters(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    seed: Seed,
    shards: Vec<Mutex<Shard>>,
}

/// The locked shards of a set of claims, in ascending order, so that two sets cannot wait for each other.
struct Locked<'s> {
    first: MutexGuard<'s, Shard>,
    others: Vec<(usize, MutexGuard<'s, Shard>)>,
}

/// Why a claim does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Unfit {
    claim: usize,
    retry_after: Option<Millis>,
}

impl MemoryCounters {
    /// No counters yet. `seed` is a random number, so that nobody outside can choose keys that collide.
    pub fn new(seed: u64) -> Self {
        Self::with_capacity(seed, MAX_KEYS)
    }

    fn with_capacity(seed: u64, keys: usize) -> Self {
        let seed = Seed(seed);
        let shards = (0..SHARDS).map(|_| Mutex::new(Shard::new(seed, keys.div_ceil(SHARDS)))).collect();
        Self(Arc::new(Shared { seed, shards }))
    }

    fn take(&self, claims: &[Claim<'_>], now: Moment) -> Result<Admission, StoreError> {
        let Some(mut locked) = self.0.lock_all(claims) else {
            return Ok(Admission::Admitted { permits: Vec::new(), remaining: Vec::new() });
        };
        let (mut worst, mut missing) = (None, false);
        for (index, claim) in claims.iter().enumerate() {
            let same = claims.iter().take(index).filter(|other| other.rule == claim.rule && other.key == claim.key);
            let before = same.map(|other| taken(other.amount)).fold(0, u64::saturating_add);
            let cell = locked.shard(|| self.0.shard_of(claim.key)).cell(claim.rule, claim.key);
            missing |= cell.is_none();
            if let Err(retry_after) = cell::fits(cell, claim.amount, before, now.as_nanos()) {
                worst = Unfit { claim: index, retry_after }.or_worse(worst);
            }
        }
        if let Some(unfit) = worst {
            if unfit.retry_after.is_none() {
                self.note_refusal(&mut locked, claims, now)?;
            }
            return Ok(Admission::Refused { claim: unfit.claim, retry_after: unfit.retry_after });
        }
        if missing {
            for claim in claims {
                locked.shard(|| self.0.shard_of(claim.key)).make(claim.rule, claim.key, now)?;
            }
        }
        self.take_fitting(&mut locked, claims, now)
    }

    /// Takes what is known to fit, from counters that are known to be there.
    fn take_fitting(&self, locked: &mut Locked<'_>, claims: &[Claim<'_>], now: Moment) -> Result<Admission, StoreError> {
        let mut permits = Vec::new();
        let mut remaining = Vec::with_capacity(claims.len());
        for claim in claims {
            let shard = locked.shard(|| self.0.shard_of(claim.key));
            let cell = shard.cell(claim.rule, claim.key).ok_or(StoreError("a counter is lost"))?;
            remaining.push(cell.take(claim.amount, now.as_nanos()));
            if matches!(claim.amount, ClaimAmount::Permit { .. }) {
                permits.push(self.permit(claim.rule, Arc::clone(cell.key())));
            }
        }
        Ok(Admission::Admitted { permits, remaining })
    }

    /// Leaves the limits that were asked for with the permits, so that whoever waits for one is told by them.
    fn note_refusal(&self, locked: &mut Locked<'_>, claims: &[Claim<'_>], now: Moment) -> Result<(), StoreError> {
        for claim in claims {
            if let ClaimAmount::Permit { limit } = claim.amount {
                let shard = locked.shard(|| self.0.shard_of(claim.key));
                shard.make(claim.rule, claim.key, now)?;
                if let Some(cell) = shard.cell(claim.rule, claim.key) {
                    cell.set_permits(limit);
                }
            }
        }
        Ok(())
    }

    fn permit(&self, rule: u64, key: Arc<str>) -> Permit {
        let shared = Arc::clone(&self.0);
        Permit::new(move || {
            let waiters = shared.lock(shared.shard_of(&key)).release(rule, &key);
            waiters.into_iter().for_each(|(_, waker)| waker.wake());
        })
    }
}

impl Counters for MemoryCounters {
    async fn admit(&self, claims: &[Claim<'_>], now: Moment) -> Result<Admission, StoreError> {
        self.take(claims, now)
    }

    fn freed(&self, rule: u64, key: &str) -> impl Future<Output = ()> + Send {
        Freed::new(&self.0, rule, key)
    }
}

impl Shared {
    /// Every rule of one key lies in one shard, so that most admissions take one lock.
    fn shard_of(&self, key: &str) -> usize {
        usize::try_from(self.seed.hash(key) >> 32).unwrap_or_default() % SHARDS
    }

    #[expect(clippy::indexing_slicing, reason = "a shard's index is less than the number of shards")]
    fn lock(&self, shard: usize) -> MutexGuard<'_, Shard> {
        self.shards[shard % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `None` where there are no claims.
    fn lock_all(&self, claims: &[Claim<'_>]) -> Option<Locked<'_>> {
        let mut wanted = claims.iter().map(|claim| self.shard_of(claim.key)).fold(0_u64, |wanted, shard| wanted | 1 << shard);
        let mut next = || {
            let shard = usize::try_from(wanted.trailing_zeros()).ok().filter(|shard| *shard < SHARDS)?;
            wanted &= wanted - 1;
            Some((shard, self.lock(shard)))
        };
        let (_, first) = next()?;
        Some(Locked { first, others: std::iter::from_fn(next).collect() })
    }
}

impl Unfit {
    /// The one that frees last; a time to wait says more than waiting for others.
    fn or_worse(self, other: Option<Self>) -> Option<Self> {
        other.filter(|other| other.retry_after >= self.retry_after).or(Some(self))
    }
}

impl Locked<'_> {
    /// A shard that was locked for these claims. Which one is asked only where there are several.
    fn shard(&mut self, shard: impl FnOnce() -> usize) -> &mut Shard {
        if self.others.is_empty() {
            return &mut self.first;
        }
        let shard = shard();
        match self.others.iter_mut().find(|(other, _)| *other == shard) {
            Some((_, guard)) => guard,
            None => &mut self.first,
        }
    }
}

fn taken(amount: ClaimAmount) -> u64 {
    match amount {
        ClaimAmount::Window { take, .. } => take,
        ClaimAmount::Permit { .. } => 1,
    }
}

#[cfg(test)]
mod tests;
