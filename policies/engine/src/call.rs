//! The call phase: which targets, how often, and what of their answers.

mod attempt;
mod choose;
mod forward;
mod request;
mod targets;
mod trouble;
mod upstream;

use aigw_core::{AttemptOutcome, Moment, Outcome, SkipReason, Skipped, World};
use aigw_kinds::model::ModelPlan;
use aigw_kinds::provider::CredentialPlan;
use aigw_kinds::{ModelId, Refusal};

use self::attempt::{Sending, attempt};
use self::choose::{Backoff, Choice, Draw};
use self::trouble::{Again, Trouble};
use crate::exchange::Exchange;
use crate::reply::Reply;

pub(crate) use attempt::TERMINAL_SUPPLIED;
pub(crate) use forward::forward;
pub(crate) use targets::{Candidate, Targets};
pub(crate) use trouble::message;
pub(crate) use upstream::Upstream;

/// How serving by one model ended without an answer.
enum End {
    /// The failure stands: nothing else would change it.
    Final(Trouble),
    /// Attempts or targets are spent.
    Spent(Spent),
}

/// The last failure, if anything was sent, and when the first target that wants to be left alone can be asked again.
#[derive(Default)]
struct Spent {
    trouble: Option<Trouble>,
    until: Option<Moment>,
}

/// Calls the resolved model, then its fallbacks in turn, each authorised and limited anew.
pub(crate) async fn call_model<W: World>(x: &mut Exchange<'_, W>, model: ModelId) -> Result<Reply<W>, Refusal> {
    let mut spent = match serve(x, model).await {
        Ok(reply) => return Ok(reply),
        Err(End::Final(trouble)) => return told(x, trouble),
        Err(End::Spent(spent)) => spent,
    };
    let program = x.fixed.loaded.program();
    let fallbacks = model.of(program).map(|plan| plan.fallback.as_slice()).unwrap_or_default();
    for fallback in fallbacks {
        // A refusal stands in the record; the next one may be allowed.
        if x.admit_model(*fallback).await.is_err() {
            continue;
        }
        x.turn_to(*fallback);
        match serve(x, *fallback).await {
            Ok(reply) => return Ok(reply),
            Err(End::Final(trouble)) => return told(x, trouble),
            Err(End::Spent(next)) => spent = Spent { trouble: next.trouble.or(spent.trouble), until: next.until.or(spent.until) },
        }
    }
    match spent.trouble {
        Some(trouble) => told(x, trouble),
        None => Err(unavailable(x, spent.until)),
    }
}

/// A failure as the client gets it: the target's own words where they are about its request, else ours.
fn told<W: World>(x: &mut Exchange<'_, W>, trouble: Trouble) -> Result<Reply<W>, Refusal> {
    let refusal = trouble.refusal();
    let Some(relay) = trouble.relay else { return Err(refusal) };
    x.settlement.record.outcome = Outcome::Failed;
    x.settlement.record.code = Some(refusal.code);
    Ok(Reply { status: relay.status, headers: relay.headers, body: crate::reply::ReplyBody::Whole(relay.body) })
}

fn unavailable<W: World>(x: &Exchange<'_, W>, until: Option<Moment>) -> Refusal {
    use aigw_core::ErrorCode::{NoTarget, UpstreamRateLimited};
    match until {
        Some(at) => {
            let wait = at.since(x.settlement.world.now());
            Refusal::new(UpstreamRateLimited, message(UpstreamRateLimited)).retry_after(Some(wait))
        }
        None => Refusal::new(NoTarget, message(NoTarget)),
    }
}

async fn serve<W: World>(x: &mut Exchange<'_, W>, model: ModelId) -> Result<Reply<W>, End> {
    let Some(plan) = model.of(x.fixed.loaded.program()) else { return Err(End::Spent(Spent::default())) };
    let mut choice = choose(x, model, plan);
    let mut trouble: Option<Trouble> = None;
    for _ in 0..plan.retry.attempts {
        let (place, candidate) = match pick(x, &mut choice, plan, trouble.is_some()).await {
            Ok(picked) => picked,
            Err(until) => return Err(End::Spent(Spent { trouble, until })),
        };
        let now = x.settlement.world.now();
        let Some(request) = request::model_request(x, candidate) else {
            choice.failed(place, false, now, backoff(plan), 0);
            x.settlement.skipped(&candidate.label, unsendable(x, candidate));
            continue;
        };
        choice.sent(place);
        candidate.budget.sent(now, trouble.is_some());
        let sending = Sending {
            candidate,
            operation: plan.operation,
            expectation: x.expectation(),
            request_at: x.deadline,
            event_bytes: x.fixed.loaded.gateway().bounds.event.as_len(),
        };
        let failed = match attempt(&mut x.settlement, &sending, request).await {
            Ok(reply) => return Ok(reply),
            Err(failed) => failed,
        };
        if after(x, &failed, &mut choice, place, plan) == Again::No {
            return Err(End::Final(failed));
        }
        trouble = Some(failed);
    }
    Err(End::Spent(Spent { trouble, until: None }))
}

