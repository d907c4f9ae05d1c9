//! A process from its start to its orderly end.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::admin::{Admin, Token};
use crate::audit::{Audit, AuditEvent, Trigger};
use crate::config::{Config, StartError, StartReason};
use crate::cut::Cut;
use crate::fetch::Fetcher;
use crate::gateway::Gateway;
use crate::process::{Addresses, Parts, Process, Worker};
use crate::records::{self, Sink, Writer};
use crate::reload::{ActivationRecord, Reloader, Request, Source, Store};
use crate::secrets::{SecretSet, sources};
use crate::serve::{Listener, Sharing, bind};
use crate::settings::{Settings, ThreadModel};
use crate::tasks::{Task, Tasks};
use crate::threads::DataThreads;
use crate::tls::ServerTls;
use crate::transport::{ClientTls, Pools};
use crate::world::Random;

/// Reloads that may wait to be made.
const RELOADS: usize = 16;
/// How often secrets are read again.
const SECRETS_EVERY: Duration = Duration::from_secs(5);
/// How often it is seen whether the vault is due to be asked.
const VAULT_EVERY: Duration = Duration::from_secs(1);
/// How often certificates are looked at. What changed is read once it rests: at the second look.
const CERTIFICATES_EVERY: Duration = Duration::from_secs(1);
/// What interrupted streams get to say goodbye, and connections to end.
const GOODBYE: Duration = Duration::from_secs(5);

/// A gateway that runs. Dropping it ends everything at once; [`Running::drain`] is the orderly way.
pub struct Running {
    pub(crate) process: Arc<Process>,
    closing: Arc<Cut>,
    reloads: mpsc::Sender<Request>,
    first: ActivationRecord,
    data: DataThreads,
    // Ended before the runtime that they run on.
    control_tasks: Vec<Task>,
    control: Runtime,
    writer: Option<Writer>,
}

/// How a gateway ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitReason {
    /// Every request was answered to its end.
    Drained,
    /// The drain limit came first: what was left was told so and ended.
    Interrupted,
    /// Told to end a second time, it ended at once.
    Forced,
}

impl ExitReason {
    /// As the audit trail says it.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Drained => "drained",
            Self::Interrupted => "interrupted",
            Self::Forced => "forced",
        }
    }
}

/// Runs a gateway until a signal ends it: SIGTERM or SIGINT drain, the second one ends it at once, SIGHUP looks at the source again.
///
/// `source` is served in place of the bundle file that the settings name. `started` is told where it listens, how the first activation went, and whether anything is served (the last good bundle, where the source gave none);
/// a first activation that fails is no reason to end: the gateway is alive, not ready, and tries again.
///
/// # Errors
/// Why it could not start.
pub fn run(
    settings: Settings,
    source: Option<Box<dyn Source>>,
    started: impl FnOnce(&Addresses, &ActivationRecord, bool),
) -> Result<ExitReason, StartError> {
    let running = Running::start(settings, source)?;
    started(&running.addresses(), &running.first, running.process.generations.current().is_some());
    let system = |fault: std::io::Error| StartReason::System.with(fault);
    let (mut terminate, mut interrupt, mut hangup) = {
        let _entered = running.control.enter();
        let signal = |kind| signal(kind).map_err(system);
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?, signal(SignalKind::hangup())?)
    };
    loop {
        let again = running.control.block_on(async {
            tokio::select! {
                _ = terminate.recv() => false,
                _ = interrupt.recv() => false,
                _ = hangup.recv() => true,
            }
        });
        if !again {
            break;
        }
        running.hung_up();
    }
    Ok(running.drain_unless(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
    }))
}

impl Running {
    /// Starts a gateway: listeners, threads, and the first attempt to activate a bundle, whose outcome is [`Running::first_activation`].
    ///
    /// It brings its own threads, and what is asked of it blocks: call it from a thread, not from a task.
    ///
    /// # Errors
    /// Why it could not start.
    pub fn start(settings: Settings, source: Option<Box<dyn Source>>) -> Result<Self, StartError> {
        let random = Random::new().ok_or_else(|| StartReason::System.with("the system gave no randomness"))?;
        Self::start_with(settings, source, random)
    }

    /// The same with random choices that anybody can foretell: for tests that make the same ones elsewhere. No setting leads here.
    ///
    /// # Errors
    /// Why it could not start.
    pub fn start_foreseeable(settings: Settings, source: Option<Box<dyn Source>>, seed: u64) -> Result<Self, StartError> {
        Self::start_with(settings, source, Random::seeded(seed))
    }

