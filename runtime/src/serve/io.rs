//! A client's bytes, with a bound on how slowly it may take ours.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use super::pace::Pace;
use super::{Bounds, Counts};

/// The connection. What was read to find out its protocol is read again.
#[derive(Debug)]
pub(crate) struct Guarded<T> {
    io: T,
    read_before: Bytes,
    /// How far it may be behind, and the rate at which it catches up.
    stall: Duration,
    rate: u64,
    pace: Pace,
    /// What was written since everything had last gone out: TLS takes all at once and has it wait within.
    unflushed: u64,
    /// Runs while a write waits for the client; most connections never have one.
    timer: Option<Pin<Box<Sleep>>>,
    counts: Arc<Counts>,
}

impl<T> Guarded<T> {
    pub(crate) fn new(io: T, read_before: Bytes, bounds: &Bounds, counts: Arc<Counts>) -> Self {
        let (stall, rate) = (bounds.write_stall, bounds.client_rate);
        Self { io, read_before, stall, rate, pace: Pace::default(), unflushed: 0, timer: None, counts }
    }

    fn wrote(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        let Poll::Ready(Ok(bytes)) = written else { return self.watch(cx, written) };
        self.unflushed = self.unflushed.saturating_add(bytes as u64);
        self.took(bytes as u64);
        Poll::Ready(Ok(bytes))
    }

    fn flushed(&mut self, cx: &mut Context<'_>, flushed: Poll<io::Result<()>>) -> Poll<io::Result<()>> {
        if flushed.is_pending() {
            return self.watch(cx, flushed);
        }
        let bytes = std::mem::take(&mut self.unflushed);
        self.took(bytes);
        flushed
    }

    /// Most writes wait for nobody, and nobody looks at the clock for them.
    fn took(&mut self, bytes: u64) {
        if self.timer.take().is_some() {
            self.pace.took(bytes, self.rate, Instant::now());
            self.pace.rests();
        }
    }

    fn watch<R>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<R>>) -> Poll<io::Result<R>> {
        if written.is_ready() {
            return written;
        }
        let (pace, stall) = (&mut self.pace, self.stall);
        let timer = self.timer.get_or_insert_with(|| {
            let now = Instant::now();
            pace.waits(now);
            Box::pin(tokio::time::sleep_until(pace.due(stall).unwrap_or(now).into()))
        });
        match timer.as_mut().poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => {
                self.counts.stalled();
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes too little")))
            }
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Guarded<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.read_before.is_empty() {
            return Pin::new(&mut self.io).poll_read(cx, buf);
        }
        let take = self.read_before.len().min(buf.remaining());
        if let Some(part) = self.read_before.get(..take) {
            buf.put_slice(part);
        }
        self.read_before.advance(take);
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Guarded<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, buf);
        self.wrote(cx, written)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bufs: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        self.wrote(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.io).poll_flush(cx);
        self.flushed(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.io).poll_shutdown(cx);
        self.watch(cx, shut)
    }
}
