//! What the gateway itself asks for over HTTP, beside the requests of its clients: tokens, secrets, documents of keys. Each is one request on a
//! connection of its own, with a bound on its time and on its answer's length; no redirect is followed, nothing is retried or kept.
//!
//! Entry point: [`Fetcher::fetch`], called on the control runtime.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aigw_core::{CallTimeouts, Millis, Name, TransportError};
use aigw_providers::wire::retry_after;
use bytes::{Buf, Bytes};
use http::header::USER_AGENT;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::BodyExt;
use zeroize::Zeroizing;

use crate::transport::{AnswerBody, ClientTls, PoolError, Pools, Shape, ShapeError};

/// What servers are told of who asks.
const AGENT: &str = concat!("aigw/", env!("CARGO_PKG_VERSION"));

/// Asks. Cloning is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Fetcher {
    tls: Arc<ClientTls>,
}

/// What to ask for.
#[derive(Clone, Debug)]
pub(crate) struct Fetch<'a> {
    /// `GET`, or another.
    pub(crate) method: Method,
    /// Where: `https://…`, or `http://…` on this machine or at a link-local address. What follows a `#` is not sent.
    pub(crate) url: &'a str,
    /// Headers. Mark those that hold a secret as sensitive.
    pub(crate) headers: HeaderMap,
    /// The body. [`wiped`] makes one that leaves nothing behind.
    pub(crate) body: Bytes,
    /// A CA of the runtime's settings, in place of the system's.
    pub(crate) ca: Option<&'a Name>,
    /// Longest body of an answer.
    pub(crate) max_bytes: usize,
    /// From the first packet to the last.
    pub(crate) timeout: Duration,
}

/// An answer, whatever its status.
pub(crate) struct Fetched {
    /// Its status.
    pub(crate) status: StatusCode,
    /// Its headers.
    pub(crate) headers: HeaderMap,
    /// Its body, which is overwritten when dropped, since it may be a secret.
    pub(crate) body: Zeroizing<Vec<u8>>,
}

/// Why there is no answer. Holds the host at most: nothing of a path, a header or a body.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    /// The URL.
    #[error("the address must be `https://HOST…`")]
    Address,
    /// Anyone on the way could read it.
    #[error("`{0}` is elsewhere and its address not `https`")]
    Plain(String),
    /// TLS, or its CA.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The way there or back.
    #[error("`{host}`: {fault}")]
    Transport {
        /// Where to.
        host: String,
        /// What went wrong.
        fault: TransportError,
    },
    /// It took too long.
    #[error("`{host}` did not answer within {timeout}")]
    Late {
        /// Where to.
        host: String,
        /// The bound.
        timeout: Millis,
    },
    /// It said too much.
    #[error("`{host}` answered with more than {max_bytes} bytes")]
    Long {
        /// Where to.
        host: String,
        /// The bound.
        max_bytes: usize,
    },
}

impl From<ShapeError> for FetchError {
    fn from(_: ShapeError) -> Self {
        Self::Address
    }
}

impl<'a> Fetch<'a> {
    /// A `GET` of at most so many bytes, in at most that time.
    pub(crate) fn get(url: &'a str, max_bytes: usize, timeout: Duration) -> Self {
        Self { method: Method::GET, url, headers: HeaderMap::new(), body: Bytes::new(), ca: None, max_bytes, timeout }
    }
}

impl Fetcher {
    pub(crate) const fn new(tls: Arc<ClientTls>) -> Self {
        Self { tls }
    }

    /// Asks once.
    pub(crate) async fn fetch(&self, what: Fetch<'_>) -> Result<Fetched, FetchError> {
        let shape = Shape::of(what.url, what.ca)?;
        if !shape.https && !is_near(&shape.host) {
            return Err(FetchError::Plain(shape.host));
        }
        let (host, timeout) = (shape.host.clone(), what.timeout);
        let answer = tokio::time::timeout(timeout, self.exchange(shape, what)).await;
        answer.unwrap_or_else(|_| Err(FetchError::Late { host, timeout: millis(timeout) }))
    }

    async fn exchange(&self, shape: Shape, what: Fetch<'_>) -> Result<Fetched, FetchError> {
        let host = shape.host.clone();
        let fault = |fault| FetchError::Transport { host: host.clone(), fault };
        let pool = Pools::new(Arc::clone(&self.tls)).of(shape)?;
        let (max_bytes, times) = (what.max_bytes, CallTimeouts { connect: millis(what.timeout) });
        let (head, body) = pool.send(request(what)?, times).await.map_err(fault)?.into_parts();
        let body = collect(body, max_bytes).await.map_err(fault)?;
        let body = body.ok_or_else(|| FetchError::Long { host: host.clone(), max_bytes })?;
        Ok(Fetched { status: head.status, headers: head.headers, body })
    }
}

impl Fetched {
    /// How long it asks to be left alone; at most a day.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        retry_after(&self.headers, u64::try_from(now.as_millis()).unwrap_or(u64::MAX)).map(Millis::as_duration)
    }
}

/// Bytes that are overwritten when the last holder lets go.
pub(crate) fn wiped(bytes: Vec<u8>) -> Bytes {
    Bytes::from_owner(Zeroizing::new(bytes))
}

/// Whether nobody beyond this machine and its host hears what is said there: loopback, and the link-local addresses (RFC 3927) at which clouds
/// answer their machines.
pub(crate) fn is_near(host: &str) -> bool {
    host == "localhost"
        || host.parse::<IpAddr>().is_ok_and(|address| match address.to_canonical() {
            IpAddr::V4(address) => address.is_loopback() || address.is_link_local(),
            IpAddr::V6(address) => address.is_loopback(),
        })
}

fn request(what: Fetch<'_>) -> Result<Request<Bytes>, FetchError> {
    let uri: Uri = what.url.parse().map_err(|_| FetchError::Address)?;
    let path = uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    let mut request = Request::new(what.body);
    *request.method_mut() = what.method;
    *request.uri_mut() = Uri::from(path);
    *request.headers_mut() = what.headers;
    request.headers_mut().entry(USER_AGENT).or_insert(HeaderValue::from_static(AGENT));
    Ok(request)
}

/// The whole body; `None` where it is longer than that.
async fn collect(mut body: AnswerBody, max_bytes: usize) -> Result<Option<Zeroizing<Vec<u8>>>, TransportError> {
    // Room for all of it at once: a buffer that grows leaves copies behind.
    let mut all = Zeroizing::new(Vec::with_capacity(max_bytes));
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        if all.len().saturating_add(data.remaining()) > max_bytes {
            return Ok(None);
        }
        all.extend_from_slice(&data);
    }
    Ok(Some(all))
}

fn millis(duration: Duration) -> Millis {
    Millis::new(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
