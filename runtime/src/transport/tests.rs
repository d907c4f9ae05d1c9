//! Against real sockets; the upstream is the gateway's own listener.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use aigw_core::{CallTimeouts, Millis, Name, TransportErrorKind};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::serve::Bounds;
use crate::serve::tests::Fixture;
use crate::settings::{CaSettings, Settings, TlsSettings};
use crate::tasks::Task;
use crate::tls::{Certificates, ServerTls};

const TIMES: CallTimeouts = CallTimeouts { connect: Millis::from_secs(5) };

fn request(path: &str, body: &str) -> Request<Bytes> {
    Request::post(path).body(Bytes::from(body.to_owned())).unwrap()
}

fn pool(address: SocketAddr) -> Arc<Pool> {
    let pools = Pools::new(Arc::new(ClientTls::new([]).unwrap()));
    pools.of(Shape::of(&format!("http://{address}"), None).unwrap()).unwrap()
}

async fn text(answer: Response<AnswerBody>) -> String {
    String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

/// A certificate for `localhost`, on disk, with its own authority.
pub(crate) struct Certificate {
    folder: tempfile::TempDir,
}

impl Certificate {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(folder.path().join("cert.pem"), made.cert.pem()).unwrap();
        std::fs::write(folder.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// These files as a listener's certificate, and as the CA `own`.
    pub(crate) fn certificates(&self) -> Certificates {
        let ca = CaSettings { file: self.path("cert.pem"), crl: None };
        Certificates::new(&Settings {
            tls: Some(TlsSettings { cert: self.path("cert.pem"), key: self.path("key.pem") }),
            cas: [("own".parse().unwrap(), ca)].into(),
            ..Settings::default()
        })
        .unwrap()
    }

    pub(crate) fn server(&self, alpn: &[&[u8]]) -> Arc<ServerTls> {
        let server = self.certificates().server().unwrap();
        server.speak(alpn.iter().map(|name| name.to_vec()).collect());
        server
    }

    fn pool(&self, port: u16) -> Arc<Pool> {
        let ca: Name = "own".parse().unwrap();
        Pools::new(self.certificates().upstream())
            .of(Shape::of(&format!("https://localhost:{port}"), Some(&ca)).unwrap())
            .unwrap()
    }
}

#[tokio::test]
async fn one_connection_serves_request_after_request() {
    let upstream = Fixture::start(Bounds::default(), None);
    let pool = pool(upstream.address);
    for body in ["one", "two", "three"] {
        assert_eq!(text(pool.send(request("/echo", body), TIMES).await.unwrap()).await, body);
    }
    assert_eq!(text(pool.send(request("/stream", ""), TIMES).await.unwrap()).await, "chunk;chunk;chunk;");
    assert_eq!(text(pool.send(request("/version", ""), TIMES).await.unwrap()).await, format!("HTTP/1.1 {}", upstream.address));
    assert_eq!((pool.opened(), pool.idle()), (1, 1));
}

#[tokio::test]
async fn a_body_read_to_its_last_byte_and_no_further_gives_its_connection_back() {
    let upstream = Fixture::start(Bounds::default(), None);
    let pool = pool(upstream.address);
    let mut body = pool.send(request("/echo", "whole"), TIMES).await.unwrap().into_body();
    while !body.is_end_stream() {
        let Some(frame) = body.frame().await else { break };
        frame.unwrap();
    }
    drop(body);
    assert_eq!(pool.idle(), 1);
}

#[tokio::test]
async fn requests_at_once_have_connections_of_their_own() {
    let upstream = Fixture::start(Bounds::default(), None);
    let pool = pool(upstream.address);
    let first = pool.send(request("/endless", ""), TIMES).await.unwrap();
    assert_eq!(text(pool.send(request("/echo", "x"), TIMES).await.unwrap()).await, "x");
    assert_eq!(pool.opened(), 2);
    drop(first);
    assert_eq!(pool.idle(), 1);
}

#[tokio::test]
async fn dropping_the_body_cancels_the_call() {
    let upstream = Fixture::start(Bounds::default(), None);
    let mut body = pool(upstream.address).send(request("/endless", ""), TIMES).await.unwrap().into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "first");
    drop(body);
    upstream.until(|seen| seen.cancelled.load(Ordering::SeqCst) == 1).await;
}

#[tokio::test]
async fn a_pooled_connection_that_was_closed_is_replaced() {
    let upstream = Fixture::start(Bounds { client_idle: Duration::from_millis(300), ..Bounds::default() }, None);
    let pool = pool(upstream.address);
    assert_eq!(text(pool.send(request("/echo", "a"), TIMES).await.unwrap()).await, "a");
    upstream.tasks.finished().await;
    assert_eq!(text(pool.send(request("/echo", "b"), TIMES).await.unwrap()).await, "b");
    assert_eq!(pool.opened(), 2);
}

#[tokio::test]
async fn sweeping_lets_closed_connections_go() {
    let upstream = Fixture::start(Bounds { client_idle: Duration::from_millis(300), ..Bounds::default() }, None);
    let pool = pool(upstream.address);
    text(pool.send(request("/echo", "a"), TIMES).await.unwrap()).await;
    assert_eq!(pool.idle(), 1);
    upstream.tasks.finished().await;
    tokio::task::yield_now().await;
    pool.sweep();
    assert_eq!(pool.idle(), 0);
}

#[tokio::test]
async fn http2_is_spoken_where_both_sides_want_it_and_shares_one_connection() {
    let certificate = Certificate::new();
    let upstream = Fixture::start(Bounds::default(), Some(certificate.server(&[b"h2", b"http/1.1"])));
    let pool = certificate.pool(upstream.address.port());
    let (a, b) = tokio::join!(pool.send(request("/version", ""), TIMES), pool.send(request("/endless", ""), TIMES));
    assert_eq!(text(a.unwrap()).await, "HTTP/2.0 localhost");
    assert_eq!(pool.opened(), 1);
    drop(b.unwrap());
    upstream.until(|seen| seen.cancelled.load(Ordering::SeqCst) == 1).await;
    assert_eq!(text(pool.send(request("/echo", "still"), TIMES).await.unwrap()).await, "still");
    assert_eq!(pool.opened(), 1);
}

#[tokio::test]
async fn http1_within_tls_is_pooled_as_well() {
    let certificate = Certificate::new();
    let upstream = Fixture::start(Bounds::default(), Some(certificate.server(&[b"http/1.1"])));
    let pool = certificate.pool(upstream.address.port());
    for _ in 0..3 {
        let answer = text(pool.send(request("/version", ""), TIMES).await.unwrap()).await;
        assert_eq!(answer, format!("HTTP/1.1 localhost:{}", upstream.address.port()));
    }
    assert_eq!(pool.opened(), 1);
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_a_failed_connect() {
    let upstream = Fixture::start(Bounds::default(), Some(Certificate::new().server(&[b"h2"])));
    let fault = Certificate::new().pool(upstream.address.port()).send(request("/", ""), TIMES).await.unwrap_err();
    assert_eq!(fault.kind, TransportErrorKind::Connect);
    assert_eq!(upstream.seen.requests.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_authority_that_the_host_does_not_name_is_refused() {
    let pools = Pools::new(Arc::new(ClientTls::new([]).unwrap()));
    let ca: Name = "corporate".parse().unwrap();
    let fault = pools.of(Shape::of("https://localhost", Some(&ca)).unwrap()).unwrap_err();
    assert_eq!(fault.to_string(), "the host names no CA `corporate`");
}

#[tokio::test]
async fn generations_share_the_pool_of_a_shape_while_one_of_them_lives() {
    let pools = Pools::new(Arc::new(ClientTls::new([]).unwrap()));
    let shape = || Shape::of("http://127.0.0.1:9", None).unwrap();
    let first = pools.of(shape()).unwrap();
    assert!(Arc::ptr_eq(&first, &pools.of(shape()).unwrap()));
    drop(first);
    assert_eq!(pools.counts().pools, 0);
}

#[tokio::test]
async fn nobody_there_is_a_failed_connect() {
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let fault = pool(address).send(request("/", ""), TIMES).await.unwrap_err();
    assert_eq!(fault.kind, TransportErrorKind::Connect);
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_a_connect_timeout() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let pool = Certificate::new().pool(silent.local_addr().unwrap().port());
    let times = CallTimeouts { connect: Millis::new(50) };
    let fault = pool.send(request("/", ""), times).await.unwrap_err();
    assert_eq!(fault.kind, TransportErrorKind::ConnectTimeout);
}

/// What an upstream that answers with those bytes and hangs up makes of a call: the fault of the head, or of the body.
async fn answered_with(bytes: &'static [u8]) -> TransportErrorKind {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let _upstream = Task::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = [0; 1024];
        let _ = stream.read(&mut head).await.unwrap();
        stream.write_all(bytes).await.unwrap();
    });
    match pool(address).send(request("/", ""), TIMES).await {
        Err(fault) => fault.kind,
        Ok(answer) => answer.into_body().collect().await.unwrap_err().kind,
    }
}

#[tokio::test]
async fn faults_are_told_apart_by_where_they_happen() {
    for (bytes, kind) in [
        (&b""[..], TransportErrorKind::Reset),
        (b"HTTP/1.1 200", TransportErrorKind::Reset),
        (b"what?\r\n\r\n", TransportErrorKind::Protocol),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", TransportErrorKind::Truncated),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n", TransportErrorKind::Truncated),
    ] {
        assert_eq!(answered_with(bytes).await, kind, "{}", String::from_utf8_lossy(bytes));
    }
}

#[tokio::test]
async fn an_answer_whose_head_exceeds_the_bound_is_refused() {
    let head: &'static [u8] =
        Box::leak(format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(200_000)).into_bytes().into_boxed_slice());
    assert_eq!(answered_with(head).await, TransportErrorKind::Protocol);
}
