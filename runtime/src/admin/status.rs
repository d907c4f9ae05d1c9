//! What `/status`, `/readyz` and `/metrics` say of the process.

mod credentials;

use aigw_core::Name;
use aigw_kinds::route::Class;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::generation::Generation;
use crate::issuers::Issuer;
use crate::metrics::{Metric, Requests, Text};
use crate::process::Process;
use crate::reload::{ActivationRecord, ActivationResult};
use crate::tls::TlsFileStatus;
use crate::transport::PoolCounts;

pub use credentials::{AccessTokenStatus, KeyVaultStatus, VaultSecretStatus};

/// What a gateway is doing, as `GET /status` answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The gateway's version.
    pub version: String,
    /// When the process started; RFC 3339.
    pub started: String,
    /// Whether it takes requests, and if not why.
    pub readiness: Readiness,
    /// Where clients connect.
    pub listen: String,
    /// Whether they connect with TLS.
    pub tls: bool,
    /// Where this is served.
    pub admin: String,
    /// The active bundle; none before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<BundleStatus>,
    /// The credentials that the active bundle declares, in the order of their consumers.
    #[serde(default)]
    pub credentials: Vec<CredentialStatus>,
    /// The last attempts to activate a bundle, newest first.
    pub activations: Vec<ActivationRecord>,
    /// Generations of policies that requests still use, the active one included.
    pub generations_alive: u64,
    /// Certificates, keys, authorities and revocation lists of the host.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tls_files: Vec<TlsFileStatus>,
    /// Connections from clients.
    pub connections: ConnectionStatus,
    /// Decision records that were lost since the start.
    pub decision_records_dropped: u64,
    /// The key vault; none where the settings name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_vault: Option<KeyVaultStatus>,
    /// The access tokens in use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub access_tokens: Vec<AccessTokenStatus>,
    /// The audit trail; none where it goes nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<AuditStatus>,
}

/// A declared credential. Nothing of the key itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CredentialStatus {
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub consumer: String,
    /// When a request began that it proved, the last one since the process did; RFC 3339, to the second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used: Option<String>,
    /// Before then it is refused; RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    /// From then on it is refused; RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<String>,
}

impl CredentialStatus {
    fn of(generation: &Generation) -> Vec<Self> {
        let text = |time: aigw_core::Timestamp| Timestamp::from_millisecond(time.as_millis()).map(|time| time.to_string()).ok();
        let credentials = generation.callers.all().iter().map(|credential| Self {
            name: credential.name.clone(),
            consumer: credential.consumer.clone(),
            last_used: credential.last_used().and_then(text),
            not_before: credential.not_before.and_then(text),
            not_after: credential.not_after.and_then(text),
        });
        credentials.collect()
    }
}

/// The audit trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditStatus {
    /// Where it goes.
    pub place: String,
    /// Whether the last event could not be written. Calls that change something are refused as long as that is so.
    pub failing: bool,
    /// Events that could not be written since the start.
    pub lost: u64,
    /// The number of the last line.
    pub sequence: u64,
    /// The digest of the last line: whoever notes it elsewhere can tell later whether lines are missing.
    pub digest: String,
}

impl AuditStatus {
    fn of(process: &Process) -> Option<Self> {
        let audit = &process.audit;
        let (sequence, digest) = audit.last();
        let status = Self { place: audit.place(), failing: audit.is_failing(), lost: audit.lost(), sequence, digest };
        audit.is_kept().then_some(status)
    }
}

/// The active bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BundleStatus {
    /// Its name.
    pub name: String,
    /// Its channel.
    pub channel: String,
    /// Its content's digest.
    pub digest: String,
    /// Its sequence number.
    pub sequence: u64,
    /// The commit it was built from, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// When it became active; RFC 3339.
    pub activated: String,
    /// Seconds since then.
    pub age_seconds: u64,
    /// When its validity ends; RFC 3339.
    pub expires: String,
    /// Whether that has passed. It is served on, since no policies would be worse than old ones.
    pub expired: bool,
    /// Whether it was kept from an earlier run, since its source gave nothing at the start.
    pub from_last_good: bool,
    /// Secrets that it uses and that have no value: their endpoints are down.
    pub secrets_missing: Vec<String>,
    /// Endpoints, as `provider/endpoint`, that are down since there is no access token for them.
    #[serde(default)]
    pub tokens_missing: Vec<String>,
    /// Its issuers of tokens, and how fresh their keys are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issuers: Vec<IssuerStatus>,
}

