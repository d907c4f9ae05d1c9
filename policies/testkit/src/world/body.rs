//! An answer's body, piece by piece.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aigw_core::{Moment, TransportError, TransportErrorKind, World};
use bytes::Bytes;
use http_body::{Body, Frame};

use super::{Piece, Sim, SimSleep};

/// An answer's body as it arrives. Dropping it cancels the call.
pub struct SimBody {
    sim: Sim,
    pieces: VecDeque<Piece>,
    /// When the upstream came to the piece that is next.
    reached: Moment,
    sleep: Option<SimSleep>,
}

impl SimBody {
    pub(super) fn new(sim: Sim, pieces: Vec<Piece>) -> Self {
        let reached = sim.now();
        Self { sim, pieces: pieces.into(), reached, sleep: None }
    }
}

impl Body for SimBody {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let this = &mut *self;
        while let Some(Piece::Wait(pause)) = this.pieces.front() {
            let over = this.reached.after(*pause);
            let sleep = this.sleep.get_or_insert_with(|| this.sim.sleep_until(over));
            ready!(Pin::new(sleep).poll(cx));
            this.sleep = None;
            this.reached = over;
            this.pieces.pop_front();
        }
        match this.pieces.front() {
            Some(Piece::Stall) => return Poll::Pending,
            Some(Piece::Cut) => {
                this.pieces.clear();
                return Poll::Ready(Some(Err(cut())));
            }
            _ => {}
        }
        match this.pieces.pop_front() {
            Some(Piece::Data(bytes)) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            _ => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty()
    }
}

fn cut() -> TransportError {
    let detail = "connection closed before the answer's end".to_owned();
    TransportError { kind: TransportErrorKind::Truncated, detail }
}
