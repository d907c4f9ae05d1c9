//! One HTTP/2 connection, shared by many requests. It needs a task, since no single request may hold the others up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aigw_core::{TransportError, TransportErrorKind};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::runtime::Handle;

use super::connect::Upstream;
use super::error::{Stage, error, from_hyper};
use super::http1::Failure;
use crate::tasks::{Task, Tasks};

/// Largest head of an answer.
const MAX_HEAD_BYTES: u32 = 128 * 1024;
/// A silent connection with requests in it is asked for a sign of life this often, and given up after as long again.
const PING_EVERY: Duration = Duration::from_secs(20);
/// What one stream may send before we read it.
const STREAM_WINDOW_BYTES: u32 = 1 << 20;
/// What one connection may.
const CONNECTION_WINDOW_BYTES: u32 = 4 << 20;

/// The connection.
#[derive(Debug)]
pub(crate) struct Http2 {
    sender: http2::SendRequest<Full<Bytes>>,
    in_flight: AtomicU32,
    _task: Task,
}

/// A request in flight; counted until dropped.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<Http2>);

impl Http2 {
    /// Speaks HTTP/2 on a fresh connection.
    pub(crate) async fn handshake(stream: Upstream) -> Result<Arc<Self>, TransportError> {
        let (sender, connection) = http2::Builder::new(Tasks::on(Handle::current()))
            .timer(TokioTimer::new())
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_EVERY)
            .max_header_list_size(MAX_HEAD_BYTES)
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|fault| error(TransportErrorKind::Connect, fault))?;
        let task = Task::spawn(async move {
            if let Err(fault) = connection.await {
                tracing::debug!(error = %fault, "an upstream connection ended");
            }
        });
        Ok(Arc::new(Self { sender, in_flight: AtomicU32::new(0), _task: task }))
    }

    /// Whether it takes no more requests.
    pub(crate) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Requests in it now.
    pub(crate) fn load(&self) -> u32 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Sends, and gives the answer's head.
    pub(crate) async fn exchange(
        self: &Arc<Self>,
        request: Request<Full<Bytes>>,
    ) -> Result<(Response<Incoming>, InFlight), Failure> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        let in_flight = InFlight(Arc::clone(self));
        match self.sender.clone().try_send_request(request).await {
            Ok(response) => Ok((response, in_flight)),
            Err(mut fault) => Err(match fault.take_message() {
                Some(request) => Failure::Unsent(Box::new(request)),
                None => Failure::Sent(from_hyper(Stage::Head, &fault.into_error())),
            }),
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
