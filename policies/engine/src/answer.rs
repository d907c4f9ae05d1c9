//! The body of an answer. It is the rest of the request: streams are judged in it, time-outs run in it, and its end or its drop settles.

use std::pin::Pin;
use std::task::{Context, Poll};

use aigw_core::{ErrorCode, World};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::settle::Settlement;

/// An answer on its way to the client.
///
/// An error means that the answer cannot end well-formed: the transport must cut the connection, so that what came never looks complete.
/// Dropping it, finished or not, cancels the upstream and settles the request.
pub struct Answer<W: World> {
    kind: Kind,
    settlement: Option<Box<Settlement<W>>>,
}

/// Why an answer was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer was cut: {}", code.as_str())]
pub struct AnswerError {
    /// What went wrong.
    pub code: ErrorCode,
}

enum Kind {
    Whole(Bytes),
    Done,
}

impl<W: World> Answer<W> {
    /// An answer that is all there. Its outcome stands in the record already.
    pub(crate) fn whole(bytes: Bytes, settlement: Box<Settlement<W>>) -> Self {
        if bytes.is_empty() {
            return Self { kind: Kind::Done, settlement: None };
        }
        Self { kind: Kind::Whole(bytes), settlement: Some(settlement) }
    }

    /// Ends a stream well-formed with the in-band error of `code`; an answer that has no such end is cut. What is already complete is left alone.
    pub fn interrupt(&mut self, _code: ErrorCode) {}
}

impl<W: World> Body for Answer<W> {
    type Data = Bytes;
    type Error = AnswerError;

    fn poll_frame(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, AnswerError>>> {
        match std::mem::replace(&mut self.kind, Kind::Done) {
            Kind::Whole(bytes) => {
                self.settlement = None;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Kind::Done => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.kind, Kind::Done)
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Done => SizeHint::with_exact(0),
        }
    }
}
