//! A program at work: one engine a generation, shared by every request that began with it.

use std::fmt::Display;
use std::future::Future;
use std::sync::{Arc, OnceLock};

use aigw_core::{Peer, Record, World};
use aigw_kinds::authentication::VerifiedTokens;
use aigw_kinds::facts::{Facts, HeadFacts};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Request, Response};
use http_body::Body;

use crate::answer::Answer;
use crate::call::Targets;
use crate::cors;
use crate::edge::Edge;
use crate::errors;
use crate::exchange::Exchange;
use crate::head::{REQUEST_ID, RequestId, client_ip, written};
use crate::loaded::Loaded;
use crate::matcher::{host, normal_path};
use crate::phases;
use crate::ratelimit;
use crate::reply::Reply;
use crate::settle::Settlement;
use crate::state::State;

/// A loaded program with everything it needs to answer requests. Immutable; one for each generation.
pub struct Engine<W: World> {
    fixed: Arc<Fixed>,
    world: W,
}

/// What of an engine its answers hold on to, so that a request keeps the program it began with.
pub(crate) struct Fixed {
    pub(crate) loaded: Arc<Loaded>,
    pub(crate) targets: Targets,
    pub(crate) edge: Edge,
    pub(crate) verified: VerifiedTokens,
    bundle_digest: Arc<str>,
}

impl<W: World> Engine<W> {
    /// An engine for this program. `state` is the process's; `bundle_digest` goes into every record.
    pub fn new(loaded: Arc<Loaded>, state: Arc<State>, world: W, bundle_digest: String) -> Self {
        let (targets, edge) = (Targets::new(&loaded, &state), Edge::new(&loaded, &state, &world));
        let verified = VerifiedTokens::default();
        Self { fixed: Arc::new(Fixed { loaded, targets, edge, verified, bundle_digest: bundle_digest.into() }), world }
    }

    /// Answers a request. Never fails: what goes wrong becomes an error answer, or cuts the answer's body.
    ///
    /// Dropping the future means that the client has left: the upstream is cancelled and the request is settled.
    pub fn run<B>(&self, request: Request<B>, peer: Peer) -> impl Future<Output = Response<Answer<W>>> + Send
    where
        B: Body<Data = Bytes> + Send + Unpin,
        B::Error: Display,
    {
        let (parts, mut body) = request.into_parts();
        async move {
            let read = OnceLock::new();
            let id = RequestId::of(&parts.headers, &self.world);
            let ip = client_ip(self.fixed.loaded.gateway(), peer.address, &parts.headers);
            let path = normal_path(parts.uri.path());
            let host = host(&parts.uri, &parts.headers);
            let head_fault = path.as_ref().err().or(host.as_ref().err()).copied();
            let facts = Facts::new(HeadFacts {
                method: &parts.method,
                path: path.as_deref().unwrap_or(parts.uri.path()),
                host: host.as_ref().ok().and_then(Option::as_deref),
                query: parts.uri.query(),
                headers: &parts.headers,
                ip,
                now: self.world.wall(),
            });
            let began = self.world.now();
            let record = self.record(&parts, &facts, &id);
            let settlement = Box::new(Settlement::new(self.world.clone(), Arc::clone(&self.fixed), began, record));
            let mut exchange = Exchange::new(&self.fixed, &parts, &peer, &read, facts, settlement);
            exchange.head_fault = head_fault;
            // A future is moved when it is made, all of it: four times on the way to the connection. Most of it waits here until it is begun.
            let reply = Box::pin(answer(&mut exchange, &mut body)).await;
            respond(exchange.settlement, reply, &parts.headers, id)
        }
    }

    fn record(&self, parts: &Parts, facts: &Facts<'_>, id: &RequestId) -> Record {
        Record {
            time: facts.now,
            request_id: id.text.clone(),
            bundle: Arc::clone(&self.fixed.bundle_digest),
            method: parts.method.as_str().to_owned(),
            path: facts.path.to_owned(),
            ip: written(facts.ip),
            ..Record::default()
        }
    }
}

async fn answer<W: World, B>(exchange: &mut Exchange<'_, W>, body: &mut B) -> Reply<W>
where
    B: Body<Data = Bytes> + Send + Unpin,
    B::Error: Display,
{
    match phases::run(exchange, body).await {
        Ok(reply) => reply,
        Err(refusal) => {
            exchange.settlement.record.code = Some(refusal.code);
            errors::reply(exchange.fixed.loaded.gateway(), &refusal, &exchange.settlement.record.request_id)
        }
    }
}

/// Gives a reply the headers that every answer has.
fn respond<W: World>(
    mut settlement: Box<Settlement<W>>,
    reply: Reply<W>,
    request: &HeaderMap,
    id: RequestId,
) -> Response<Answer<W>> {
    let Reply { status, mut headers, body } = reply;
    headers.insert(REQUEST_ID, id.value);
    if let Some(cors) = &settlement.fixed.loaded.gateway().cors {
        cors::decorate(cors, request, &mut headers);
    }
    if let Some(product) = settlement.product.and_then(|id| settlement.fixed.loaded.product(id)) {
        product.describe(&mut headers);
    }
    ratelimit::describe(&settlement.notes.readings, settlement.fixed.loaded.program(), &mut headers);
    settlement.record.status = status.as_u16();
    let mut response = Response::new(Answer::new(body, settlement));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

#[cfg(test)]
mod tests;
