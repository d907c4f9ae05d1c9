//! A stream of events as it arrives: what goes on to the client, when it has begun, and what its end means.

use std::pin::Pin;
use std::task::{Context, Poll};

use aigw_core::{ErrorCode, TransportError, World};
use aigw_providers::sse::{self, Splitter};
use aigw_providers::stream::{ChatStream, Signal, StreamEnd, StreamExpectation};
use aigw_providers::usage::Usage;
use bytes::{Bytes, BytesMut};
use http_body::Body as _;

use super::pace::{Pace, TimedOut};
use crate::call::Upstream;

/// Reads a target's stream event by event, before and after its first content.
pub(crate) struct EventStream<W: World> {
    body: Upstream<W>,
    splitter: Splitter,
    chat: ChatStream,
    pace: Pace<W>,
    /// What goes to the client next, in the pieces in which it came.
    out: Vec<Bytes>,
    verdict: Option<Verdict>,
}

/// How a stream ended.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Every choice is finished. `supplied` where the terminal event was missing and has been written in its place.
    Complete {
        /// Whether the gateway wrote the terminal event.
        supplied: bool,
    },
    /// It broke.
    Fault(Fault),
}

/// Why a stream broke.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The target ended it too early.
    Truncated,
    /// The connection was lost.
    Transport(TransportError),
    /// A time ran out.
    TimedOut(TimedOut),
    /// Something unreadable that may have been content.
    Invalid,
    /// The target reported a failure; this is its event's data.
    Reported(Bytes),
    /// The gateway ends it.
    Interrupted(ErrorCode),
}

impl Fault {
    /// What the client is told once the stream has begun.
    pub(crate) const fn code(&self) -> ErrorCode {
        match self {
            Self::Truncated | Self::Transport(_) => ErrorCode::StreamTruncated,
            Self::TimedOut(TimedOut::Request) => ErrorCode::RequestTimeExceeded,
            Self::TimedOut(_) => ErrorCode::StreamTimeout,
            Self::Invalid => ErrorCode::StreamInvalid,
            Self::Reported(_) => ErrorCode::StreamUpstreamError,
            Self::Interrupted(code) => *code,
        }
    }
}

impl<W: World> EventStream<W> {
    /// A stream of which nothing has come. No event may exceed `event_bytes`.
    pub(crate) fn new(body: Upstream<W>, pace: Pace<W>, expectation: StreamExpectation, event_bytes: usize) -> Self {
        let splitter = Splitter::new(event_bytes);
        Self { body, splitter, chat: ChatStream::new(expectation), pace, out: Vec::new(), verdict: None }
    }

    /// Reads until something can be said: true once there is content. Then [`EventStream::take_output`] and [`EventStream::verdict`] tell more;
    /// after a verdict there is nothing left to read.
    pub(crate) fn poll(&mut self, world: &W, cx: &mut Context<'_>) -> Poll<bool> {
        while self.verdict.is_none() {
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(_))) if self.pace.request_is_over(world) => self.close(Fault::TimedOut(TimedOut::Request)),
                Poll::Ready(Some(Ok(frame))) => {
                    self.pace.moved();
                    let Ok(bytes) = frame.into_data() else { continue };
                    self.splitter.push(bytes);
                    let content = self.digest();
                    if content || !self.out.is_empty() || self.verdict.is_some() {
                        return Poll::Ready(content);
                    }
                }
                Poll::Ready(Some(Err(error))) => self.close(Fault::Transport(error)),
                Poll::Ready(None) => return Poll::Ready(self.ended()),
                Poll::Pending => match self.pace.poll(world, cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(which) => self.close(Fault::TimedOut(which)),
                },
            }
        }
        Poll::Ready(false)
    }

    /// From now on only the times between pieces count.
    pub(crate) const fn begun(&mut self) {
        self.pace.begun();
    }

    /// What is to go to the client now, as one piece.
    pub(crate) fn take_output(&mut self) -> Option<Bytes> {
        let bytes = match self.out.as_slice() {
            [] => return None,
            [only] => only.clone(),
            many => {
                let mut joined = BytesMut::with_capacity(many.iter().map(Bytes::len).sum());
                many.iter().for_each(|piece| joined.extend_from_slice(piece));
                joined.freeze()
            }
        };
        self.out.clear();
        Some(bytes)
    }

    /// Whether something is ready for the client.
    pub(crate) const fn has_output(&self) -> bool {
        !self.out.is_empty()
    }

    /// How it ended, once it has.
    pub(crate) const fn verdict(&self) -> Option<&Verdict> {
        self.verdict.as_ref()
    }

    /// Ends the stream here, unless it has ended already.
    pub(crate) fn interrupt(&mut self, code: ErrorCode) {
        if self.verdict.is_none() {
            self.verdict = Some(Verdict::Fault(Fault::Interrupted(code)));
        }
    }

    /// Usage reported so far.
    pub(crate) fn usage(&self) -> Option<Usage> {
        self.chat.usage()
    }

    /// Events that could not be read and were dropped.
    pub(crate) fn unreadable(&self) -> u32 {
        self.chat.unreadable_events()
    }

    /// After the last event: the body, so that it can be read to its end and its connection used again.
    pub(crate) fn into_body(self) -> Upstream<W> {
        self.body
    }

    /// Takes in all events that are complete; true where one of them held content.
    fn digest(&mut self) -> bool {
        let mut content = false;
        while self.verdict.is_none() {
            match self.splitter.next_event() {
                Ok(Some(event)) => content |= self.take(&event),
                Ok(None) => break,
                Err(_) => self.verdict = Some(Verdict::Fault(Fault::Invalid)),
            }
        }
        content
    }

    fn take(&mut self, event: &sse::Event) -> bool {
        let reading = self.chat.read(event);
        if reading.forward {
            self.out.push(event.raw.clone());
        }
        match reading.signal {
            Signal::Content => return true,
            Signal::Error(error) => self.verdict = Some(Verdict::Fault(Fault::Reported(error.body))),
            Signal::Unreadable { may_hold_content: true } => self.verdict = Some(Verdict::Fault(Fault::Invalid)),
            Signal::Done => self.close(Fault::Truncated),
            Signal::Quiet | Signal::Unreadable { may_hold_content: false } => {}
        }
        false
    }

    /// The upstream has ended: what lies half read may be a last event without its blank line.
    fn ended(&mut self) -> bool {
        let last = self.splitter.finish();
        // A field cut off before its value says nothing, and clients would read it as an event.
        let last = last.filter(|event| event.data.as_ref().is_some_and(|data| !data.trim_ascii().is_empty()));
        let content = last.is_some_and(|event| self.take(&event));
        if self.verdict.is_none() {
            self.close(Fault::Truncated);
        }
        content
    }

    /// Nothing more will be read: an answer whose choices are all finished is complete all the same.
    fn close(&mut self, otherwise: Fault) {
        self.verdict = Some(match self.chat.end() {
            StreamEnd::Complete => Verdict::Complete { supplied: false },
            StreamEnd::DoneMissing => {
                self.out.push(Bytes::from_static(sse::DONE));
                Verdict::Complete { supplied: true }
            }
            StreamEnd::Truncated => Verdict::Fault(otherwise),
        });
    }
}