    fn start_with(settings: Settings, source: Option<Box<dyn Source>>, random: Random) -> Result<Self, StartError> {
        let config = Config::new(settings, source)?;
        let system = |fault: std::io::Error| StartReason::System.with(fault);
        let control =
            Builder::new_multi_thread().worker_threads(1).thread_name("aigw-control").enable_all().build().map_err(system)?;
        let store = config.settings.state.as_ref().map(|folder| Store::open(folder)).transpose();
        let store = store.map_err(|fault| StartReason::State.with(fault))?;
        let sockets = data_sockets(&config)?;
        let admin = listen(config.admin, Sharing::Alone)?;
        let addresses = Addresses {
            data: address(&sockets)?,
            admin: admin.local_addr().map_err(listen_fault)?,
            tls: config.certificates.server().is_some(),
        };
        let (records, writer) = decision_log(&config)?;
        let audit = audit_trail(&config, addresses)?;
        let data = DataThreads::start(config.thread_model, config.threads).map_err(system)?;
        let Config { settings, source, certificates, .. } = config;
        let (upstream_tls, tls, random) = (certificates.upstream(), certificates.server(), Arc::new(random));
        let fetcher = Fetcher::new(Arc::clone(&upstream_tls));
        let (secrets, tokens) = sources(&settings, control.handle(), &fetcher, &random);
        let admin_secret = settings.admin_token_secret.clone().map(|name| secrets.set(&[name]));
        Token::check(settings.admin_token_secret.as_deref(), settings.admin_token_file.as_ref(), &secrets)
            .map_err(|fault| StartReason::Settings.with(fault))?;
        let process = Arc::new(Process::new(Parts {
            workers: workers(&data, &upstream_tls),
            drain: config.drain,
            random,
            secrets,
            tokens,
            fetcher,
            certificates,
            records,
            audit,
            tasks: Tasks::on(control.handle().clone()),
            addresses,
            require_secrets: settings.require_secrets.unwrap_or(false),
            parameters: settings.parameters.clone(),
        }));
        let mut reloader = Reloader::new(Arc::clone(&process), source, store);
        let first = reloader.start();
        let closing = Arc::<Cut>::default();
        serve_data(&process, &data, &closing, sockets, tls);
        let (reloads, asked) = mpsc::channel(RELOADS);
        let plane =
            Admin { process: Arc::clone(&process), token: token(&settings, admin_secret, &process), reloads: reloads.clone() };
        let control_tasks = [
            Task::spawn_on(control.handle(), reloader.run(asked)),
            Task::spawn_on(control.handle(), serve_admin(plane, admin)),
            Task::spawn_on(control.handle(), keep_secrets(Arc::clone(&process))),
            Task::spawn_on(control.handle(), follow_vault(Arc::clone(&process))),
            Task::spawn_on(control.handle(), keep_certificates(Arc::clone(&process))),
        ];
        Ok(Self { process, closing, reloads, first, data, control_tasks: control_tasks.into(), control, writer })
    }

    /// Where it listens.
    pub fn addresses(&self) -> Addresses {
        self.process.addresses
    }

    /// What came of the first attempt to activate a bundle.
    pub fn first_activation(&self) -> &ActivationRecord {
        &self.first
    }

    /// Looks at the source now, and gives what came of it; `None` where the gateway is ending.
    pub fn reload_now(&self) -> Option<ActivationRecord> {
        self.control.block_on(self.ask(Trigger::Call))
    }

    /// Ends it in order: no new connections, requests in flight to their end, streams until the drain limit, and then a well-formed goodbye.
    pub fn drain(self) -> ExitReason {
        self.drain_unless(std::future::pending())
    }

    /// SIGHUP: somebody with power over the process wants the source to be looked at.
    fn hung_up(&self) {
        let event = AuditEvent::Signal { name: "SIGHUP".to_owned() };
        if self.process.audit.write(event).is_err() {
            tracing::error!("the signal changes nothing while the audit trail cannot be written");
            return;
        }
        tracing::info!("reloading on request");
        self.control.block_on(async { drop(self.ask(Trigger::Signal).await) });
    }

    async fn ask(&self, trigger: Trigger) -> Option<ActivationRecord> {
        let (reply, record) = oneshot::channel();
        self.reloads.send(Request { trigger, reply }).await.ok()?;
        record.await.ok()
    }

    fn drain_unless(mut self, forced: impl Future<Output = ()>) -> ExitReason {
        self.process.begin_draining();
        tracing::info!(limit_ms = self.process.drain.as_millis(), "draining");
        self.closing.give();
        let reason = self.control.block_on(async {
            tokio::select! {
                () = forced => ExitReason::Forced,
                reason = drained(&self.process, &self.data) => reason,
            }
        });
        tracing::info!(?reason, "drained");
        drop(self.process.audit.write(AuditEvent::Stop { reason: reason.as_str().to_owned() }));
        self.data.end();
        self.control_tasks.clear();
        self.control.shutdown_background();
        if let Some(writer) = self.writer.take() {
            writer.finish();
        }
        reason
    }
}

async fn drained(process: &Process, data: &DataThreads) -> ExitReason {
    let limit = Instant::now() + process.drain;
    if timeout_at(limit, data.finished()).await.is_ok() {
        return ExitReason::Drained;
    }
    process.generations.alive().iter().for_each(|generation| generation.cut.give());
    if timeout_at(limit + GOODBYE, data.finished()).await.is_err() {
        tracing::warn!("connections were left that did not end");
    }
    ExitReason::Interrupted
}

