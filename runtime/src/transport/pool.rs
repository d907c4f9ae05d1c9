//! The connections to one place: idle HTTP/1.1 connections, last used first, or a few shared HTTP/2 ones.

use std::future::poll_fn;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use aigw_core::{CallTimeouts, TransportError, TransportErrorKind};
use bytes::Bytes;
use http::header::HOST;
use http::uri::{Authority, Parts, PathAndQuery, Scheme};
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::Full;

use super::body::AnswerBody;
use super::connect::connect;
use super::error::error;
use super::http1::{Failure, Http1};
use super::http2::Http2;
use super::{LiveConfig, Shape, ShapeError};

/// Idle connections kept to one place: a burst's worth for one machine, and few enough for a provider's own limits.
const MAX_IDLE: usize = 512;
/// How long an idle connection is kept: shorter than the minute after which balancers commonly forget one.
const MAX_IDLE_AGE: Duration = Duration::from_secs(55);
/// Shared HTTP/2 connections to one place.
const MAX_HTTP2: usize = 8;
/// Requests in the least loaded HTTP/2 connection from which on another is opened: what servers commonly allow at once.
const FULL_HTTP2: u32 = 96;

/// Connections of one [`Shape`]. What nobody uses any more closes with it.
#[derive(Debug)]
pub(crate) struct Pool {
    shape: Shape,
    host: HeaderValue,
    authority: Authority,
    tls: Option<LiveConfig>,
    idle: Mutex<Vec<Idle>>,
    shared: Mutex<Vec<Arc<Http2>>>,
    /// Whether the place speaks HTTP/2; known after the first handshake.
    http2: OnceLock<bool>,
    /// Held while connecting where one HTTP/2 connection may serve all who wait.
    connecting: tokio::sync::Mutex<()>,
    opened: AtomicU64,
}

#[derive(Debug)]
struct Idle {
    connection: Http1,
    since: Instant,
}

/// What a request may be sent on.
enum Ready {
    Own(Http1),
    Shared(Arc<Http2>),
}

impl Pool {
    pub(crate) fn new(shape: Shape, tls: Option<LiveConfig>) -> Result<Self, ShapeError> {
        let authority = shape.authority()?;
        let host = HeaderValue::from_str(authority.as_str()).map_err(|_| ShapeError)?;
        let http2 = OnceLock::new();
        if tls.is_none() {
            http2.get_or_init(|| false);
        }
        Ok(Self {
            shape,
            host,
            authority,
            tls,
            idle: Mutex::default(),
            shared: Mutex::default(),
            http2,
            connecting: tokio::sync::Mutex::default(),
            opened: AtomicU64::new(0),
        })
    }

    /// Connections opened since the start.
    pub(crate) fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    /// Connections that nobody uses now.
    pub(crate) fn idle(&self) -> usize {
        lock(&self.idle).len()
    }

    /// Sends one request and gives the answer's head. Dropping the future cancels it.
    pub(crate) async fn send(
        self: &Arc<Self>,
        request: Request<Bytes>,
        timeouts: CallTimeouts,
    ) -> Result<Response<AnswerBody>, TransportError> {
        let mut request = request.map(Full::new);
        // INVARIANT: every turn uses a connection up, and only pooled ones can be found closed, so that this ends with a fresh one.
        loop {
            let (ready, fresh) = match self.pooled().await {
                Some(ready) => (ready, false),
                // Rare, and large beside what is common.
                None => (Box::pin(self.connected(timeouts)).await?, true),
            };
            match self.exchange(ready, request).await {
                Ok(answer) => return Ok(answer),
                Err(Failure::Sent(fault)) => return Err(fault),
                Err(Failure::Unsent(_)) if fresh => {
                    return Err(error(TransportErrorKind::Reset, "a fresh connection was closed before the request was sent"));
                }
                Err(Failure::Unsent(back)) => request = *back,
            }
        }
    }

    /// Takes a connection back.
    pub(crate) fn put(&self, connection: Http1) {
        let mut idle = lock(&self.idle);
        if idle.len() < MAX_IDLE {
            idle.push(Idle { connection, since: Instant::now() });
        }
    }

