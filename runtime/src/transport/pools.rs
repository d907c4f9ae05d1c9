//! All pools of one data runtime, by shape: two generations whose endpoints have the same shape share their connections.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::{ClientTls, Pool, Shape, ShapeError, TlsError};

/// How often connections that became old or closed are let go. Taking one checks it anyway; this keeps quiet pools from holding dead sockets.
const SWEEP_EVERY: Duration = Duration::from_secs(15);

/// The pools. They keep to one data runtime, since sockets belong to the runtime that made them.
#[derive(Debug)]
pub(crate) struct Pools {
    tls: Arc<ClientTls>,
    by_shape: Mutex<BTreeMap<Shape, Weak<Pool>>>,
}

/// Why there can be no pool for an endpoint.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PoolError {
    /// Its address.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Its CA.
    #[error("the host names no CA `{0}`")]
    UnknownCa(String),
}

/// What the pools hold, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PoolCounts {
    /// Places with a pool.
    pub(crate) pools: u64,
    /// Connections opened by them.
    pub(crate) opened: u64,
    /// Idle HTTP/1.1 connections in them.
    pub(crate) idle: u64,
}

impl PoolCounts {
    /// Both together.
    pub(crate) const fn plus(self, other: Self) -> Self {
        Self {
            pools: self.pools.saturating_add(other.pools),
            opened: self.opened.saturating_add(other.opened),
            idle: self.idle.saturating_add(other.idle),
        }
    }
}

impl Pools {
    pub(crate) fn new(tls: Arc<ClientTls>) -> Self {
        Self { tls, by_shape: Mutex::default() }
    }

    /// The pool of that shape: the one in use, or a new one. Opens no connection.
    pub(crate) fn of(&self, shape: Shape) -> Result<Arc<Pool>, PoolError> {
        let mut by_shape = self.by_shape.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = by_shape.get(&shape).and_then(Weak::upgrade) {
            return Ok(pool);
        }
        let tls = match (&shape.ca, shape.https) {
            (_, false) => None,
            (ca, true) => {
                let unknown = || PoolError::UnknownCa(ca.as_ref().map(ToString::to_string).unwrap_or_default());
                Some(self.tls.of(ca.as_ref())?.ok_or_else(unknown)?)
            }
        };
        let pool = Arc::new(Pool::new(shape.clone(), tls)?);
        by_shape.retain(|_, pool| pool.strong_count() > 0);
        by_shape.insert(shape, Arc::downgrade(&pool));
        Ok(pool)
    }

    /// What they hold.
    pub(crate) fn counts(&self) -> PoolCounts {
        let one = |pool: &Arc<Pool>| PoolCounts { pools: 1, opened: pool.opened(), idle: pool.idle() as u64 };
        self.all().iter().map(one).fold(PoolCounts::default(), PoolCounts::plus)
    }

    /// Keeps them clean for as long as it is polled.
    pub(crate) async fn maintain(self: Arc<Self>) {
        loop {
            tokio::time::sleep(SWEEP_EVERY).await;
            self.all().iter().for_each(|pool| pool.sweep());
        }
    }

    fn all(&self) -> Vec<Arc<Pool>> {
        self.by_shape.lock().unwrap_or_else(PoisonError::into_inner).values().filter_map(Weak::upgrade).collect()
    }
}
