//! HTTP/2 frames as they come, counted before anything looks at them. Most that a client can flood with are allowed by the protocol and cost us more
//! than it: streams that are opened and reset (CVE-2023-44487), settings and pings that want an answer, windows, priorities and data of next to no
//! bytes (CVE-2019-9511 to 9518), heads that never end.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection::HTTP2_PREFACE;
use super::{Bounds, Counts};

/// The stretch over which frames are counted.
const STRETCH: Duration = Duration::from_secs(10);
/// A client may answer so many bytes of ours with a window update. Clients send one for each frame or for each few kilobytes.
const BYTES_AN_UPDATE: u64 = 64;
/// Data of fewer bytes, but for a stream's last, is more frame than data.
const TINY: usize = 64;

// RFC 9113, section 6.
const HEAD_BYTES: usize = 9;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 0x1;
const END_HEADERS: u8 = 0x4;

/// A connection whose frames are counted.
#[derive(Debug)]
pub(super) struct Framed<T> {
    io: T,
    frames: Frames,
    counts: Arc<Counts>,
}

/// What is known of a connection's frames outside of it: since when a head has been coming, in milliseconds after the beginning, and one more; 0 while
/// none is. The first frame counts as part of one.
#[derive(Debug)]
pub(super) struct Coming {
    begun: Instant,
    since: AtomicU64,
}

#[derive(Debug)]
struct Frames {
    coming: Arc<Coming>,
    /// Bytes of the preface or a payload that are still to come.
    skip: usize,
    head: [u8; HEAD_BYTES],
    have: usize,
    /// Whether a head is over with this payload.
    ends_head: bool,
    stretch: Instant,
    resets: u32,
    weightless: u32,
    written: u64,
    most_resets: u32,
    most_weightless: u32,
}

impl Coming {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { begun: Instant::now(), since: AtomicU64::new(1) })
    }

    /// Done once a head has been coming for that long.
    pub(super) async fn too_slowly(&self, bound: Duration) {
        let most = u64::try_from(bound.as_millis()).unwrap_or(u64::MAX);
        loop {
            tokio::time::sleep(bound / 2).await;
            let since = self.since.load(Ordering::Relaxed);
            if since != 0 && self.now().saturating_sub(since) > most {
                return;
            }
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
    }
}

impl<T> Framed<T> {
    pub(super) fn new(io: T, bounds: &Bounds, coming: Arc<Coming>, counts: Arc<Counts>) -> Self {
        Self { io, frames: Frames::new(bounds, coming), counts }
    }
}

impl Frames {
    fn new(bounds: &Bounds, coming: Arc<Coming>) -> Self {
        Self {
            stretch: coming.begun,
            coming,
            skip: HTTP2_PREFACE.len(),
            head: [0; HEAD_BYTES],
            have: 0,
            ends_head: false,
            resets: 0,
            weightless: 0,
            written: 0,
            most_resets: bounds.resets,
            most_weightless: bounds.weightless_frames,
        }
    }