    /// Closes what is old or was closed by the other side.
    pub(crate) fn sweep(&self) {
        let mut cx = Context::from_waker(Waker::noop());
        lock(&self.idle).retain_mut(|idle| idle.since.elapsed() < MAX_IDLE_AGE && idle.connection.poll_usable(&mut cx));
        lock(&self.shared).retain(|shared| !shared.is_closed());
    }

    async fn pooled(&self) -> Option<Ready> {
        if self.http2.get() == Some(&true) {
            return self.least_loaded().map(Ready::Shared);
        }
        poll_fn(|cx| Poll::Ready(self.take_idle(cx))).await.map(Ready::Own)
    }

    fn take_idle(&self, cx: &mut Context<'_>) -> Option<Http1> {
        loop {
            let mut idle = lock(&self.idle).pop()?;
            if idle.since.elapsed() < MAX_IDLE_AGE && idle.connection.poll_usable(cx) {
                return Some(idle.connection);
            }
        }
    }

    /// The shared connection with the fewest requests in it; none where another should be opened first.
    fn least_loaded(&self) -> Option<Arc<Http2>> {
        let mut shared = lock(&self.shared);
        shared.retain(|connection| !connection.is_closed());
        let least = shared.iter().min_by_key(|connection| connection.load())?;
        (least.load() < FULL_HTTP2 || shared.len() >= MAX_HTTP2).then(|| Arc::clone(least))
    }

    async fn connected(&self, timeouts: CallTimeouts) -> Result<Ready, TransportError> {
        let by = tokio::time::Instant::now() + timeouts.connect.as_duration();
        let late = || error(TransportErrorKind::ConnectTimeout, format_args!("no connection within {}", timeouts.connect));
        tokio::time::timeout_at(by, self.connect(by)).await.unwrap_or_else(|_| Err(late()))
    }

    async fn connect(&self, by: tokio::time::Instant) -> Result<Ready, TransportError> {
        let _turn = match self.http2.get() {
            Some(false) => None,
            _ => Some(self.connecting.lock().await),
        };
        if self.http2.get() == Some(&true)
            && let Some(shared) = self.least_loaded()
        {
            return Ok(Ready::Shared(shared));
        }
        let fresh = connect(&self.shape, self.tls.as_ref().map(|tls| tls.load_full()), by).await?;
        self.opened.fetch_add(1, Ordering::Relaxed);
        self.http2.get_or_init(|| fresh.http2);
        if !fresh.http2 {
            return Http1::handshake(fresh.stream).await.map(Ready::Own);
        }
        let shared = Http2::handshake(fresh.stream).await?;
        lock(&self.shared).push(Arc::clone(&shared));
        Ok(Ready::Shared(shared))
    }

    async fn exchange(
        self: &Arc<Self>,
        ready: Ready,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<AnswerBody>, Failure> {
        match ready {
            Ready::Own(connection) => {
                if !request.headers().contains_key(HOST) {
                    request.headers_mut().insert(HOST, self.host.clone());
                }
                let (answer, connection) = connection.exchange(request).await?;
                Ok(answer.map(|body| AnswerBody::http1(body, connection, Arc::clone(self))))
            }
            Ready::Shared(connection) => {
                request.headers_mut().remove(HOST);
                *request.uri_mut() = self.absolute(request.uri().path_and_query());
                let sent = connection.exchange(request).await;
                if matches!(sent, Err(Failure::Unsent(_))) {
                    lock(&self.shared).retain(|shared| !Arc::ptr_eq(shared, &connection));
                }
                let (answer, in_flight) = sent?;
                Ok(answer.map(|body| AnswerBody::http2(body, in_flight)))
            }
        }
    }

    /// HTTP/2 names scheme and authority in every request.
    fn absolute(&self, path: Option<&PathAndQuery>) -> Uri {
        let mut parts = Parts::default();
        parts.scheme = Some(if self.shape.https { Scheme::HTTPS } else { Scheme::HTTP });
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(path.cloned().unwrap_or_else(|| PathAndQuery::from_static("/")));
        Uri::from_parts(parts).unwrap_or_default()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
