//! An answer's body, which drives its connection and gives it back when the last byte has been read.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use aigw_core::TransportError;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::Pool;
use super::error::{Stage, from_hyper};
use super::http1::Http1;
use super::http2::InFlight;

/// The body. Dropping it before its end cancels the call: HTTP/1.1 closes the connection, HTTP/2 resets the stream.
#[derive(Debug)]
pub(crate) struct AnswerBody {
    incoming: Incoming,
    hold: Hold,
}

#[derive(Debug)]
enum Hold {
    /// A connection for this answer alone.
    Http1 { connection: Http1, pool: Arc<Pool> },
    /// A stream of a shared one.
    Http2 { _in_flight: InFlight },
    /// Nothing any more: given back, or over.
    Nothing,
}

impl AnswerBody {
    pub(crate) fn http1(incoming: Incoming, connection: Option<Http1>, pool: Arc<Pool>) -> Self {
        let hold = connection.map_or(Hold::Nothing, |connection| Hold::Http1 { connection, pool });
        Self { incoming, hold }
    }

    pub(crate) fn http2(incoming: Incoming, in_flight: InFlight) -> Self {
        Self { incoming, hold: Hold::Http2 { _in_flight: in_flight } }
    }

    /// Moves bytes on a connection of our own; true where it may have brought some.
    fn drive(&mut self, cx: &mut Context<'_>) -> bool {
        let Hold::Http1 { connection, .. } = &mut self.hold else { return false };
        if connection.poll_drive(cx).is_ready() {
            self.hold = Hold::Nothing;
        }
        true
    }

    /// After the last byte: a connection that can carry another request goes back. It no longer wakes whoever read this answer.
    fn give_back(&mut self) {
        if let Hold::Http1 { mut connection, pool } = std::mem::replace(&mut self.hold, Hold::Nothing)
            && connection.poll_usable(&mut Context::from_waker(Waker::noop()))
        {
            pool.put(connection);
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let this = &mut *self;
        let mut polled = Pin::new(&mut this.incoming).poll_frame(cx);
        if polled.is_pending() && this.drive(cx) {
            polled = Pin::new(&mut this.incoming).poll_frame(cx);
        }
        match polled {
            Poll::Ready(None) => this.give_back(),
            Poll::Ready(Some(Err(_))) => this.hold = Hold::Nothing,
            _ => {}
        }
        polled.map(|item| item.map(|frame| frame.map_err(|fault| from_hyper(Stage::Body, &fault))))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

impl Drop for AnswerBody {
    /// A reader that stopped at the last byte, without asking whether more comes, has still read it all.
    fn drop(&mut self) {
        if !matches!(self.hold, Hold::Http1 { .. }) {
            return;
        }
        let mut cx = Context::from_waker(Waker::noop());
        let ended =
            self.incoming.is_end_stream() || matches!(Pin::new(&mut self.incoming).poll_frame(&mut cx), Poll::Ready(None));
        if ended {
            self.give_back();
        }
    }
}