/// An issuer of tokens of the active bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IssuerStatus {
    /// Its name.
    pub name: String,
    /// Where its keys come from; of discovery, the document that leads there.
    pub url: String,
    /// How many keys it has. Without any, its tokens are answered with 503 `identity_unavailable`.
    pub keys: u64,
    /// When they were fetched last; RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched: Option<String>,
    /// Seconds since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<u64>,
    /// What went wrong since then. Its tokens are verified with the keys that there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Connections from clients since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionStatus {
    /// Open now.
    pub open: u64,
    /// Accepted.
    pub accepted: u64,
    /// Refused, for the bounds on their number.
    pub refused: u64,
    /// Whose TLS handshake or first bytes failed or took too long.
    pub failed: u64,
    /// Ended since their client took too little, or sent a head too slowly.
    pub stalled: u64,
    /// Ended since their client flooded with HTTP/2 frames.
    #[serde(default)]
    pub flooded: u64,
}

/// Whether a gateway takes requests, as `GET /readyz` answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Readiness {
    /// Whether it does.
    pub ready: bool,
    /// `ready`, `no_bundle`, `draining`, `expired` (its bundle's validity is over) or `stale` (newer policies could not be activated, or their
    /// source is away). The last two are ready all the same, unless asked with `/readyz?strict`.
    pub state: String,
}

impl Readiness {
    pub(super) fn of(process: &Process, strict: bool) -> Self {
        let expired = process.generations.with_current(Generation::expired);
        let (state, ready) = match expired {
            _ if process.is_draining() => ("draining", false),
            None => ("no_bundle", false),
            Some(true) => ("expired", !strict),
            Some(false) if process.is_on_last_good() || !process.history.is_well() => ("stale", !strict),
            Some(false) => ("ready", true),
        };
        Self { ready, state: state.to_owned() }
    }
}

impl Status {
    pub(super) fn of(process: &Process) -> Self {
        let counts = process.connections.now();
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: process.started.to_string(),
            readiness: Readiness::of(process, false),
            listen: process.addresses.data.to_string(),
            tls: process.addresses.tls,
            admin: process.addresses.admin.to_string(),
            bundle: process.generations.with_current(|generation| BundleStatus::of(process, generation)),
            credentials: process.generations.with_current(CredentialStatus::of).unwrap_or_default(),
            activations: process.history.last(),
            generations_alive: process.generations.alive().len() as u64,
            tls_files: process.certificates.status(),
            connections: ConnectionStatus {
                open: counts.open,
                accepted: counts.accepted,
                refused: counts.refused,
                failed: counts.failed,
                stalled: counts.stalled,
                flooded: counts.flooded,
            },
            decision_records_dropped: process.records.dropped(),
            key_vault: process.secrets.vault().map(|vault| KeyVaultStatus::of(vault.report())),
            access_tokens: process.tokens.reports().into_iter().map(AccessTokenStatus::of).collect(),
            audit: AuditStatus::of(process),
        }
    }
}

impl BundleStatus {
    fn of(process: &Process, generation: &Generation) -> Self {
        let release = generation.release.load();
        let age = Timestamp::now().as_second().saturating_sub(generation.activated.as_second());
        Self {
            name: release.name.clone(),
            channel: release.channel.clone(),
            digest: generation.digest.to_string(),
            sequence: release.sequence,
            commit: release.commit.clone(),
            activated: generation.activated.to_string(),
            age_seconds: u64::try_from(age).unwrap_or(0),
            expires: release.expires.to_string(),
            expired: generation.expired(),
            from_last_good: process.is_on_last_good(),
            secrets_missing: generation.credentials.secrets.missing(),
            tokens_missing: generation.credentials.tokens.missing(),
            issuers: generation.issuers.iter().map(|(name, issuer)| IssuerStatus::of(name, issuer)).collect(),
        }
    }
}

