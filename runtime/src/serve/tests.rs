//! Real sockets on both sides. [`Fixture`] is the upstream of the transport's tests too.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod floods;
mod slow;

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use http::{StatusCode, Version};
use http_body::Frame;
use http_body_util::{BodyExt, Full};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Handle;

use super::*;
use crate::cut::Cut;
use crate::tasks::{Task, Tasks};

/// A server that answers by path.
pub(crate) struct Fixture {
    pub(crate) address: SocketAddr,
    pub(crate) counts: Arc<Counts>,
    pub(crate) tasks: Tasks,
    pub(crate) closing: Arc<Cut>,
    pub(crate) seen: Arc<Seen>,
    _accepting: Task,
}

#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) requests: AtomicUsize,
    /// Answers and streams that were dropped before their end.
    pub(crate) cancelled: AtomicUsize,
}

#[derive(Clone)]
pub(crate) struct ByPath {
    bounds: Bounds,
    seen: Arc<Seen>,
}

/// An answer's body: so many chunks, then the end, or nothing more for ever.
pub(crate) struct Chunks {
    left: usize,
    chunk: Bytes,
    endless: bool,
    seen: Option<Arc<Seen>>,
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.left == 0 {
            if self.endless {
                return Poll::Pending;
            }
            self.seen = None;
            return Poll::Ready(None);
        }
        self.left -= 1;
        Poll::Ready(Some(Ok(Frame::data(self.chunk.clone()))))
    }
}

