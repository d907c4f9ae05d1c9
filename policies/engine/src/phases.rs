//! The phases in their order. What a request meets, and when, stands here and nowhere else.

use std::fmt::Display;

use aigw_core::{ErrorCode, Operation, Outcome, PHASES, Phase, World};
use aigw_kinds::Refusal;
use bytes::Bytes;
use http::StatusCode;
use http_body::Body;

use crate::call::{call_model, forward, message};
use crate::cors;
use crate::exchange::Exchange;
use crate::models;
use crate::reply::{Reply, ReplyBody};

/// Runs [`PHASES`] until one answers. Settling and recording are done by the settlement, whatever happens here.
///
/// # Errors
/// The first refusal; its outcome stands in the record.
pub(crate) async fn run<W: World, B>(x: &mut Exchange<'_, W>, body: &mut B) -> Result<Reply<W>, Refusal>
where
    B: Body<Data = Bytes> + Send + Unpin,
    B::Error: Display,
{
    if let Some(reply) = before(x)? {
        return Ok(reply);
    }
    let mut began = x.settlement.began;
    for phase in PHASES {
        let step = step(phase, x, body).await;
        let ended = x.settlement.world.now();
        x.settlement.spent(phase, began, ended);
        began = ended;
        match step {
            Ok(None) => {}
            Ok(Some(reply)) => return Ok(reply),
            Err(refusal) => {
                // From the call on it is no longer a policy that says no, unless nobody is called.
                let calls = x.matched.is_some_and(|matched| matched.row.operation != Operation::Models);
                x.settlement.record.outcome = if phase == Phase::Call && calls { Outcome::Failed } else { Outcome::Refused };
                return Err(refusal);
            }
        }
    }
    Err(unreachable())
}

/// What comes before the phases: an address that floods costs no more than its count, and a preflight asks for nothing that a policy could judge.
fn before<W: World>(x: &mut Exchange<'_, W>) -> Result<Option<Reply<W>>, Refusal> {
    if let Err(refusal) = x.count_address() {
        x.settlement.record.outcome = Outcome::Refused;
        return Err(refusal);
    }
    let cors = x.fixed.loaded.gateway().cors.as_ref();
    let headers = cors.and_then(|cors| cors::preflight(cors, &x.parts.method, &x.parts.headers));
    Ok(headers.map(|headers| Reply { status: StatusCode::NO_CONTENT, headers, body: ReplyBody::Whole(Bytes::new()) }))
}

async fn step<W: World, B>(phase: Phase, x: &mut Exchange<'_, W>, body: &mut B) -> Result<Option<Reply<W>>, Refusal>
where
    B: Body<Data = Bytes> + Send + Unpin,
    B::Error: Display,
{
    match phase {
        Phase::Match => {
            x.find_route()?;
            // The route says which class it is: a full process turns a request away before anyone is asked who sends it.
            x.enter()?;
        }
        Phase::Authenticate => x.authenticate().await?,
        Phase::Authorize => x.authorize()?,
        Phase::Admit => x.admit(Phase::Admit).await?,
        Phase::Validate => x.validate(body).await?,
        Phase::Resolve => x.resolve().await?,
        Phase::Prompt => x.prompt()?,
        Phase::Call => return call(x).await.map(Some),
        Phase::Settle | Phase::Record => {}
    }
    Ok(None)
}

async fn call<W: World>(x: &mut Exchange<'_, W>) -> Result<Reply<W>, Refusal> {
    let matched = x.matched()?;
    match (matched.row.operation, x.model) {
        (Operation::Models, _) => models::answer(x, matched),
        (Operation::Http, _) => forward(x, matched).await,
        (Operation::Chat | Operation::Embeddings, Some(model)) => call_model(x, model).await,
        (Operation::Chat | Operation::Embeddings, None) => Err(unreachable()),
    }
}

/// A phase that ran without what an earlier one leaves: a fault of the engine, told as one.
pub(crate) fn unreachable() -> Refusal {
    Refusal::new(ErrorCode::InternalError, message(ErrorCode::InternalError))
}
