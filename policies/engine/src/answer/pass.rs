//! An answer that passes through as it came, whatever it is: a whole chat answer, vectors, or anything of an `http` route.

use std::pin::Pin;
use std::task::{Context, Poll};

use aigw_core::{ErrorCode, World};
use bytes::Bytes;
use http_body::Body as _;

use super::pace::{Pace, TimedOut};
use super::tap::Tap;
use crate::call::Upstream;
use crate::settle::Settlement;

/// The answer's body and what watches over it.
pub(crate) struct Pass<W: World> {
    body: Upstream<W>,
    pace: Pace<W>,
    /// What is still to come, where the target said how much there is.
    left: Option<u64>,
    /// Reads usage, where there is some to read.
    tap: Option<Tap>,
}

/// What a poll of a passing answer gives.
pub(crate) enum Piece {
    /// Bytes for the client; after the last ones the answer is over.
    Data {
        /// The bytes.
        bytes: Bytes,
        /// Whether they are the last.
        last: bool,
    },
    /// The end.
    End,
    /// The answer broke off and cannot end well-formed.
    Cut(ErrorCode),
}

impl<W: World> Pass<W> {
    /// `length` is what the target declared; `tapped` reads usage on the way.
    pub(crate) fn new(body: Upstream<W>, pace: Pace<W>, length: Option<u64>, tapped: bool) -> Self {
        Self { body, pace, left: length, tap: tapped.then(Tap::default) }
    }

    /// Whether there is nothing to come.
    pub(crate) fn is_over(&self) -> bool {
        self.left == Some(0) || (self.left.is_none() && self.body.is_end_stream())
    }

    /// How much is still to come, where that is known.
    pub(crate) const fn left(&self) -> Option<u64> {
        self.left
    }

    /// The next piece. Trailers are dropped: no dialect here has any.
    pub(crate) fn poll(&mut self, settlement: &mut Settlement<W>, cx: &mut Context<'_>) -> Poll<Piece> {
        loop {
            let piece = match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(_))) if self.pace.request_is_over(&settlement.world) => {
                    Piece::Cut(ErrorCode::RequestTimeExceeded)
                }
                Poll::Ready(Some(Ok(frame))) => {
                    self.pace.moved();
                    match frame.into_data() {
                        Ok(bytes) if !bytes.is_empty() => self.data(bytes),
                        _ => continue,
                    }
                }
                Poll::Ready(Some(Err(_))) => Piece::Cut(ErrorCode::StreamTruncated),
                Poll::Ready(None) if self.left.is_some_and(|left| left > 0) => Piece::Cut(ErrorCode::StreamTruncated),
                Poll::Ready(None) => Piece::End,
                Poll::Pending => match self.pace.poll(&settlement.world, cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(TimedOut::Request) => Piece::Cut(ErrorCode::RequestTimeExceeded),
                    Poll::Ready(_) => Piece::Cut(ErrorCode::UpstreamTimeout),
                },
            };
            self.note(&piece, settlement);
            return Poll::Ready(piece);
        }
    }

    fn data(&mut self, bytes: Bytes) -> Piece {
        if let Some(tap) = &mut self.tap {
            tap.push(&bytes);
        }
        let length = bytes.len() as u64;
        match self.left {
            // More than was declared: what follows would be read as another answer.
            Some(left) if length > left => return Piece::Cut(ErrorCode::UpstreamInvalidAnswer),
            Some(left) => self.left = Some(left - length),
            None => {}
        }
        Piece::Data { bytes, last: self.left == Some(0) || self.body.is_end_stream() }
    }

    /// The last bytes are the end: a transport that knows the length does not ask for more.
    fn note(&self, piece: &Piece, settlement: &mut Settlement<W>) {
        match piece {
            Piece::Data { last: false, .. } => {}
            Piece::Data { .. } | Piece::End => {
                if let Some(usage) = self.tap.as_ref().and_then(Tap::usage) {
                    settlement.record.usage = Some(usage.into());
                }
                settlement.completed();
            }
            Piece::Cut(code) => settlement.failed(*code),
        }
    }
}