impl Drop for Chunks {
    fn drop(&mut self) {
        if let Some(seen) = self.seen.take() {
            seen.cancelled.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// Counts a handler that was dropped before it answered.
struct HandlerDrop(Option<Arc<Seen>>);

impl HandlerDrop {
    fn answered(mut self) {
        self.0 = None;
    }
}

impl Drop for HandlerDrop {
    fn drop(&mut self) {
        if let Some(seen) = self.0.take() {
            seen.cancelled.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl Handler for ByPath {
    type Body = Chunks;

    fn bounds(&self) -> Bounds {
        self.bounds
    }

    async fn handle(&self, request: Request<&mut Incoming>, peer: Peer) -> Response<Chunks> {
        assert!(peer.address.is_loopback());
        self.seen.requests.fetch_add(1, Ordering::SeqCst);
        let path = request.uri().path().to_owned();
        let version = format!(
            "{:?} {}",
            request.version(),
            request.uri().host().map_or_else(
                || request.headers().get("host").map(|host| host.to_str().unwrap().to_owned()).unwrap_or_default(),
                str::to_owned,
            )
        );
        let held = HandlerDrop(Some(Arc::clone(&self.seen)));
        if path == "/never" {
            std::future::pending::<()>().await;
        }
        held.answered();
        if path == "/refused" {
            return Response::new(Chunks { left: 1, chunk: "refused".into(), endless: false, seen: None });
        }
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let chunks = |left, chunk: Bytes, endless| Chunks { left, chunk, endless, seen: Some(Arc::clone(&self.seen)) };
        Response::new(match path.as_str() {
            "/version" => chunks(1, version.into(), false),
            "/stream" => chunks(3, "chunk;".into(), false),
            "/endless" => chunks(1, "first".into(), true),
            "/huge" => chunks(usize::MAX, vec![b'x'; 64 * 1024].into(), false),
            _ => chunks(1, body, false),
        })
    }

    fn refusal(&self, code: ErrorCode) -> (StatusCode, String) {
        (StatusCode::SERVICE_UNAVAILABLE, code.as_str().to_owned())
    }
}

impl Fixture {
    pub(crate) fn start(bounds: Bounds, tls: Option<Arc<crate::tls::ServerTls>>) -> Self {
        let socket = bind("127.0.0.1:0".parse().unwrap(), Sharing::Alone).unwrap();
        let address = socket.local_addr().unwrap();
        let (counts, closing, seen) = (Arc::<Counts>::default(), Arc::<Cut>::default(), Arc::<Seen>::default());
        let tasks = Tasks::on(Handle::current());
        let listener = Listener {
            handler: ByPath { bounds, seen: Arc::clone(&seen) },
            tls,
            counts: Arc::clone(&counts),
            tasks: tasks.clone(),
            closing: Arc::clone(&closing),
        };
        let accepting = Task::spawn(async move { listener.accept(socket).await.unwrap() });
        Self { address, counts, tasks, closing, seen, _accepting: accepting }
    }

    /// Waits until `seen` is so; the condition is one that a drop on another task brings about.
    pub(crate) async fn until(&self, condition: impl Fn(&Seen) -> bool) {
        let waited = tokio::time::timeout(Duration::from_secs(5), async {
            while !condition(&self.seen) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        });
        waited.await.unwrap();
    }

    /// Writes those bytes and reads to the end.
    async fn raw(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    }
}

#[tokio::test]
async fn http1_and_http2_by_prior_knowledge_share_a_port() {
    let server = Fixture::start(Bounds::default(), None);
    let answer = server.raw("GET /version HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(answer.contains("HTTP/1.1 a"), "{answer}");

    let (mut sender, _driver) = http2(&server).await;
    let request = Request::get("http://b/version").body(Full::default()).unwrap();
    let answer = sender.send_request(request).await.unwrap();
    assert_eq!(answer.version(), Version::HTTP_2);
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "HTTP/2.0 b");
}

#[tokio::test]
async fn a_client_that_sends_its_head_too_slowly_is_let_go() {
    let bounds = Bounds { client_idle: Duration::from_millis(50), ..Bounds::default() };
    let server = Fixture::start(bounds, None);
    for begin in ["", "PRI * HT", "GET / HTTP/1.1\r\nhost"] {
        assert_eq!(server.raw(begin).await, "", "{begin}");
    }
    assert_eq!(server.counts.now().failed, 2);
}

#[tokio::test]
async fn heads_beyond_the_bounds_are_refused() {
    let server = Fixture::start(Bounds { head_bytes: 16 * 1024, ..Bounds::default() }, None);
    let long = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "y".repeat(20_000));
    assert!(server.raw(&long).await.starts_with("HTTP/1.1 431"));
    let many = format!("GET / HTTP/1.1\r\nhost: a\r\n{}\r\n", "x: y\r\n".repeat(101));
    assert!(server.raw(&many).await.starts_with("HTTP/1.1 431"));
    assert_eq!(server.seen.requests.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn more_connections_than_an_address_may_have_hear_why() {
    let server = Fixture::start(Bounds { per_address: 1, ..Bounds::default() }, None);
    let mut first = TcpStream::connect(server.address).await.unwrap();
    first.write_all(b"GET /endless HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    first.read_u8().await.unwrap();
    let mut second = TcpStream::connect(server.address).await.unwrap();
    let mut answer = String::new();
    second.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503") && answer.ends_with("too_many_connections"), "{answer}");
    assert_eq!(server.counts.now().refused, 1);
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_cut_off() {
    let server = Fixture::start(Bounds { write_stall: Duration::from_millis(50), ..Bounds::default() }, None);
    let mut client = TcpStream::connect(server.address).await.unwrap();
    client.write_all(b"GET /huge HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    server.until(|seen| seen.cancelled.load(Ordering::SeqCst) == 1).await;
    assert_eq!(server.counts.now().stalled, 1);
}

#[tokio::test]
async fn a_client_that_leaves_cancels_its_request_before_and_within_the_answer() {
    let server = Fixture::start(Bounds::default(), None);
    for (path, count) in [("/never", 1), ("/endless", 2)] {
        let mut client = TcpStream::connect(server.address).await.unwrap();
        client.write_all(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes()).await.unwrap();
        if path == "/endless" {
            client.read_u8().await.unwrap();
        }
        server.until(|seen| seen.requests.load(Ordering::SeqCst) == count).await;
        drop(client);
        server.until(|seen| seen.cancelled.load(Ordering::SeqCst) == count).await;
    }
}

/// A body of one piece that comes when it is sent.
struct Late(tokio::sync::oneshot::Receiver<Bytes>);

impl Body for Late {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.0.is_terminated() {
            return Poll::Ready(None);
        }
        Pin::new(&mut self.0).poll(cx).map(|piece| piece.ok().map(|piece| Ok(Frame::data(piece))))
    }
}

#[tokio::test]
async fn a_client_refused_before_it_sent_its_body_is_not_broken_off_over_http2() {
    let server = Fixture::start(Bounds::default(), None);
    let (mut sender, _driver) = http2(&server).await;
    let (send, body) = tokio::sync::oneshot::channel();
    let answer = sender.send_request(Request::post("http://a/refused").body(Late(body)).unwrap()).await.unwrap();
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "refused");
    // A second answer on the same connection comes after all that was said of the first stream.
    let empty = Late(tokio::sync::oneshot::channel().1);
    let after = sender.send_request(Request::get("http://a/version").body(empty).unwrap()).await.unwrap();
    drop(after.into_body().collect().await.unwrap());
    assert!(!send.is_closed(), "the stream was reset under the client that sends");
    assert!(send.send("the body".into()).is_ok());
}

#[tokio::test]
async fn a_client_refused_before_it_sent_its_body_keeps_its_http1_connection() {
    let server = Fixture::start(Bounds::default(), None);
    let mut client = TcpStream::connect(server.address).await.unwrap();
    for _ in 0..3 {
        client.write_all(b"POST /refused HTTP/1.1\r\nhost: a\r\ncontent-length: 8\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"refused\r\n0\r\n\r\n") {
            answer.push(client.read_u8().await.unwrap());
        }
        assert!(!String::from_utf8_lossy(&answer).contains("connection: close"));
        client.write_all(b"the body").await.unwrap();
    }
}

#[tokio::test]
async fn who_sends_without_end_after_a_refusal_is_cut_off_and_who_waits_to_be_asked_is_not_asked() {
    let server = Fixture::start(Bounds::default(), None);
    let mut client = TcpStream::connect(server.address).await.unwrap();
    client.write_all(b"POST /refused HTTP/1.1\r\nhost: a\r\ncontent-length: 999999999\r\n\r\n").await.unwrap();
    while client.write_all(&[b'x'; 4096]).await.is_ok() {}
    let expects = "POST /refused HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 8\r\n\r\n";
    let answer = server.raw(expects).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("refused"), "{answer}");
}

type Http2<B> = hyper::client::conn::http2::SendRequest<B>;

async fn http2<B>(server: &Fixture) -> (Http2<B>, Task)
where
    B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Unpin + Send + 'static,
{
    let stream = TcpStream::connect(server.address).await.unwrap();
    let io = hyper_util::rt::TokioIo::new(stream);
    let (sender, connection) = hyper::client::conn::http2::handshake(server.tasks.clone(), io).await.unwrap();
    (sender, Task::spawn(async move { drop(connection.await) }))
}

#[tokio::test]
async fn an_http2_client_that_takes_nothing_of_a_stream_is_cut_off_and_one_that_waits_is_not() {
    let server = Fixture::start(Bounds { write_stall: Duration::from_millis(400), ..Bounds::default() }, None);
    let (mut patient, _patient) = http2(&server).await;
    let waiting = patient.send_request(Request::get("http://a/endless").body(Full::default()).unwrap()).await.unwrap();
    let (mut greedy, _greedy) = http2(&server).await;
    let untaken = greedy.send_request(Request::get("http://a/huge").body(Full::default()).unwrap()).await.unwrap();
    server.until(|seen| seen.cancelled.load(Ordering::SeqCst) == 1).await;
    assert_eq!(server.counts.now().stalled, 1);
    assert!(untaken.into_body().collect().await.is_err());
    let mut body = waiting.into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "first");
    assert!(!patient.is_closed());
}

#[tokio::test]
async fn closing_does_not_wait_for_a_client_that_said_nothing() {
    let server = Fixture::start(Bounds::default(), None);
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    tokio::time::timeout(Duration::from_secs(5), async {
        while server.counts.now().open == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    server.closing.give();
    server.tasks.finished().await;
    assert_eq!(silent.read(&mut [0; 1]).await.unwrap(), 0);
}

#[tokio::test]
async fn closing_ends_idle_connections_and_waits_for_the_others() {
    let server = Fixture::start(Bounds::default(), None);
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    idle.write_all(b"GET /version HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut answer = vec![0; 4096];
    let read = idle.read(&mut answer).await.unwrap();
    assert!(String::from_utf8_lossy(&answer[..read]).starts_with("HTTP/1.1 200"));
    let mut busy = TcpStream::connect(server.address).await.unwrap();
    busy.write_all(b"GET /endless HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    busy.read_u8().await.unwrap();

    server.closing.give();
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.unwrap();
    let mut finished = Box::pin(server.tasks.finished());
    let now = std::future::poll_fn(|cx| Poll::Ready(finished.as_mut().poll(cx).is_ready())).await;
    assert!(!now);
    drop(busy);
    finished.await;
    assert!(TcpStream::connect(server.address).await.is_err());
}
