//! What the process is made of: everything that its listeners, its reloader and its admin plane share.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aigw_engine::State;
use aigw_engine::counters::MemoryCounters;
use jiff::Timestamp;

use crate::audit::Audit;
use crate::azure::Tokens;
use crate::credentials::Uses;
use crate::fetch::Fetcher;
use crate::generation::{Generation, Generations};
use crate::issuers::Issuers;
use crate::metrics::Requests;
use crate::records::Sink;
use crate::reload::History;
use crate::secrets::Secrets;
use crate::serve::Counts;
use crate::tasks::Tasks;
use crate::tls::Certificates;
use crate::transport::Pools;
use crate::world::{Clock, Random};

/// The process.
pub(crate) struct Process {
    /// The values of parameters.
    pub(crate) parameters: BTreeMap<String, String>,
    /// Whether a bundle without all its secrets is refused.
    pub(crate) require_secrets: bool,
    /// How long requests may go on after the process or their generation should end.
    pub(crate) drain: Duration,
    pub(crate) clock: Clock,
    pub(crate) random: Arc<Random>,
    pub(crate) secrets: Secrets,
    /// Of Azure's managed identities.
    pub(crate) tokens: Tokens,
    pub(crate) certificates: Certificates,
    pub(crate) counters: MemoryCounters,
    pub(crate) state: Arc<State>,
    pub(crate) records: Sink,
    pub(crate) audit: Audit,
    pub(crate) workers: Vec<Worker>,
    pub(crate) generations: Generations,
    pub(crate) issuers: Issuers,
    pub(crate) history: History,
    pub(crate) credential_uses: Uses,
    pub(crate) connections: Arc<Counts>,
    /// Tasks of the control plane.
    pub(crate) tasks: Tasks,
    pub(crate) started: Timestamp,
    pub(crate) addresses: Addresses,
    last_good: AtomicBool,
    draining: AtomicBool,
}

/// What belongs to one data runtime.
pub(crate) struct Worker {
    pub(crate) pools: Arc<Pools>,
    pub(crate) requests: Arc<Requests>,
}

/// Where the gateway listens, with the ports that it got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// For clients.
    pub data: SocketAddr,
    /// For health, status, metrics and reloads.
    pub admin: SocketAddr,
    /// Whether clients connect with TLS.
    pub tls: bool,
}

/// What a process is made from.
pub(crate) struct Parts {
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) require_secrets: bool,
    pub(crate) drain: Duration,
    pub(crate) random: Arc<Random>,
    pub(crate) secrets: Secrets,
    pub(crate) tokens: Tokens,
    pub(crate) fetcher: Fetcher,
    pub(crate) certificates: Certificates,
    pub(crate) records: Sink,
    pub(crate) audit: Audit,
    pub(crate) workers: Vec<Worker>,
    pub(crate) tasks: Tasks,
    pub(crate) addresses: Addresses,
}

impl Process {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts {
            parameters,
            require_secrets,
            drain,
            random,
            secrets,
            tokens,
            fetcher,
            certificates,
            records,
            audit,
            workers,
            tasks,
            addresses,
        } = parts;
        let counters = MemoryCounters::new(random.next());
        let issuers = Issuers::new(fetcher, Arc::clone(&random), tasks.handle().clone());
        Self {
            parameters,
            require_secrets,
            drain,
            clock: Clock::start(),
            random,
            secrets,
            tokens,
            certificates,
            counters,
            state: Arc::default(),
            records,
            audit,
            workers,
            generations: Generations::default(),
            issuers,
            history: History::default(),
            credential_uses: Uses::default(),
            connections: Arc::default(),
            tasks,
            started: Timestamp::now(),
            addresses,
            last_good: AtomicBool::new(false),
            draining: AtomicBool::new(false),
        }
    }

    /// Gives the requests that still use a replaced generation until the drain limit.
    pub(crate) fn retire(&self, generation: Arc<Generation>) {
        let (cut, drain) = (Arc::clone(&generation.cut), self.drain);
        drop(generation);
        self.tasks.spawn(async move {
            tokio::time::sleep(drain).await;
            cut.give();
        });
    }

    /// Whether what is in force was kept from an earlier run, since the source gave nothing.
    pub(crate) fn runs_last_good(&self, it_does: bool) {
        self.last_good.store(it_does, Ordering::Relaxed);
    }

    /// Whether it is.
    pub(crate) fn is_on_last_good(&self) -> bool {
        self.last_good.load(Ordering::Relaxed)
    }

    /// From now on it is not ready.
    pub(crate) fn begin_draining(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether it is shutting down.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}
