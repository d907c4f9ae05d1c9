//! Connections from clients: accepting them, their bounds, TLS, HTTP/1.1 and HTTP/2, and their orderly end. What a request means is its
//! [`Handler`]'s business; the data listener and the admin listener differ in nothing else.

mod bind;
mod connection;
mod counts;
mod frames;
mod head_timer;
mod io;
mod listener;
mod pace;
mod rest;
mod stall;

#[cfg(test)]
pub(crate) mod tests;

use std::future::Future;
use std::time::Duration;

use aigw_core::{ErrorCode, Peer};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;

pub(crate) use bind::{Sharing, bind};
pub(crate) use counts::Counts;
pub(crate) use listener::Listener;

/// What answers requests.
pub(crate) trait Handler: Clone + Send + Sync + 'static {
    /// The body of its answers.
    type Body: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static;

    /// The bounds of a connection that is accepted now.
    fn bounds(&self) -> Bounds;

    /// Answers one request. The future is dropped when the client leaves. What it leaves of the body is read and thrown away, within bounds.
    fn handle(&self, request: Request<&mut Incoming>, peer: Peer) -> impl Future<Output = Response<Self::Body>> + Send;

    /// The answer to a client whose connection is refused, in the handler's own shape.
    fn refusal(&self, code: ErrorCode) -> (http::StatusCode, String);
}

/// Bounds of one connection. They are taken when it is accepted and stay until it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Most bytes of a request's head. The engine refuses earlier and says why; here ends what could fill memory.
    pub(crate) head_bytes: usize,
    /// Most headers of a request.
    pub(crate) headers: usize,
    /// Longest time for the TLS handshake, for a head, and between two requests.
    pub(crate) client_idle: Duration,
    /// Longest time in which a client takes nothing of an answer that waits for it, and what it may be behind at `client_rate`.
    pub(crate) write_stall: Duration,
    /// Least bytes a second that it takes of what waits for it; 0 for no bound.
    pub(crate) client_rate: u64,
    /// Most streams that it may reset in ten seconds of one HTTP/2 connection.
    pub(crate) resets: u32,
    /// Most HTTP/2 frames in ten seconds that carry neither a request nor a body.
    pub(crate) weightless_frames: u32,
    /// Most connections of one address; 0 for no bound.
    pub(crate) per_address: u32,
    /// Most connections in all.
    pub(crate) connections: u32,
}

impl Default for Bounds {
    /// What holds before the first bundle, and on the admin listener.
    fn default() -> Self {
        Self {
            head_bytes: 64 * 1024,
            headers: 100,
            client_idle: Duration::from_secs(30),
            write_stall: Duration::from_secs(30),
            client_rate: 256,
            resets: 1_000,
            weightless_frames: 10_000,
            per_address: 0,
            connections: 10_000,
        }
    }
}
