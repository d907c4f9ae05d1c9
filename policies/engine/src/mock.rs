//! The built-in stand-in: its answers come from the providers' room, its pauses from the world, and nothing leaves the process.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use aigw_core::{Moment, TransportError, World};
use aigw_providers::wire::mock::{MockAnswer, MockCall, MockEvent, MockSettings, answer};
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Response};
use http_body::{Body, Frame};

use crate::wait::Timer;

/// The body of the stand-in's answer: pieces, each after its pause.
pub(crate) struct MockBody<W: World> {
    world: W,
    pieces: VecDeque<MockEvent>,
    /// When the next piece is due, counted from the one before.
    due: Moment,
    timer: Timer<W>,
}

/// Answers a call. A whole answer's head waits as long as a real one's would.
pub(crate) async fn send<W: World>(world: &W, settings: &MockSettings, call: &MockCall<'_>) -> Response<MockBody<W>> {
    let now = world.now();
    let body = |pieces| MockBody { world: world.clone(), pieces, due: now, timer: Timer::new() };
    match answer(settings, call) {
        MockAnswer::Whole { status, after, body: bytes } => {
            // A timer that is due already may still wait for its clock's next tick.
            if after.as_millis() > 0 {
                world.sleep_until(now.after(after)).await;
            }
            let length = bytes.len();
            let piece = MockEvent { after: aigw_core::Millis::new(0), raw: bytes };
            let mut response = Response::new(body(VecDeque::from([piece])));
            *response.status_mut() = status;
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
            response
        }
        MockAnswer::Stream(events) => {
            let mut response = Response::new(body(events.into()));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
            response
        }
    }
}

/// Nothing in it is pinned in place.
impl<W: World> Unpin for MockBody<W> {}

impl<W: World> Body for MockBody<W> {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let this = &mut *self;
        let Some(piece) = this.pieces.front() else { return Poll::Ready(None) };
        let due = this.due.after(piece.after);
        if piece.after.as_millis() > 0 && this.timer.poll(&this.world, due, cx).is_pending() {
            return Poll::Pending;
        }
        this.due = due.max(this.world.now());
        Poll::Ready(this.pieces.pop_front().map(|piece| Ok(Frame::data(piece.raw))))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty()
    }
}
