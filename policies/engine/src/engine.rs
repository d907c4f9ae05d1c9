//! A program at work: one engine a generation, shared by every request that began with it.

use std::fmt::Display;
use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;

use aigw_core::{ErrorCode, Outcome, Record, World};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;

use crate::answer::Answer;
use crate::loaded::Loaded;
use crate::settle::Settlement;
use crate::state::State;
use crate::status::status_of;

/// A loaded program with everything it needs to answer requests. Immutable; one for each generation.
pub struct Engine<W: World> {
    loaded: Arc<Loaded>,
    state: Arc<State>,
    world: W,
    bundle_digest: String,
}

impl<W: World> Engine<W> {
    /// An engine for this program. `state` is the process's; `bundle_digest` goes into every record.
    pub fn new(loaded: Arc<Loaded>, state: Arc<State>, world: W, bundle_digest: String) -> Self {
        Self { loaded, state, world, bundle_digest }
    }

    /// Answers a request. Never fails: what goes wrong becomes an error answer, or cuts the answer's body.
    ///
    /// Dropping the future means that the client has left: the upstream is cancelled and the request is settled.
    pub fn run<B>(&self, request: Request<B>, peer: IpAddr) -> impl Future<Output = Response<Answer<W>>> + Send
    where
        B: Body<Data = Bytes> + Send + Unpin,
        B::Error: Display,
    {
        async move {
            let _ = (&self.loaded, &self.state, peer);
            let code = ErrorCode::NotReady;
            let record = Record {
                time: self.world.wall(),
                bundle: self.bundle_digest.clone(),
                method: request.method().as_str().to_owned(),
                path: request.uri().path().to_owned(),
                outcome: Outcome::Refused,
                code: Some(code),
                ..Record::default()
            };
            let settlement = Settlement::new(self.world.clone(), self.world.now(), record);
            let mut response = Response::new(Answer::whole(Bytes::new(), Box::new(settlement)));
            *response.status_mut() = status_of(code);
            response
        }
    }
}
