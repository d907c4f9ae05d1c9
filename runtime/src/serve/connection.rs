//! One connection from a client, from its first byte to its last.

use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use aigw_core::Peer;
use bytes::Bytes;
use http::header::{CONNECTION, EXPECT};
use http::{HeaderValue, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::counts::Place;
use super::frames::{Coming, Framed};
use super::head_timer::HeadTimer;
use super::io::Guarded;
use super::stall::Progress;
use super::{Bounds, Counts, Handler, rest};
use crate::cut::{Cut, CutWaiter};
use crate::tasks::Tasks;
use crate::tls::{ServerTls, Shown};

/// How every HTTP/2 connection begins (RFC 9113, section 3.4).
pub(super) const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Requests at once in one HTTP/2 connection.
const MAX_STREAMS: u32 = 256;
/// What one HTTP/2 stream, and one connection, may send before the engine reads it.
const STREAM_WINDOW_BYTES: u32 = 256 << 10;
const CONNECTION_WINDOW_BYTES: u32 = 1 << 20;
/// What one HTTP/2 stream may have waiting for its client.
const SEND_BUFFER_BYTES: usize = 128 << 10;
/// Streams that a client may open and reset before they were looked at: one that floods so is cut off (CVE-2023-44487).
const MAX_PENDING_RESETS: usize = 32;
/// Streams that we reset for a client's faults before it is cut off.
const MAX_FAULT_RESETS: usize = 128;
/// A silent HTTP/2 client is asked for a sign of life this often, and given up after as long again.
const PING_EVERY: Duration = Duration::from_secs(30);
/// Least read buffer that HTTP/1.1 works with.
const MIN_BUFFER_BYTES: usize = 16 * 1024;
/// What hyper keeps on the stack; more headers cost an allocation a request.
const STACK_HEADERS: usize = 100;

/// An accepted client.
pub(super) struct Client<H> {
    pub(super) address: IpAddr,
    pub(super) bounds: Bounds,
    pub(super) place: Place,
    pub(super) handler: H,
    pub(super) counts: Arc<Counts>,
    pub(super) tasks: Tasks,
    pub(super) closing: CutWaiter,
}

/// Who is at the other end.
#[derive(Clone)]
struct Caller {
    address: IpAddr,
    shown: Option<Arc<Shown>>,
    /// Given when other certificates are asked for than this client was asked for: it shall connect again.
    asked_anew: Arc<Cut>,
}

impl Caller {
    /// What is true of it when a request begins.
    fn now(&self) -> Peer {
        Peer { address: self.address, certificate: self.shown.as_ref().map(|shown| shown.now()) }
    }
}

/// Serves it to its end.
pub(super) async fn serve<H: Handler>(mut client: Client<H>, stream: TcpStream, tls: Option<Arc<ServerTls>>) {
    let ended = match tls {
        Some(tls) => {
            let live = tls.now();
            let accepting = TlsAcceptor::from(Arc::clone(&live.config)).accept(stream);
            let Some(stream) = client.begin(accepting).await else { return };
            let session = stream.get_ref().1;
            let http2 = session.alpn_protocol() == Some(b"h2");
            let shown = session.peer_certificates().map(|chain| Shown::new(&tls, chain));
            if matches!(shown, Some(None)) {
                // What it has shown cannot be read.
                client.counts.failed();
                return;
            }
            let (shown, asked_anew) = (shown.flatten().map(Arc::new), Arc::clone(&live.asked_anew));
            let caller = Caller { address: client.address, shown, asked_anew };
            client.speak(stream, Bytes::new(), http2, caller).await
        }
        None => match client.begin(first_bytes(stream)).await {
            Some((stream, first, http2)) => {
                let caller = Caller { address: client.address, shown: None, asked_anew: Arc::default() };
                client.speak(stream, first, http2, caller).await
            }
            None => return,
        },
    };
    if let Err(fault) = ended {
        tracing::debug!(error = %fault, "a client's connection ended");
    }
}

/// Reads just enough to tell HTTP/2 from HTTP/1.1.
async fn first_bytes(mut stream: TcpStream) -> std::io::Result<(TcpStream, Bytes, bool)> {
    let mut first = Vec::with_capacity(HTTP2_PREFACE.len());
    loop {
        let read = (&mut stream).take((HTTP2_PREFACE.len() - first.len()) as u64).read_buf(&mut first).await?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if !HTTP2_PREFACE.starts_with(&first) {
            return Ok((stream, first.into(), false));
        }
        if first.len() == HTTP2_PREFACE.len() {
            return Ok((stream, first.into(), true));
        }
    }
}

impl<H: Handler> Client<H> {
    /// What comes before the first request. `None` where it fails, takes too long, or the listener closes: nobody is waiting for an answer yet.
    async fn begin<T>(&mut self, first: impl Future<Output = std::io::Result<T>>) -> Option<T> {
        let begun = tokio::select! {
            biased;
            () = &mut self.closing => return None,
            begun = tokio::time::timeout(self.bounds.client_idle, first) => begun,
        };
        if let Ok(Ok(begun)) = begun {
            return Some(begun);
        }
        self.counts.failed();
        None
    }

    /// Serves requests. A client that shall connect again is told so as its protocol can without losing a request: HTTP/1.1 with the next answer.
    async fn speak<T>(self, stream: T, first: Bytes, is_http2: bool, caller: Caller) -> hyper::Result<()>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { address: _, bounds, place: _place, handler, counts, tasks, closing } = self;
        let io = Guarded::new(stream, first, &bounds, Arc::clone(&counts));
        if !is_http2 {
            let service = service_fn(move |request: Request<Incoming>| {
                let (handler, tasks, caller) = (handler.clone(), tasks.clone(), caller.clone());
                async move {
                    let mut answer = answer(&handler, request, caller.now(), &tasks).await;
                    if caller.asked_anew.given() {
                        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                    }
                    Ok::<_, Infallible>(answer)
                }
            });
            let connection = pin!(http1_builder(&bounds).serve_connection(TokioIo::new(io), service));
            return until_closing(connection, closing, http1::Connection::graceful_shutdown).await;
        }
        let asked_anew = caller.asked_anew.waiter();
        let closing = async move {
            tokio::select! { () = closing => {}, () = asked_anew => {} }
        };
        speak_http2(io, Speaking { bounds, handler, counts, tasks, caller }, closing).await
    }
}

