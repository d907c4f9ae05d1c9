//! What is left of a request's body when its answer is there: a refusal seldom waits for the body.
//!
//! Left unread, HTTP/2 would reset the stream and HTTP/1.1 close the connection, and a client that is still sending takes either for a broken
//! connection (curl's error 92) and never shows the refusal.

use std::future::Future;
use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use bytes::Buf;
use http_body::Body;

use crate::tasks::Tasks;

/// Most bytes that are read only to be thrown away; a client that has more to send is cut off.
const MOST_BYTES: usize = 256 << 10;
/// Longest time for it.
const LONGEST: Duration = Duration::from_secs(5);

/// Takes what there is of the body; waits for more of it in a task of its own, so that the answer need not.
pub(super) fn take<B>(body: B, tasks: &Tasks)
where
    B: Body + Send + Unpin + 'static,
    B::Data: Send,
    B::Error: Send,
{
    if body.is_end_stream() {
        return;
    }
    let mut taking = Box::pin(discard(body));
    // Most often the rest is here already, and there is nothing to wait for. Whoever is not ready is woken by the task's own first poll.
    if taking.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop())).is_pending() {
        tasks.spawn(tokio::time::timeout(LONGEST, taking));
    }
}

async fn discard<B: Body + Unpin>(mut body: B) {
    let mut left = MOST_BYTES;
    while let Some(Ok(frame)) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let bytes = frame.data_ref().map_or(0, Buf::remaining);
        let Some(fewer) = left.checked_sub(bytes) else { return };
        left = fewer;
    }
}
