//! Requests to upstreams: connections, their reuse, TLS and cancellation. It decides nothing: no retry but for a pooled connection that was found
//! closed before a byte was written, no redirect, no header of its own but `Host`.

mod body;
mod connect;
mod error;
mod http1;
mod http2;
mod pool;
mod pools;
mod shape;
mod stream;
mod tls;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use body::AnswerBody;
pub(crate) use pool::Pool;
pub(crate) use pools::{PoolCounts, PoolError, Pools};
pub(crate) use shape::{Shape, ShapeError};
pub(crate) use tls::{ClientTls, LiveConfig, TlsError, provider};