/// The next target, after the pause that it needs. Where there is none within the policy's patience and the provider's budget: when one that
/// wants to be left alone could be asked again.
async fn pick<'r, W: World>(
    x: &mut Exchange<'r, W>,
    choice: &mut Choice<'r>,
    plan: &ModelPlan,
    retry: bool,
) -> Result<(usize, &'r Candidate), Option<Moment>> {
    let now = x.settlement.world.now();
    let next = choice.next(now, plan.retry.backoff_max);
    for candidate in choice.passed_over(next.place(), now) {
        x.settlement.skipped(&candidate.label, SkipReason::CoolingDown);
    }
    let place = next.place().ok_or(next.until())?;
    let candidate = choice.candidate(place).ok_or(None)?;
    if next.until().is_some_and(|at| at >= x.deadline) {
        x.settlement.skipped(&candidate.label, SkipReason::TimeSpent);
        return Err(next.until());
    }
    if retry && !candidate.budget.allows(now, plan.retry.budget) {
        x.settlement.skipped(&candidate.label, SkipReason::RetryBudget);
        return Err(None);
    }
    if let Some(at) = next.until() {
        x.settlement.world.sleep_until(at).await;
    }
    Ok((place, candidate))
}

/// The model's targets for this request, the best first.
fn choose<'r, W: World>(x: &mut Exchange<'r, W>, model: ModelId, plan: &ModelPlan) -> Choice<'r> {
    let fixed = x.fixed;
    let candidates = fixed.targets.of_model(model);
    // What fails counts as missing: such callers share no place.
    let sticky = plan.sticky.and_then(|id| fixed.loaded.expressions().text(id, &x.facts).ok().flatten());
    let draw = match &sticky {
        Some(key) => Draw::Sticky(key),
        None if candidates.len() > 1 => Draw::Random(x.settlement.world.random()),
        None => Draw::Random(0),
    };
    let mut skipped = Vec::new();
    let eligible = candidates.iter().filter(|candidate| match ineligible(x, candidate) {
        None => true,
        Some((reason, note)) => {
            skipped.push(Skipped { target: candidate.label.clone(), reason, note });
            false
        }
    });
    let choice = Choice::new(eligible, draw);
    drop(sticky);
    x.settlement.record.skipped.append(&mut skipped);
    choice
}

/// Why a candidate is not for this request, where it is not.
fn ineligible<W: World>(x: &Exchange<'_, W>, candidate: &Candidate) -> Option<(SkipReason, Option<String>)> {
    if !x.may_call(candidate.endpoint) {
        return Some((SkipReason::TenantRequires, None));
    }
    if let Some(missing) = missing(x, candidate) {
        return Some((missing, None));
    }
    match x.fixed.loaded.expressions().holds_if_any(candidate.when, &x.facts) {
        Ok(true) => None,
        Ok(false) => Some((SkipReason::WhenFalse, None)),
        Err(error) => Some((SkipReason::WhenFailed, Some(error.to_string()))),
    }
}

/// What a candidate is called with, where it is not there.
fn missing<W: World>(x: &Exchange<'_, W>, candidate: &Candidate) -> Option<SkipReason> {
    let world = &x.settlement.world;
    match candidate.credential.as_ref()? {
        CredentialPlan::Key(name) => world.secret(name).is_none().then_some(SkipReason::SecretMissing),
        CredentialPlan::ManagedIdentity(_) => {
            world.access_token(candidate.endpoint).is_none().then_some(SkipReason::TokenMissing)
        }
    }
}

/// Why no request could be written for a candidate.
fn unsendable<W: World>(x: &Exchange<'_, W>, candidate: &Candidate) -> SkipReason {
    missing(x, candidate).unwrap_or(SkipReason::Unsendable)
}

/// Takes a failure in: the target's wish to be left alone, and whether and when it may be tried again.
fn after<W: World>(x: &Exchange<'_, W>, failed: &Trouble, choice: &mut Choice<'_>, place: usize, plan: &ModelPlan) -> Again {
    let world = &x.settlement.world;
    let now = world.now();
    let again = failed.again(&plan.retry.retry_on);
    if let (Some(wait), Some(candidate)) = (failed.retry_after, choice.candidate(place)) {
        candidate.cooling.until(now.after(wait));
    }
    choice.failed(place, again == Again::Anywhere, now, backoff(plan), world.random());
    again
}

const fn backoff(plan: &ModelPlan) -> Backoff {
    Backoff { base: plan.retry.backoff_base, max: plan.retry.backoff_max }
}

/// Another attempt follows the one that failed.
pub(crate) fn followed(attempts: &mut [aigw_core::Attempt]) {
    if let Some(last) = attempts.last_mut()
        && last.outcome == AttemptOutcome::Failed
    {
        last.outcome = AttemptOutcome::Retried;
    }
}
