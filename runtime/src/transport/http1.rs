//! One HTTP/1.1 connection. It has no task of its own: whoever awaits the answer or reads its body drives it, which spares a wake-up a chunk, and
//! dropping it closes the socket, which is how a call is cancelled.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use aigw_core::{TransportError, TransportErrorKind};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;

use super::connect::Upstream;
use super::error::{Stage, error, from_hyper};

/// Largest head of an answer, and most that is read ahead.
const MAX_HEAD_BYTES: usize = 128 * 1024;

/// A connection. Boxed once, since it moves from hand to hand with each request.
#[derive(Debug)]
pub(crate) struct Http1(Box<Both>);

/// A connection and the handle to send on it.
#[derive(Debug)]
struct Both {
    sender: http1::SendRequest<Full<Bytes>>,
    connection: http1::Connection<TokioIo<Upstream>, Full<Bytes>>,
}

/// Why no answer came.
pub(crate) enum Failure {
    /// Nothing of the request was written: it may be sent elsewhere.
    Unsent(Box<Request<Full<Bytes>>>),
    /// It may have been received.
    Sent(TransportError),
}

impl Http1 {
    /// Speaks HTTP/1.1 on a fresh connection.
    pub(crate) async fn handshake(stream: Upstream) -> Result<Self, TransportError> {
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(MAX_HEAD_BYTES)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|fault| error(TransportErrorKind::Connect, fault))?;
        Ok(Self(Box::new(Both { sender, connection })))
    }

    /// Whether another request can be sent now. Takes notice of a peer that has closed.
    pub(crate) fn poll_usable(&mut self, cx: &mut Context<'_>) -> bool {
        self.poll_drive(cx).is_pending() && self.0.sender.is_ready()
    }

    /// Moves bytes; ready once the connection is over.
    pub(crate) fn poll_drive(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0.connection).poll(cx).map(drop)
    }

    /// Sends, and gives the answer's head. The connection comes back with it, unless it is over: then what was read is still in the body.
    pub(crate) async fn exchange(self, request: Request<Full<Bytes>>) -> Result<(Response<Incoming>, Option<Self>), Failure> {
        let mut this = self;
        let mut answer = pin!(this.0.sender.try_send_request(request));
        let mut open = Some(this);
        let result = poll_fn(|cx| {
            if open.as_mut().is_some_and(|connection| connection.poll_drive(cx).is_ready()) {
                // Dropping it hands a request that was never taken up back to us.
                open = None;
            }
            answer.as_mut().poll(cx)
        })
        .await;
        match result {
            Ok(response) => Ok((response, open)),
            Err(mut fault) => Err(match fault.take_message() {
                Some(request) => Failure::Unsent(Box::new(request)),
                None => Failure::Sent(from_hyper(Stage::Head, &fault.into_error())),
            }),
        }
    }
}
