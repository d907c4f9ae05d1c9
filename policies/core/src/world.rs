//! Everything that has an effect or that a pure function cannot know, handed to the engine as one trait.
//!
//! The runtime implements it on tokio and sockets; a test implements it with a virtual clock. There is no second implementation of any decision.

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use http_body::Body;

use crate::{Counters, IssuerKey, KeySet, Millis, Moment, Record, Secret, Timestamp};

/// The outside, as one program's engine sees it. Cloning is cheap.
pub trait World: Clone + Send + Sync + 'static {
    /// An answer's body as it arrives. Dropping it cancels the call.
    type Body: Body<Data = Bytes, Error = TransportError> + Send + Unpin + 'static;
    /// A timer.
    type Sleep: Future<Output = ()> + Send + 'static;
    /// The store of limits.
    type Counters: Counters;

    /// The monotonic clock.
    fn now(&self) -> Moment;

    /// The calendar clock.
    fn wall(&self) -> Timestamp;

    /// A random number. Not for secrets.
    fn random(&self) -> u64;

    /// A timer that is done at `at`, at once where that has passed.
    fn sleep_until(&self, at: Moment) -> Self::Sleep;

    /// Sends one request to an endpoint of the program and gives its answer's head. Redirects are not followed; nothing is retried,
    /// but for a pooled connection that was found closed before a byte was written. Dropping the future cancels the call.
    fn send(&self, call: Call) -> impl Future<Output = Result<http::Response<Self::Body>, TransportError>> + Send;

    /// The value of a secret that the program names; `None` where it is missing.
    fn secret(&self, name: &str) -> Option<Secret>;

    /// The access token that an endpoint of the program is called with; `None` where there is no valid one now. Never waits for one.
    fn access_token(&self, endpoint: EndpointKey) -> Option<Secret>;

    /// The keys of an issuer of tokens as they were fetched last; `None` where they never were.
    fn issuer_keys(&self, issuer: IssuerKey) -> Option<Arc<KeySet>>;

    /// Has the keys of an issuer fetched again, since a token names one that is not known, and waits for them. The world bounds how often it asks
    /// the issuer, how long this waits and how many wait; nothing is said of what came of it.
    fn refresh_issuer(&self, issuer: IssuerKey) -> impl Future<Output = ()> + Send;

    /// The store of limits.
    fn counters(&self) -> &Self::Counters;

    /// Takes the decision record. Called exactly once for every request, also one whose client left; must not block.
    fn finish(&self, record: Record);
}

/// An endpoint of the program: its index in the program's table of endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointKey(pub u32);

/// The body of a call: whole, since a retry must be able to send it again. Cloning shares the bytes.
pub type CallBody = Bytes;

/// One request to an endpoint.
#[derive(Debug)]
pub struct Call {
    /// Where to.
    pub endpoint: EndpointKey,
    /// What: path and query are complete, as they go on the wire; the host is the endpoint's and is not set here.
    pub request: http::Request<CallBody>,
    /// How long the transport may take over a connection. Time to first byte, idle and total time are the engine's.
    pub timeouts: CallTimeouts,
}

/// The transport's own times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallTimeouts {
    /// From the first packet to the end of the TLS handshake.
    pub connect: Millis,
}

/// Why no answer, or no more of it, came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {detail}")]
pub struct TransportError {
    /// What went wrong, for decisions.
    pub kind: TransportErrorKind,
    /// What went wrong, for people; holds no secret and nothing of any body.
    pub detail: String,
}

/// What went wrong on the way to a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TransportErrorKind {
    /// Refused, unreachable, unknown host, or the TLS handshake failed: nothing was sent.
    #[error("connect failed")]
    Connect,
    /// No connection within its time: nothing was sent.
    #[error("connect timed out")]
    ConnectTimeout,
    /// The connection ended before the answer's head.
    #[error("connection lost before the answer")]
    Reset,
    /// The connection ended within the answer's body.
    #[error("connection lost within the answer")]
    Truncated,
    /// What came is not HTTP, or exceeds the transport's bounds.
    #[error("protocol error")]
    Protocol,
}
