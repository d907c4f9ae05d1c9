//! Admission: all claims of a phase are taken or none, shadows are counted apart, and a request may wait for a place.

use std::pin::pin;

use aigw_core::{Admission, Claim, Counters, ErrorCode, Millis, Permit, Phase, StoreError, Verdict, World};
use aigw_kinds::limit::{ClaimDraft, Claims};
use aigw_kinds::{Decider, Decision, Refusal};

use crate::wait::within;

/// A limit after it was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitReading {
    /// Which rule: always a [`Decider::LimitRule`].
    pub by: Decider,
    /// What remained.
    pub remaining: u64,
    /// True where it is in shadow.
    pub shadow: bool,
}

/// What counting leaves behind for the record.
#[derive(Debug, Default)]
pub struct Notes {
    /// What each rule decided.
    pub decisions: Vec<Decision>,
    /// What each rule had left.
    pub readings: Vec<LimitReading>,
}

/// Takes all claims of a phase, or refuses. Waits for a place where the rule that is full allows it. The permits are held until they are dropped.
///
/// # Errors
/// 429 with the time to wait, or 503 where the store cannot count.
pub async fn admit<W: World>(world: &W, claims: &Claims, phase: Phase, notes: &mut Notes) -> Result<Vec<Permit>, Refusal> {
    let enforced: Vec<&ClaimDraft> = claims.drafts().iter().filter(|draft| !draft.shadow).collect();
    let mut permits = if enforced.is_empty() { Vec::new() } else { take(world, claims, &enforced, phase, notes).await? };
    for draft in claims.drafts().iter().filter(|draft| draft.shadow) {
        permits.extend(shadow(world, claims, draft, phase, notes).await);
    }
    Ok(permits)
}

async fn take<W: World>(
    world: &W,
    claims: &Claims,
    drafts: &[&ClaimDraft],
    phase: Phase,
    notes: &mut Notes,
) -> Result<Vec<Permit>, Refusal> {
    let asked: Vec<Claim<'_>> = drafts.iter().map(|draft| claims.claim(draft)).collect();
    let begun = world.now();
    loop {
        match world.counters().admit(&asked, world.now()).await {
            Ok(Admission::Admitted { permits, remaining }) => {
                drafts.iter().zip(remaining).for_each(|(draft, remaining)| notes.took(draft, phase, remaining));
                return Ok(permits);
            }
            Ok(Admission::Refused { claim, retry_after }) => {
                let Some((draft, full)) = drafts.get(claim).zip(asked.get(claim)) else { return Err(unavailable()) };
                let deadline = begun.after(draft.wait);
                let waits = retry_after.is_none() && world.now() < deadline;
                if waits && within(world, deadline, pin!(world.counters().freed(full.rule, full.key))).await.is_some() {
                    continue;
                }
                notes.refused(draft, phase);
                return Err(refusal(retry_after));
            }
            Err(StoreError(why)) => {
                let failed = |draft: &&ClaimDraft| Decision::new(draft.by, phase, Verdict::Refused).noting(why);
                notes.decisions.extend(drafts.first().map(failed));
                return Err(unavailable());
            }
        }
    }
}

/// A shadow never waits and never refuses; what it took is held like any other.
async fn shadow<W: World>(world: &W, claims: &Claims, draft: &ClaimDraft, phase: Phase, notes: &mut Notes) -> Vec<Permit> {
    match world.counters().admit(&[claims.claim(draft)], world.now()).await {
        Ok(Admission::Admitted { permits, remaining }) => {
            notes.took(draft, phase, remaining.first().copied().unwrap_or_default());
            return permits;
        }
        Ok(Admission::Refused { .. }) => notes.refused(draft, phase),
        Err(StoreError(why)) => {
            notes.decisions.push(Decision::new(draft.by, phase, Verdict::Refused).in_shadow(true).noting(why));
        }
    }
    Vec::new()
}

impl Notes {
    fn took(&mut self, draft: &ClaimDraft, phase: Phase, remaining: u64) {
        self.push(draft, phase, Verdict::Allowed, remaining);
    }

    fn refused(&mut self, draft: &ClaimDraft, phase: Phase) {
        self.push(draft, phase, Verdict::Refused, 0);
    }

    fn push(&mut self, draft: &ClaimDraft, phase: Phase, verdict: Verdict, remaining: u64) {
        self.readings.push(LimitReading { by: draft.by, remaining, shadow: draft.shadow });
        let decision = Decision::new(draft.by, phase, verdict).in_shadow(draft.shadow);
        self.decisions.push(decision.when_failed(draft.failed.as_ref()));
    }
}

/// Without a time, it is for a place that only another request can free.
fn refusal(retry_after: Option<Millis>) -> Refusal {
    match retry_after {
        Some(_) => Refusal::new(ErrorCode::RateLimited, "too many requests; try again later").retry_after(retry_after),
        None => Refusal::new(ErrorCode::ConcurrencyLimited, "too many requests at once; try again when one has ended"),
    }
}

fn unavailable() -> Refusal {
    Refusal::new(ErrorCode::LimitUnavailable, "a limit cannot be counted at the moment; try again later")
}

#[cfg(test)]
mod tests;
