//! What an upstream is asked and what it does: the head or the fault that comes, and when.

use std::future::pending;

use aigw_core::{Call, EndpointKey, Millis, TransportError, TransportErrorKind, World};
use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode};

use super::{Sim, SimBody};

/// Who answers the gateway's calls.
pub trait Upstream: Send + Sync {
    /// What comes of a call. Asked once for each, at the instant at which it is made.
    ///
    /// # Errors
    /// Where nobody has said what this endpoint answers.
    fn answer(&self, call: &Sent) -> Result<Answer, Unscripted>;
}

/// Nobody says what an endpoint answers. The call fails as with a refused connection, and [`super::Exchange::unscripted`] says so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unscripted(pub String);

/// A call as the upstream saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// When it was made, in virtual time since the world's beginning.
    pub at: Millis,
    /// Where it went.
    pub endpoint: EndpointKey,
    /// Its method.
    pub method: Method,
    /// Its path and query; the host is the endpoint's and is not set.
    pub uri: http::Uri,
    /// Its headers, secrets among them as [`super::stand_in`] writes them.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// What an upstream does with one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// How long after the call the head, or the fault, comes.
    pub after: Millis,
    /// The head, or what comes instead of one.
    pub head: Result<Head, Fault>,
    /// What follows the head. Its times count from the head on, whether anybody reads or not.
    pub pieces: Vec<Piece>,
}

/// The head of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its status.
    pub status: StatusCode,
    /// Its headers. None is added: a length that is to be declared stands here.
    pub headers: HeaderMap,
}

/// What comes instead of an answer's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is refused; where that takes longer than the gateway waits for one, it times out.
    Refuse,
    /// The TLS handshake fails; where that takes longer than the gateway waits for a connection, it times out.
    Tls,
    /// No connection comes about in the time that the gateway waits for one, however long that is.
    ConnectTimeout,
    /// The connection ends before the answer's head.
    Reset,
    /// The head never comes.
    Silence,
    /// What comes is not HTTP.
    NotHttp,
}

/// One step of an answer's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Bytes, which arrive as one chunk.
    Data(Bytes),
    /// A pause.
    Wait(Millis),
    /// The connection ends within the body.
    Cut,
    /// Nothing more comes, ever.
    Stall,
}

impl Sent {
    pub(super) fn new(call: Call, at: Millis) -> Self {
        let (parts, body) = call.request.into_parts();
        Self { at, endpoint: call.endpoint, method: parts.method, uri: parts.uri, headers: parts.headers, body }
    }
}

impl Answer {
    /// What HTTP lets through of an answer to a request of that method: no body follows where it was `HEAD` that asked, nor with a status that says so
    /// (RFC 9110, sections 9.3.2, 15.3.5 and 15.4.5).
    pub(super) fn to(self, method: &Method) -> Self {
        let says_so = |head: &Head| matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        let bodiless = *method == Method::HEAD || self.head.as_ref().is_ok_and(says_so);
        if bodiless { Self { pieces: Vec::new(), ..self } } else { self }
    }

    /// Lets it happen. `connect` is how long the gateway waits for a connection.
    pub(super) async fn play(self, sim: &Sim, connect: Millis) -> Result<Response<SimBody>, TransportError> {
        let called = sim.now();
        let until = |after| sim.sleep_until(called.after(after));
        match self.head {
            Ok(head) => {
                until(self.after).await;
                let mut response = Response::new(SimBody::new(sim.clone(), self.pieces));
                *response.status_mut() = head.status;
                *response.headers_mut() = head.headers;
                Ok(response)
            }
            Err(Fault::Silence) => pending().await,
            Err(fault) => {
                let (fault, after) = fault.within(self.after, connect);
                until(after).await;
                Err(fault.error())
            }
        }
    }
}

impl Fault {
    /// What becomes of it, and when, where the gateway waits so long for a connection.
    fn within(self, after: Millis, connect: Millis) -> (Self, Millis) {
        match self {
            Self::ConnectTimeout => (self, connect),
            Self::Refuse | Self::Tls if after > connect => (Self::ConnectTimeout, connect),
            _ => (self, after),
        }
    }

    /// As the transport reports it.
    pub(super) fn error(self) -> TransportError {
        use TransportErrorKind::{Connect, ConnectTimeout, Protocol, Reset};
        let (kind, detail) = match self {
            Self::Refuse => (Connect, "connection refused"),
            Self::Tls => (Connect, "TLS: handshake failed"),
            Self::ConnectTimeout => (ConnectTimeout, "the address does not answer"),
            Self::Reset | Self::Silence => (Reset, "connection closed before the answer's head"),
            Self::NotHttp => (Protocol, "what came is not HTTP"),
        };
        TransportError { kind, detail: detail.to_owned() }
    }
}
