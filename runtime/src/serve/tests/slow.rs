//! Clients that send or take a little now and then: each holds what it has for a bounded time only, and is counted. What is asserted is that they
//! are let go, not when.

use super::floods::{Raw, SETTINGS, WINDOW_UPDATE, frame};
use super::*;
use crate::serve::connection::HTTP2_PREFACE;

const SOON: Duration = Duration::from_millis(200);

/// Sends that byte by byte, for as long as somebody listens.
async fn dribble(stream: &mut TcpStream, bytes: &[u8]) {
    for byte in bytes.iter().cycle() {
        if stream.write_all(&[*byte]).await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn let_go(server: &Fixture, dribbling: impl Future<Output = ()>) {
    tokio::time::timeout(Duration::from_secs(20), dribbling).await.unwrap();
    let answer = server.raw("GET /version HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte() {
    let server = Fixture::start(Bounds { client_idle: SOON, ..Bounds::default() }, None);
    let mut client = TcpStream::connect(server.address).await.unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nx: ").await.unwrap();
    let_go(&server, dribble(&mut client, b"y")).await;
    assert_eq!(server.seen.requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_http2_head_that_comes_byte_by_byte() {
    let server = Fixture::start(Bounds { client_idle: SOON, ..Bounds::default() }, None);
    let mut raw = Raw::connect(&server, &[]).await;
    // A frame that announces a long head.
    raw.send(&[0, 0x3f, 0xff, 1, 0x1, 0, 0, 0, 1]).await;
    let_go(&server, dribble(&mut raw.stream, &[0x82])).await;
    assert_eq!((server.seen.requests.load(Ordering::SeqCst), server.counts.now().stalled), (1, 1));
}

#[tokio::test]
async fn an_http2_connection_that_says_nothing_after_its_preface() {
    let server = Fixture::start(Bounds { client_idle: SOON, ..Bounds::default() }, None);
    let mut client = TcpStream::connect(server.address).await.unwrap();
    client.write_all(HTTP2_PREFACE).await.unwrap();
    let mut answer = Vec::new();
    let_go(&server, async { drop(client.read_to_end(&mut answer).await) }).await;
}

#[tokio::test]
async fn an_http2_connection_that_nobody_uses_is_ended_in_order() {
    let server = Fixture::start(Bounds { client_idle: SOON, ..Bounds::default() }, None);
    let (mut sender, _driver) = http2(&server).await;
    let mut ask = async |path: &str| {
        let answer = sender.send_request(Request::get(format!("http://a{path}")).body(Full::default()).unwrap()).await.unwrap();
        answer.into_body()
    };
    // One that is used stays, however long its answer takes.
    let mut endless = ask("/endless").await;
    endless.frame().await.unwrap().unwrap();
    tokio::time::sleep(5 * SOON).await;
    assert_eq!(ask("/version").await.collect().await.unwrap().to_bytes(), "HTTP/2.0 a");
    drop(endless);
    tokio::time::timeout(Duration::from_secs(10), async {
        while !sender.is_closed() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .unwrap();
    let counts = server.counts.now();
    assert_eq!((counts.failed, counts.stalled, counts.flooded), (0, 0, 0));
}

#[tokio::test]
async fn a_reader_that_takes_a_little_now_and_then() {
    let server = Fixture::start(Bounds { write_stall: SOON, client_rate: 1 << 40, ..Bounds::default() }, None);
    let mut client = TcpStream::connect(server.address).await.unwrap();
    client.write_all(b"GET /huge HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let reading = async {
        let mut bytes = vec![0; 64 << 10];
        while !matches!(client.read(&mut bytes).await, Ok(0) | Err(_)) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let_go(&server, reading).await;
    assert_eq!((server.counts.now().stalled, server.seen.cancelled.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test]
async fn a_reader_that_waits_now_and_then_and_takes_much_is_kept() {
    let server = Fixture::start(Bounds { write_stall: SOON, client_rate: 1_000, ..Bounds::default() }, None);
    let mut client = TcpStream::connect(server.address).await.unwrap();
    client.write_all(b"GET /huge HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut bytes = vec![0; 1 << 20];
    for _ in 0..10 {
        tokio::time::sleep(SOON / 2).await;
        for _ in 0..20 {
            assert!(client.read(&mut bytes).await.unwrap() > 0);
        }
    }
    assert_eq!(server.counts.now().stalled, 0);
}

#[tokio::test]
async fn an_http2_client_that_opens_no_window_or_one_of_a_byte() {
    for (window, path) in [(0_u8, "/version"), (1, "/version"), (0, "/huge"), (1, "/stream")] {
        let server = Fixture::start(Bounds { write_stall: SOON, ..Bounds::default() }, None);
        let mut raw = Raw::connect(&server, &[0, 4, 0, 0, 0, window]).await;
        for _ in 0..100 {
            raw.get(path).await;
        }
        let_go(&server, raw.ended()).await;
        assert_eq!(server.counts.now().stalled, 1, "{window} {path}");
    }
}

#[tokio::test]
async fn an_http2_client_that_opens_its_window_byte_by_byte() {
    let server = Fixture::start(Bounds { write_stall: SOON, client_rate: 10_000, ..Bounds::default() }, None);
    let mut raw = Raw::connect(&server, &[0, 4, 0, 0, 0, 0]).await;
    let id = raw.get("/huge").await;
    assert_eq!(SETTINGS, 4);
    let update = frame(WINDOW_UPDATE, 0, id, &1_u32.to_be_bytes());
    let opening = async {
        while raw.send(&update).await {
            while raw.stream.try_read(&mut [0; 4_096]).is_ok_and(|read| read > 0) {}
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let_go(&server, opening).await;
    assert_eq!((server.counts.now().stalled, server.counts.now().flooded), (1, 0));
}
