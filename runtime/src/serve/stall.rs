//! HTTP/2 clients that open a stream and then take none of it. Their socket is well, so that only the stream's own progress tells: a body that
//! has handed a piece over and is not asked for the next waits for its client.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// How many bodies there are before those that ended are looked for.
const FEW: usize = 64;

/// The answers of one connection.
#[derive(Debug)]
pub(super) struct Progress {
    begun: Instant,
    bodies: Mutex<Bodies>,
}

#[derive(Debug)]
struct Bodies {
    waiting: Vec<Weak<AtomicU64>>,
    many: usize,
}

pin_project_lite::pin_project! {
    /// An answer whose progress is seen.
    pub(super) struct Seen<B> {
        #[pin]
        body: B,
        progress: Arc<Progress>,
        // Since when its client has a piece of it, in milliseconds after `begun`, and one more; 0 while the answer itself is waited for.
        since: Arc<AtomicU64>,
    }
}

impl Progress {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { begun: Instant::now(), bodies: Mutex::new(Bodies { waiting: Vec::new(), many: FEW }) })
    }

    /// Watches one more answer.
    pub(super) fn see<B>(self: &Arc<Self>, body: B) -> Seen<B> {
        let since = Arc::<AtomicU64>::default();
        let mut bodies = self.bodies.lock().unwrap_or_else(PoisonError::into_inner);
        if bodies.waiting.len() >= bodies.many {
            bodies.waiting.retain(|body| body.strong_count() > 0);
            bodies.many = bodies.waiting.len().saturating_mul(2).max(FEW);
        }
        bodies.waiting.push(Arc::downgrade(&since));
        Seen { body, progress: Arc::clone(self), since }
    }

    /// Done once an answer has waited for its client for that long.
    pub(super) async fn stalled(&self, bound: Duration) {
        loop {
            tokio::time::sleep(bound / 2).await;
            let oldest = self.now().saturating_sub(u64::try_from(bound.as_millis()).unwrap_or(u64::MAX));
            let bodies = self.bodies.lock().unwrap_or_else(PoisonError::into_inner);
            let waits = |since: u64| since != 0 && since < oldest;
            if bodies.waiting.iter().filter_map(Weak::upgrade).any(|since| waits(since.load(Ordering::Relaxed))) {
                return;
            }
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
    }
}

impl<B: Body<Data = Bytes>> Body for Seen<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.project();
        let polled = this.body.poll_frame(cx);
        let since = if matches!(polled, Poll::Ready(Some(Ok(_)))) { this.progress.now() } else { 0 };
        this.since.store(since, Ordering::Relaxed);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