impl IssuerStatus {
    fn of(name: &Name, issuer: &Issuer) -> Self {
        let state = issuer.state();
        Self {
            name: name.to_string(),
            url: state.url,
            keys: state.keys as u64,
            fetched: state.fetched.map(|(_, time)| time.to_string()),
            age_seconds: state.fetched.map(|(age, _)| age.as_secs()),
            error: state.fault,
        }
    }
}

/// Everything that a scrape sees.
pub(super) fn metrics(process: &Process, text: &mut Text) {
    Requests::write(process.workers.iter().map(|worker| &*worker.requests), text);
    connections(process, text);
    bundle(process, text);
    credentials::metrics(process, text);
    process.certificates.metrics(text);
    for ((result, reason), count) in process.history.counts() {
        text.value(
            Metric::ActivationsTotal,
            &[("aigw_result", ActivationResult::as_str(result)), ("error_type", &reason)],
            count,
        );
    }
    text.value(Metric::GenerationsAlive, &[], process.generations.alive().len());
    text.value(Metric::Ready, &[], u8::from(Readiness::of(process, false).ready));
    text.value(Metric::RecordsDropped, &[], process.records.dropped());
    text.value(Metric::AuditLost, &[], process.audit.lost());
    text.value(Metric::AuditFailing, &[], u8::from(process.audit.is_failing()));
    text.value(Metric::StartTime, &[], process.started.as_second());
    if let Some(bytes) = resident_bytes() {
        text.value(Metric::ResidentMemory, &[], bytes);
    }
}

fn connections(process: &Process, text: &mut Text) {
    let counts = process.connections.now();
    text.value(Metric::ConnectionsOpen, &[], counts.open);
    let results = [
        ("accepted", counts.accepted),
        ("refused", counts.refused),
        ("failed", counts.failed),
        ("stalled", counts.stalled),
        ("flooded", counts.flooded),
    ];
    for (result, count) in results {
        text.value(Metric::ConnectionsTotal, &[("aigw_result", result)], count);
    }
    let load = process.state.load_counts();
    text.value(Metric::RequestsInFlight, &[], load.in_flight);
    for (class, count) in Class::ALL.into_iter().zip(load.refused) {
        text.value(Metric::RequestsShed, &[("aigw_class", class.as_str())], count);
    }
    text.value(Metric::AddressesForgotten, &[], process.state.addresses_forgotten());
    let pools = process.workers.iter().map(|worker| worker.pools.counts()).fold(PoolCounts::default(), PoolCounts::plus);
    text.value(Metric::UpstreamOpened, &[], pools.opened);
    text.value(Metric::UpstreamIdle, &[], pools.idle);
}

fn bundle(process: &Process, text: &mut Text) {
    let Some(generation) = process.generations.current() else { return };
    let release = generation.release.load();
    let labels = [("aigw_bundle_name", release.name.as_str()), ("aigw_bundle_digest", &generation.digest.to_string())];
    text.value(Metric::BundleInfo, &labels, 1);
    text.value(Metric::BundleSequence, &[], release.sequence);
    text.value(Metric::BundleActivated, &[], generation.activated.as_second());
    text.value(Metric::BundleExpires, &[], release.expires.as_second());
    text.value(Metric::SecretsMissing, &[], generation.credentials.secrets.missing().len());
    text.value(Metric::TokensMissing, &[], generation.credentials.tokens.missing().len());
    let states: Vec<_> = generation.issuers.iter().map(|(name, issuer)| (name.as_str(), issuer.state())).collect();
    for (name, state) in &states {
        text.value(Metric::IssuerKeys, &[("aigw_issuer", name)], state.keys);
    }
    for (name, state) in &states {
        if let Some((age, _)) = state.fetched {
            text.value(Metric::IssuerKeysAge, &[("aigw_issuer", name)], age.as_secs());
        }
    }
    for (name, state) in &states {
        for (result, count) in [("success", state.good), ("failure", state.bad)] {
            text.value(Metric::IssuerFetches, &[("aigw_issuer", name), ("aigw_result", result)], count);
        }
    }
}

/// What the kernel says (proc_pid_status(5)); none where it does not.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}
