//! HTTP/2 as an attacker writes it, frame by frame: each flood ends with its connection, is counted, and keeps nobody else waiting.

use super::*;
use crate::serve::connection::HTTP2_PREFACE;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
const PING: u8 = 6;
pub(super) const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 0x1;
const END_HEADERS: u8 = 0x4;

/// A connection that writes what it likes.
pub(super) struct Raw {
    pub(super) stream: TcpStream,
    next: u32,
}

pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Headers of a request without a body, in HPACK's plainest form (RFC 7541, section 6): what is in its table by index, the rest as it is.
fn block(path: &str) -> Vec<u8> {
    [&[0x82, 0x86, 0x01, 1, b'a', 0x04, u8::try_from(path.len()).unwrap()], path.as_bytes()].concat()
}

impl Raw {
    /// A connection with these settings.
    pub(super) async fn connect(server: &Fixture, settings: &[u8]) -> Self {
        let mut raw = Self { stream: TcpStream::connect(server.address).await.unwrap(), next: 1 };
        raw.send(&[HTTP2_PREFACE, &frame(SETTINGS, 0, 0, settings)].concat()).await;
        raw
    }

    /// False once the other side has ended it.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok()
    }

    pub(super) async fn get(&mut self, path: &str) -> u32 {
        let (bytes, id) = self.request(path);
        self.send(&bytes).await;
        id
    }

    pub(super) fn request(&mut self, path: &str) -> (Vec<u8>, u32) {
        let id = self.next;
        self.next += 2;
        (frame(HEADERS, END_STREAM | END_HEADERS, id, &block(path)), id)
    }

    /// Reads to the end.
    pub(super) async fn ended(mut self) {
        let mut bytes = [0; 16_384];
        let read = async { while !matches!(self.stream.read(&mut bytes).await, Ok(0) | Err(_)) {} };
        tokio::time::timeout(Duration::from_secs(10), read).await.unwrap();
    }
}

/// Sends `flood` again and again until the connection is ended, with a client beside it that is served all the time. Gives the bytes that went out.
async fn flood(server: &Fixture, mut raw: Raw, mut flood: impl FnMut(&mut Raw) -> Vec<u8>) -> usize {
    let flooding = async {
        let mut sent = 0;
        loop {
            let bytes = flood(&mut raw);
            // What it would read is thrown away, so that nothing waits for it.
            while raw.stream.try_read(&mut [0; 4_096]).is_ok_and(|read| read > 0) {}
            if !raw.send(&bytes).await {
                return sent;
            }
            sent += bytes.len();
            tokio::task::yield_now().await;
        }
    };
    let beside = async {
        loop {
            let answer = server.raw("GET /version HTTP/1.1\r\nhost: b\r\nconnection: close\r\n\r\n").await;
            assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("HTTP/1.1 b"), "{answer}");
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(20), async {
        tokio::select! { sent = flooding => sent, () = beside => 0 }
    });
    let sent = ended.await.unwrap();
    let counts = server.counts.now();
    assert_eq!((counts.flooded, counts.stalled), (1, 0), "{sent}");
    let answer = server.raw("GET /version HTTP/1.1\r\nhost: b\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    sent
}

fn bounded() -> Fixture {
    Fixture::start(Bounds { resets: 100, weightless_frames: 500, ..Bounds::default() }, None)
}

#[tokio::test]
async fn streams_that_are_opened_and_reset_at_once_end_the_connection() {
    let server = bounded();
    let raw = Raw::connect(&server, &[]).await;
    flood(&server, raw, |raw| {
        let (request, id) = raw.request("/never");
        [request, frame(RST_STREAM, 0, id, &8_u32.to_be_bytes())].concat()
    })
    .await;
    // Hardly any was begun, and none goes on.
    server.until(|seen| seen.requests.load(Ordering::SeqCst) <= 200 + seen.cancelled.load(Ordering::SeqCst)).await;
}

#[tokio::test]
async fn streams_that_are_reset_only_once_they_are_at_work_end_the_connection_too() {
    let server = bounded();
    let mut raw = Raw::connect(&server, &[]).await;
    let mut reset = 0;
    while server.counts.now().flooded == 0 {
        let id = raw.get("/never").await;
        server.until(|seen| seen.requests.load(Ordering::SeqCst) > reset || server.counts.now().flooded > 0).await;
        raw.send(&frame(RST_STREAM, 0, id, &8_u32.to_be_bytes())).await;
        reset += 1;
        server.until(|seen| seen.cancelled.load(Ordering::SeqCst) >= reset || server.counts.now().flooded > 0).await;
    }
    assert!((100..=103).contains(&reset), "{reset}");
    raw.ended().await;
    server.until(|seen| seen.cancelled.load(Ordering::SeqCst) == seen.requests.load(Ordering::SeqCst)).await;
}

#[tokio::test]
async fn a_head_without_end_ends_the_connection() {
    let header = [&[0, 1, b'x', 0x7f, 0xe9, 0x06][..], &[b'y'; 1_000]].concat();
    for piece in [&b""[..], &[0, 1, b'x', 1, b'y'], &header] {
        let server = bounded();
        let mut raw = Raw::connect(&server, &[]).await;
        raw.send(&frame(HEADERS, END_STREAM, 1, &block("/version"))).await;
        let more = frame(CONTINUATION, 0, 1, piece);
        let sent = flood(&server, raw, |_| more.clone()).await;
        assert!(sent < 8 << 20, "{} {sent}", piece.len());
    }
}

#[tokio::test]
async fn frames_that_carry_nothing_end_the_connection() {
    for (name, flood_frame) in [
        ("settings", frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 255, 255])),
        ("ping", frame(PING, 0, 0, b"whatever")),
        ("priority", frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 16])),
        ("window", frame(WINDOW_UPDATE, 0, 0, &1_u32.to_be_bytes())),
        ("unknown", frame(0x77, 0, 0, b"")),
    ] {
        let server = bounded();
        let raw = Raw::connect(&server, &[]).await;
        let sent = flood(&server, raw, |_| flood_frame.repeat(10)).await;
        assert!(sent < 8 << 20, "{name}: {sent}");
    }
}

#[tokio::test]
async fn data_of_next_to_no_bytes_ends_the_connection() {
    for payload in [&b""[..], b"x"] {
        let server = bounded();
        let mut raw = Raw::connect(&server, &[]).await;
        raw.send(&frame(HEADERS, END_HEADERS, 1, &block("/never"))).await;
        let data = frame(DATA, 0, 1, payload);
        let sent = flood(&server, raw, |_| data.repeat(10)).await;
        assert!(sent < 8 << 20, "{sent}");
    }
}

#[tokio::test]
async fn whoever_uses_its_connection_much_and_well_keeps_it() {
    let server = Fixture::start(Bounds { resets: 0, weightless_frames: 20, ..Bounds::default() }, None);
    let (mut sender, _driver) = http2(&server).await;
    for _ in 0..300 {
        let answer = sender.send_request(Request::get("http://a/stream").body(Full::default()).unwrap()).await.unwrap();
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "chunk;chunk;chunk;");
    }
    assert_eq!(server.counts.now().flooded, 0);
}
