//! The body of an answer. It is the rest of the request: streams are judged in it, time-outs run in it, and its end or its drop settles.

mod events;
mod pace;
mod pass;
mod tap;

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aigw_core::{ErrorCode, Moment, Outcome, World};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

pub(crate) use events::{EventStream, Fault, Verdict};
pub(crate) use pace::{Pace, TimedOut};
pub(crate) use pass::{Pass, Piece};

use crate::call::Upstream;
use crate::errors::event;
use crate::reply::ReplyBody;
use crate::settle::Settlement;
use crate::wait::Timer;

/// How long after a stream's last event its connection may take to end, so that it can be used again.
const DRAIN: aigw_core::Millis = aigw_core::Millis::new(500);

/// An answer on its way to the client.
///
/// An error means that the answer cannot end well-formed: the transport must cut the connection, so that what came never looks complete.
/// Dropping it, finished or not, cancels the upstream and settles the request.
pub struct Answer<W: World> {
    kind: Kind<W>,
    settlement: Option<Box<Settlement<W>>>,
}

/// Why an answer was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer was cut: {}", code.as_str())]
pub struct AnswerError {
    /// What went wrong.
    pub code: ErrorCode,
}

enum Kind<W: World> {
    Whole(Bytes),
    Pass(Box<Pass<W>>),
    Stream(Box<EventStream<W>>),
    /// The client has everything; the upstream's connection is read to its end.
    Drain(Upstream<W>, Timer<W>, Moment),
    Cut(ErrorCode),
    Done,
}

type Polled = Poll<Option<Result<Frame<Bytes>, AnswerError>>>;

impl<W: World> Answer<W> {
    /// What follows a head. What is already whole is complete, unless the record says that it is a failure.
    pub(crate) fn new(body: ReplyBody<W>, mut settlement: Box<Settlement<W>>) -> Self {
        if matches!(body, ReplyBody::Whole(_)) && settlement.record.outcome == Outcome::Cancelled {
            settlement.completed();
        }
        let mut answer = Self { kind: Kind::Done, settlement: Some(settlement) };
        match body {
            ReplyBody::Whole(bytes) if bytes.is_empty() => answer.finish(),
            ReplyBody::Whole(bytes) => answer.kind = Kind::Whole(bytes),
            ReplyBody::Pass(pass) if pass.is_over() => answer.completed(),
            ReplyBody::Pass(pass) => answer.kind = Kind::Pass(pass),
            ReplyBody::Stream(events) => answer.kind = Kind::Stream(events),
        }
        answer
    }

    /// Ends a stream well-formed with the in-band error of `code`; an answer that has no such end is cut. What is already complete is left
    /// alone. It takes effect at the next poll, which is the caller's to bring about.
    pub fn interrupt(&mut self, code: ErrorCode) {
        match &mut self.kind {
            Kind::Stream(events) => events.interrupt(code),
            Kind::Pass(_) => self.kind = Kind::Cut(code),
            Kind::Drain(..) => self.finish(),
            Kind::Whole(_) | Kind::Cut(_) | Kind::Done => {}
        }
    }

    fn finish(&mut self) {
        self.kind = Kind::Done;
        self.settlement = None;
    }

    fn completed(&mut self) {
        if let Some(settlement) = &mut self.settlement {
            settlement.completed();
        }
        self.finish();
    }

    fn cut(&mut self, code: ErrorCode) -> Polled {
        if let Some(settlement) = &mut self.settlement {
            settlement.failed(code);
        }
        self.finish();
        Poll::Ready(Some(Err(AnswerError { code })))
    }

    fn poll_pass(&mut self, cx: &mut Context<'_>) -> Polled {
        let (Kind::Pass(pass), Some(settlement)) = (&mut self.kind, &mut self.settlement) else { return Poll::Ready(None) };
        match ready!(pass.poll(settlement, cx)) {
            Piece::Data { bytes, last } => {
                if last {
                    self.finish();
                }
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Piece::End => {
                self.finish();
                Poll::Ready(None)
            }
            Piece::Cut(code) => self.cut(code),
        }
    }

    fn poll_stream(&mut self, cx: &mut Context<'_>) -> Polled {
        let (Kind::Stream(events), Some(settlement)) = (&mut self.kind, &mut self.settlement) else { return Poll::Ready(None) };
        if !events.has_output() && events.verdict().is_none() {
            ready!(events.poll(&settlement.world, cx));
        }
        let output = events.take_output();
        let bytes = match (output, events.verdict()) {
            (Some(bytes), None | Some(Verdict::Fault(_))) => bytes,
            (output, Some(Verdict::Complete { supplied })) => {
                settlement.stream_ended(events, *supplied);
                settlement.completed();
                self.drain();
                match output {
                    Some(bytes) => bytes,
                    None => return self.poll_drain(cx),
                }
            }
            (None, Some(Verdict::Fault(fault))) => {
                let code = fault.code();
                settlement.stream_ended(events, false);
                settlement.failed(code);
                let bytes = event(settlement.fixed.loaded.gateway(), code, &settlement.record.request_id);
                self.finish();
                bytes
            }
            // Something that is swallowed came; there may be more at once.
            (None, None) => return self.poll_stream(cx),
        };
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    /// The last event is on its way to the client.
    fn drain(&mut self) {
        if let (Kind::Stream(events), Some(settlement)) = (std::mem::replace(&mut self.kind, Kind::Done), &self.settlement) {
            let until = settlement.world.now().after(DRAIN);
            self.kind = Kind::Drain(events.into_body(), Timer::new(), until);
        }
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Polled {
        if let (Kind::Drain(body, timer, until), Some(settlement)) = (&mut self.kind, &self.settlement) {
            loop {
                match Pin::new(&mut *body).poll_frame(cx) {
                    Poll::Ready(Some(Ok(_))) => {}
                    Poll::Ready(None | Some(Err(_))) => break,
                    Poll::Pending => {
                        ready!(timer.poll(&settlement.world, *until, cx));
                        break;
                    }
                }
            }
        }
        self.finish();
        Poll::Ready(None)
    }
}

impl<W: World> Body for Answer<W> {
    type Data = Bytes;
    type Error = AnswerError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        match &mut self.kind {
            Kind::Whole(bytes) => {
                let bytes = std::mem::take(bytes);
                self.finish();
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Kind::Pass(_) => self.poll_pass(cx),
            Kind::Stream(_) => self.poll_stream(cx),
            Kind::Drain(..) => self.poll_drain(cx),
            Kind::Cut(code) => {
                let code = *code;
                self.cut(code)
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
            Kind::Pass(pass) => pass.left().map(SizeHint::with_exact).unwrap_or_default(),
            Kind::Stream(_) | Kind::Drain(..) | Kind::Cut(_) => SizeHint::default(),
            Kind::Done => SizeHint::with_exact(0),
        }
    }
}

impl<W: World> Drop for Answer<W> {
    /// The client has left in the middle: what a stream had reported so far is kept.
    fn drop(&mut self) {
        if let (Kind::Stream(events), Some(settlement)) = (&self.kind, &mut self.settlement) {
            settlement.record.usage = events.usage().map(Into::into);
        }
    }
}