fn data_sockets(config: &Config) -> Result<Vec<TcpListener>, StartError> {
    match config.thread_model {
        ThreadModel::Shared => Ok(vec![listen(config.listen, Sharing::Alone)?]),
        ThreadModel::PerCore => {
            let first = listen(config.listen, Sharing::Shared)?;
            // The others share the port that the first one got.
            let address = first.local_addr().map_err(listen_fault)?;
            let others = (1..config.threads).map(|_| listen(address, Sharing::Shared));
            std::iter::once(Ok(first)).chain(others).collect()
        }
    }
}

fn listen(address: std::net::SocketAddr, sharing: Sharing) -> Result<TcpListener, StartError> {
    bind(address, sharing).map_err(|fault| StartReason::Listen.with(format!("cannot listen on {address}: {fault}")))
}

fn listen_fault(fault: std::io::Error) -> StartError {
    StartReason::Listen.with(fault)
}

fn address(sockets: &[TcpListener]) -> Result<std::net::SocketAddr, StartError> {
    let first = sockets.first().ok_or_else(|| StartReason::Listen.with("there is no thread to listen"))?;
    first.local_addr().map_err(listen_fault)
}

fn decision_log(config: &Config) -> Result<(Sink, Option<Writer>), StartError> {
    let log = &config.decisions;
    let fault = |fault| StartReason::System.with(format!("cannot write decisions to `{}`: {fault}", String::from(log.clone())));
    records::start(log).map_err(fault)
}

/// The trail, with the start as its first line.
fn audit_trail(config: &Config, addresses: Addresses) -> Result<Audit, StartError> {
    let fault = |fault: String| {
        StartReason::System.with(format!("cannot write the audit trail to `{}`: {fault}", String::from(config.audit.clone())))
    };
    let audit = Audit::open(&config.audit).map_err(|error| fault(error.to_string()))?;
    let start = AuditEvent::Start {
        gateway: env!("CARGO_PKG_VERSION").to_owned(),
        source: config.source.describe(),
        listen: addresses.data.to_string(),
        admin: addresses.admin.to_string(),
    };
    audit.write(start).map_err(|error| fault(error.to_string()))?;
    Ok(audit)
}

fn workers(data: &DataThreads, tls: &Arc<ClientTls>) -> Vec<Worker> {
    data.handles().map(|_| Worker { pools: Arc::new(Pools::new(Arc::clone(tls))), requests: Arc::default() }).collect()
}

fn token(settings: &Settings, secret: Option<Arc<SecretSet>>, process: &Arc<Process>) -> Option<Arc<Token>> {
    let secret = settings.admin_token_secret.clone().zip(secret);
    let secret = secret.map(|(name, kept)| Token::Secret { name, _kept: kept, process: Arc::clone(process) });
    secret.or_else(|| settings.admin_token_file.clone().map(Token::File)).map(Arc::new)
}

fn serve_data(
    process: &Arc<Process>,
    data: &DataThreads,
    closing: &Arc<Cut>,
    sockets: Vec<TcpListener>,
    tls: Option<Arc<ServerTls>>,
) {
    for (worker, (tasks, socket)) in data.tasks().iter().zip(sockets).enumerate() {
        let listener = Listener {
            handler: Gateway { process: Arc::clone(process), worker },
            tls: tls.clone(),
            counts: Arc::clone(&process.connections),
            tasks: tasks.clone(),
            closing: Arc::clone(closing),
        };
        tasks.spawn(async move {
            if let Err(fault) = listener.accept(socket).await {
                tracing::error!(error = %fault, "clients cannot be accepted");
            }
        });
    }
    for (handle, worker) in data.handles().zip(&process.workers) {
        data.own(Task::spawn_on(handle, Arc::clone(&worker.pools).maintain()));
    }
}

async fn serve_admin(admin: Admin, socket: TcpListener) {
    let listener = Listener {
        handler: admin,
        tls: None,
        counts: Arc::default(),
        tasks: Tasks::on(Handle::current()),
        closing: Arc::default(),
    };
    if let Err(fault) = listener.accept(socket).await {
        tracing::error!(error = %fault, "the admin plane cannot be served");
    }
}

/// Secrets follow their sources.
async fn keep_secrets(process: Arc<Process>) {
    loop {
        tokio::time::sleep(SECRETS_EVERY).await;
        let process = Arc::clone(&process);
        crate::tasks::blocking(move || {
            process.secrets.ask_vault();
            process.secrets.refresh();
        })
        .await;
    }
}

/// The vault is asked beside that, since it may take long to answer.
async fn follow_vault(process: Arc<Process>) {
    loop {
        tokio::time::sleep(VAULT_EVERY).await;
        let Some(vault) = process.secrets.vault() else { return };
        if vault.refresh().await {
            let process = Arc::clone(&process);
            crate::tasks::blocking(move || process.secrets.refresh()).await;
        }
    }
}

/// Certificates, keys, authorities and revocation lists follow their files.
async fn keep_certificates(process: Arc<Process>) {
    loop {
        tokio::time::sleep(CERTIFICATES_EVERY).await;
        let process = Arc::clone(&process);
        crate::tasks::blocking(move || process.certificates.refresh()).await;
    }
}