    /// Takes in what came; false where it is too much.
    fn read(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            if self.skip > 0 {
                let (_, rest) = bytes.split_at(self.skip.min(bytes.len()));
                self.skip = self.skip.saturating_sub(bytes.len());
                bytes = rest;
                if self.skip == 0 {
                    self.payload_is_over();
                }
                continue;
            }
            let (taken, rest) = bytes.split_at(HEAD_BYTES.saturating_sub(self.have).min(bytes.len()));
            if let Some(room) = self.head.get_mut(self.have..self.have.saturating_add(taken.len())) {
                room.copy_from_slice(taken);
            }
            self.have = self.have.saturating_add(taken.len());
            bytes = rest;
            if self.have == HEAD_BYTES {
                self.have = 0;
                if !self.frame() {
                    return false;
                }
            }
        }
        true
    }

    /// A frame's head is there.
    fn frame(&mut self) -> bool {
        let [high, middle, low, kind, flags, ..] = self.head;
        self.skip = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        let heads = matches!(kind, HEADERS | CONTINUATION);
        if heads && self.coming.since.load(Ordering::Relaxed) == 0 {
            self.coming.since.store(self.coming.now(), Ordering::Relaxed);
        }
        self.ends_head = !heads || flags & END_HEADERS != 0;
        match kind {
            RST_STREAM => self.resets = self.resets.saturating_add(1),
            // What a request costs is bounded elsewhere.
            HEADERS => {}
            DATA if self.skip >= TINY || flags & END_STREAM != 0 => {}
            _ => self.weightless = self.weightless.saturating_add(1),
        }
        if self.skip == 0 {
            self.payload_is_over();
        }
        let updates = u32::try_from(self.written / BYTES_AN_UPDATE).unwrap_or(u32::MAX);
        let too_many = self.resets > self.most_resets || self.weightless > self.most_weightless.saturating_add(updates);
        if too_many && self.stretch.elapsed() > STRETCH {
            (self.resets, self.weightless, self.written) = (0, 0, 0);
            self.stretch = Instant::now();
            return true;
        }
        !too_many
    }

    fn payload_is_over(&mut self) {
        if std::mem::take(&mut self.ends_head) {
            self.coming.since.store(0, Ordering::Relaxed);
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Framed<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let this = &mut *self;
        let polled = Pin::new(&mut this.io).poll_read(cx, buf);
        let new = buf.filled().get(before..).unwrap_or_default();
        if this.frames.read(new) {
            return polled;
        }
        this.counts.flooded();
        Poll::Ready(Err(io::Error::other("the client floods with frames")))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Framed<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, buf);
        self.wrote(written)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bufs: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        self.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

impl<T> Framed<T> {
    fn wrote(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = &written {
            self.frames.written = self.frames.written.saturating_add(*bytes as u64);
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(resets: u32, weightless_frames: u32) -> Frames {
        Frames::new(&Bounds { resets, weightless_frames, ..Bounds::default() }, Coming::new())
    }

    fn frame(kind: u8, flags: u8, payload: usize) -> Vec<u8> {
        let length = u32::try_from(payload).unwrap_or_default().to_be_bytes();
        let mut bytes = vec![length[1], length[2], length[3], kind, flags, 0, 0, 0, 1];
        bytes.resize(HEAD_BYTES + payload, 0);
        bytes
    }

    /// How many of these frames are let through after the preface, cut into pieces of that size.
    fn let_through(mut frames: Frames, frame: &[u8], piece: usize) -> usize {
        let all = [HTTP2_PREFACE, &frame.repeat(50)].concat();
        let mut fed = 0;
        for piece in all.chunks(piece) {
            if !frames.read(piece) {
                break;
            }
            fed += piece.len();
        }
        fed.saturating_sub(HTTP2_PREFACE.len()) / frame.len()
    }

    #[test]
    fn floods_are_seen_however_their_bytes_are_cut() {
        for piece in [1, 2, 7] {
            assert_eq!(let_through(frames(10, 99), &frame(RST_STREAM, 0, 4), piece), 10);
            for (kind, flags, payload) in
                [(4, 0, 6), (6, 0, 8), (8, 0, 4), (2, 0, 5), (DATA, 0, 0), (DATA, 0, 63), (CONTINUATION, 0, 0), (77, 0, 3)]
            {
                assert!((19..=20).contains(&let_through(frames(99, 20), &frame(kind, flags, payload), piece)), "{kind} {piece}");
            }
            for (kind, flags, payload) in [(HEADERS, END_HEADERS, 5), (DATA, 0, 64), (DATA, END_STREAM, 0)] {
                assert_eq!(let_through(frames(0, 0), &frame(kind, flags, payload), piece), 50, "{kind}");
            }
        }
    }

    #[test]
    fn whoever_takes_much_may_update_its_windows_as_often() {
        let mut many = frames(0, 20);
        many.written = 30 * BYTES_AN_UPDATE;
        assert_eq!(let_through(many, &frame(8, 0, 4), 1_000), 50);
    }

    #[test]
    fn a_head_is_coming_until_the_last_byte_of_its_last_frame() {
        let mut frames = frames(0, 99);
        let coming = Arc::clone(&frames.coming);
        let is_coming = || coming.since.load(Ordering::Relaxed) != 0;
        assert!(is_coming() && frames.read(HTTP2_PREFACE) && is_coming());
        assert!(frames.read(&frame(4, 0, 0)) && !is_coming());
        assert!(frames.read(&frame(HEADERS, 0, 3)) && is_coming());
        let last = frame(CONTINUATION, END_HEADERS, 3);
        let begun = last.iter().take_while(|byte| frames.read(&[**byte]) && is_coming()).count();
        assert_eq!((begun, is_coming()), (last.len() - 1, false));
    }
}