/// What a connection's requests are answered with.
struct Speaking<H> {
    bounds: Bounds,
    handler: H,
    counts: Arc<Counts>,
    tasks: Tasks,
    caller: Caller,
}

/// Serves requests until the client leaves, is let go, or leaves the connection unused.
async fn speak_http2<H: Handler, T>(io: Guarded<T>, with: Speaking<H>, closing: impl Future<Output = ()>) -> hyper::Result<()>
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Speaking { bounds, handler, counts, tasks, caller } = with;
    let (progress, coming) = (Progress::new(bounds.client_rate), Coming::new());
    let (answers, rests) = (Arc::clone(&progress), tasks.clone());
    let service = service_fn(move |request: Request<Incoming>| {
        let (handler, stream, tasks, peer) = (handler.clone(), answers.open(), rests.clone(), caller.now());
        async move { Ok::<_, Infallible>(answer(&handler, request, peer, &tasks).await.map(|body| stream.see(body))) }
    });
    let io = Framed::new(io, &bounds, Arc::clone(&coming), Arc::clone(&counts));
    let connection = pin!(http2_builder(tasks, &bounds).serve_connection(TokioIo::new(io), service));
    let no_more = async {
        tokio::select! { () = closing => {}, () = progress.unused(bounds.client_idle) => {} }
    };
    let ended = tokio::select! {
        ended = until_closing(connection, no_more, http2::Connection::graceful_shutdown) => Some(ended),
        () = progress.behind(bounds.write_stall) => None,
        () = coming.too_slowly(bounds.client_idle) => None,
    };
    match &ended {
        None => counts.stalled(),
        Some(Err(fault)) if is_flood(fault) => counts.flooded(),
        Some(_) => {}
    }
    ended.unwrap_or(Ok(()))
}

/// Whether the connection's own bounds ended it: on resets, on frames of one head, and on data of next to no bytes.
fn is_flood(fault: &hyper::Error) -> bool {
    let fault = std::error::Error::source(fault).and_then(|fault| fault.downcast_ref::<h2::Error>());
    fault.is_some_and(|fault| fault.is_library() && fault.reason() == Some(h2::Reason::ENHANCE_YOUR_CALM))
}

/// Answers one request, and does not leave its body half read.
async fn answer<H: Handler>(handler: &H, request: Request<Incoming>, peer: Peer, tasks: &Tasks) -> Response<H::Body> {
    let (parts, mut body) = request.into_parts();
    // Who waits to be asked for the body (RFC 9110, section 10.1.1) has sent nothing that would have to be read.
    let waits = parts.headers.contains_key(EXPECT);
    let answer = handler.handle(Request::from_parts(parts, &mut body), peer).await;
    if !waits {
        rest::take(body, tasks);
    }
    answer
}

/// Runs a connection; when the listener closes, it ends after what is in flight.
async fn until_closing<C: Future<Output = hyper::Result<()>>>(
    mut connection: Pin<&mut C>,
    closing: impl Future<Output = ()>,
    end: impl FnOnce(Pin<&mut C>),
) -> hyper::Result<()> {
    tokio::select! {
        biased;
        ended = connection.as_mut() => return ended,
        () = closing => end(connection.as_mut()),
    }
    connection.await
}

fn http1_builder(bounds: &Bounds) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(HeadTimer::default())
        .header_read_timeout(bounds.client_idle)
        .max_buf_size(bounds.head_bytes.max(MIN_BUFFER_BYTES));
    if bounds.headers > STACK_HEADERS {
        builder.max_headers(bounds.headers);
    }
    builder
}

fn http2_builder(tasks: Tasks, bounds: &Bounds) -> http2::Builder<Tasks> {
    let mut builder = http2::Builder::new(tasks);
    builder
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_EVERY)
        .max_concurrent_streams(MAX_STREAMS)
        .max_pending_accept_reset_streams(MAX_PENDING_RESETS)
        .max_local_error_reset_streams(MAX_FAULT_RESETS)
        .max_header_list_size(u32::try_from(bounds.head_bytes).unwrap_or(u32::MAX))
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_send_buf_size(SEND_BUFFER_BYTES);
    builder
}
