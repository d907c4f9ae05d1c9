//! HTTP/2 clients that open streams and take next to nothing of them, and connections that nobody uses. Their sockets are well, so that only the
//! streams' own progress tells: every piece of an answer knows when its bytes have gone to the client, also after the answer's last piece was made.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};

use super::pace::Pace;

/// How many streams there are before those that ended are looked for.
const FEW: usize = 64;

/// The streams of one connection.
#[derive(Debug)]
pub(super) struct Progress {
    /// Least bytes a second that a client takes of all streams together.
    rate: u64,
    begun: Instant,
    live: AtomicU64,
    /// When the last stream ended, in milliseconds after `begun`.
    rests_since: AtomicU64,
    streams: Mutex<Streams>,
}

#[derive(Debug)]
struct Streams {
    all: Vec<Weak<Stream>>,
    many: usize,
}

/// One stream, from its request's head to its answer's last byte.
#[derive(Debug)]
pub(super) struct Stream {
    progress: Arc<Progress>,
    taking: Mutex<Taking>,
}

#[derive(Debug, Default)]
struct Taking {
    pace: Pace,
    /// Bytes that were made and not taken.
    waiting: usize,
}

pin_project_lite::pin_project! {
    /// An answer whose progress is seen.
    pub(super) struct Seen<B> {
        #[pin]
        body: B,
        stream: Arc<Stream>,
    }
}

/// A piece of an answer on its way to the client.
#[derive(Debug)]
pub(super) struct Piece {
    bytes: Bytes,
    stream: Arc<Stream>,
}

impl Progress {
    pub(super) fn new(rate: u64) -> Arc<Self> {
        let streams = Mutex::new(Streams { all: Vec::new(), many: FEW });
        Arc::new(Self { rate, begun: Instant::now(), live: AtomicU64::new(0), rests_since: AtomicU64::new(0), streams })
    }

    /// One more stream.
    pub(super) fn open(self: &Arc<Self>) -> Arc<Stream> {
        self.live.fetch_add(1, Ordering::Relaxed);
        let stream = Arc::new(Stream { progress: Arc::clone(self), taking: Mutex::default() });
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if streams.all.len() >= streams.many {
            streams.all.retain(|stream| stream.strong_count() > 0);
            streams.many = streams.all.len().saturating_mul(2).max(FEW);
        }
        streams.all.push(Arc::downgrade(&stream));
        stream
    }

    /// Done once a client is behind by that much with a stream.
    pub(super) async fn behind(&self, bound: Duration) {
        loop {
            tokio::time::sleep(bound / 2).await;
            let now = Instant::now();
            let streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
            let is_behind = |stream: Arc<Stream>| stream.lock().pace.due(bound).is_some_and(|due| due <= now);
            if streams.all.iter().filter_map(Weak::upgrade).any(is_behind) {
                return;
            }
        }
    }

    /// Done once there has been no stream for that long.
    pub(super) async fn unused(&self, bound: Duration) {
        let bound_ms = millis(bound);
        loop {
            let rests = self.now().saturating_sub(self.rests_since.load(Ordering::Relaxed));
            if self.live.load(Ordering::Relaxed) > 0 {
                tokio::time::sleep(bound).await;
            } else if rests < bound_ms {
                tokio::time::sleep(Duration::from_millis(bound_ms.saturating_sub(rests))).await;
            } else {
                return;
            }
        }
    }

    fn now(&self) -> u64 {
        millis(self.begun.elapsed())
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Stream {
    /// Watches the answer.
    pub(super) fn see<B>(self: Arc<Self>, body: B) -> Seen<B> {
        Seen { body, stream: self }
    }

    fn made(&self, bytes: usize) {
        let mut taking = self.lock();
        taking.waiting = taking.waiting.saturating_add(bytes);
        taking.pace.waits(Instant::now());
    }

    fn took(&self, bytes: usize) {
        // The streams of a connection share what comes through it.
        let shared = (bytes as u64).saturating_mul(self.progress.live.load(Ordering::Relaxed).max(1));
        let mut taking = self.lock();
        taking.waiting = taking.waiting.saturating_sub(bytes);
        taking.pace.took(shared, self.progress.rate, Instant::now());
        if taking.waiting == 0 {
            taking.pace.rests();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Taking> {
        self.taking.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.progress.rests_since.store(self.progress.now(), Ordering::Relaxed);
        self.progress.live.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<B: Body<Data = Bytes>> Body for Seen<B> {
    type Data = Piece;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Piece>, B::Error>>> {
        let this = self.project();
        let stream = this.stream;
        this.body.poll_frame(cx).map_ok(|frame| {
            frame.map_data(|bytes| {
                stream.made(bytes.len());
                Piece { bytes, stream: Arc::clone(stream) }
            })
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        self.stream.took(count);
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        if !self.bytes.is_empty() {
            self.stream.took(self.bytes.len());
        }
    }
}
