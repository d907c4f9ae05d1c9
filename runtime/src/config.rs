//! Settings with their defaults, checked: what a process starts from.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::reload::{File, Source};
use crate::secrets::is_vault_url;
use crate::settings::{LogPlace, Settings, ThreadModel};
use crate::tls::Certificates;

const LISTEN: &str = "127.0.0.1:8080";
const ADMIN: &str = "127.0.0.1:8081";
const CHANNEL: &str = "prod";
/// Vaults answer some thousand requests in ten seconds, for everyone who asks.
const SOONEST_REFRESH: aigw_core::Millis = aigw_core::Millis::from_secs(5);
const DRAIN: Duration = Duration::from_secs(30);

/// Why a process could not start.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct StartError {
    /// Why, for exit codes and alerts.
    pub reason: StartReason,
    /// Why, for people, on one line.
    pub message: String,
}

/// Why a process could not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StartReason {
    /// The settings contradict themselves, or something needed is not set.
    Settings,
    /// An address cannot be listened on.
    Listen,
    /// Certificates, keys or authorities.
    Tls,
    /// The state folder, or what it remembers.
    State,
    /// The operating system gave no thread, no randomness, or no file for the decision log or the audit trail.
    System,
}

impl StartReason {
    /// A stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Settings => "settings_invalid",
            Self::Listen => "listen_failed",
            Self::Tls => "tls_invalid",
            Self::State => "state_unusable",
            Self::System => "system_failed",
        }
    }

    pub(crate) fn with(self, fault: impl ToString) -> StartError {
        StartError { reason: self, message: fault.to_string() }
    }
}

/// Checked settings.
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) certificates: Certificates,
    pub(crate) source: Box<dyn Source>,
    pub(crate) drain: Duration,
    pub(crate) threads: usize,
    pub(crate) thread_model: ThreadModel,
    pub(crate) decisions: LogPlace,
    pub(crate) audit: LogPlace,
    /// The rest, as it was written.
    pub(crate) settings: Settings,
}

impl Config {
    /// Checks settings. `source` is served in place of the bundle file that they name. Reads certificates.
    pub(crate) fn new(settings: Settings, source: Option<Box<dyn Source>>) -> Result<Self, StartError> {
        let admin = settings.admin.map_or_else(|| default(ADMIN), Ok)?;
        check_token(&settings, admin)?;
        check_vault(&settings)?;
        let source = match source {
            Some(source) => source,
            None => Box::new(bundle_file(&settings)?),
        };
        Ok(Self {
            listen: settings.listen.map_or_else(|| default(LISTEN), Ok)?,
            admin,
            certificates: Certificates::new(&settings).map_err(|fault| StartReason::Tls.with(fault))?,
            source,
            drain: settings.drain.map_or(DRAIN, aigw_core::Millis::as_duration),
            threads: settings.threads.map_or_else(cores, |threads| usize::from(threads.get())),
            thread_model: settings.thread_model.unwrap_or_default(),
            decisions: settings.decisions.clone().unwrap_or_default(),
            audit: settings.audit.clone().unwrap_or(LogPlace::None),
            settings,
        })
    }
}

fn default(address: &str) -> Result<SocketAddr, StartError> {
    address.parse().map_err(|fault| StartReason::Settings.with(fault))
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Off loopback, whoever can connect must prove more than that.
fn check_token(settings: &Settings, admin: SocketAddr) -> Result<(), StartError> {
    let (secret, file) = (settings.admin_token_secret.as_deref(), settings.admin_token_file.as_ref());
    if secret.is_some() && file.is_some() {
        return Err(StartReason::Settings.with("the admin token is given twice: set `adminTokenSecret` or `adminTokenFile`"));
    }
    if secret.is_none() && file.is_none() && !admin.ip().to_canonical().is_loopback() {
        return Err(StartReason::Settings.with(format!(
            "the admin address {admin} can be reached from other machines: set `adminTokenSecret` or `adminTokenFile`, or listen on 127.0.0.1"
        )));
    }
    Ok(())
}

fn check_vault(settings: &Settings) -> Result<(), StartError> {
    let Some(vault) = &settings.key_vault else { return Ok(()) };
    let shown: String = vault.url.chars().take(120).collect();
    if !is_vault_url(&vault.url) {
        return Err(StartReason::Settings
            .with(format!("`{shown}` is not the address of a key vault: write `https://NAME.vault.azure.net`")));
    }
    if vault.refresh.is_some_and(|refresh| refresh < SOONEST_REFRESH) {
        return Err(StartReason::Settings.with(format!("`keyVault.refresh` is at least {SOONEST_REFRESH}")));
    }
    Ok(())
}

fn bundle_file(settings: &Settings) -> Result<File, StartError> {
    let needed = |what: &Option<PathBuf>, why: &str| what.clone().ok_or_else(|| StartReason::Settings.with(why));
    let bundle = needed(&settings.bundle, "there is nothing to serve: set `bundle`, or serve a folder with `--dev`")?;
    let trust =
        needed(&settings.trust, "without a trust root no bundle can be believed: set `trust`, or serve a folder with `--dev`")?;
    let channel = match &settings.channel {
        Some(channel) => channel.clone(),
        None => CHANNEL.parse().map_err(|fault: aigw_core::NameError| StartReason::Settings.with(fault))?,
    };
    Ok(File::new(bundle, trust, channel, settings.bundle_name.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(json: &str) -> Option<(StartReason, String)> {
        let settings = serde_json::from_str(json).ok()?;
        Config::new(settings, None).err().map(|error| (error.reason, error.message))
    }

    #[test]
    fn settings_that_cannot_work_are_refused_with_what_to_do() {
        for (json, reason, part) in [
            ("{}", StartReason::Settings, "set `bundle`"),
            (r#"{"bundle": "b"}"#, StartReason::Settings, "set `trust`"),
            (r#"{"admin": "0.0.0.0:1"}"#, StartReason::Settings, "set `adminTokenSecret`"),
            (r#"{"admin": "[::]:1"}"#, StartReason::Settings, "set `adminTokenSecret`"),
            (r#"{"adminTokenSecret": "a", "adminTokenFile": "b"}"#, StartReason::Settings, "given twice"),
            (r#"{"keyVault": {"url": "http://x.vault.azure.net"}}"#, StartReason::Settings, "is not the address of a key vault"),
            (r#"{"keyVault": {"url": "https://x.vault.azure.net/secrets"}}"#, StartReason::Settings, "is not the address"),
            (r#"{"keyVault": {"url": "https://x.vault.azure.net", "refresh": "4s"}}"#, StartReason::Settings, "at least 5s"),
            (r#"{"bundle": "b", "trust": "t", "tls": {"cert": "/nowhere", "key": "/nowhere"}}"#, StartReason::Tls, "/nowhere"),
            (r#"{"bundle": "b", "trust": "t", "cas": {"a": "/nowhere"}}"#, StartReason::Tls, "/nowhere"),
        ] {
            let found = refused(json);
            assert!(found.as_ref().is_some_and(|(own, message)| *own == reason && message.contains(part)), "{json}: {found:?}");
        }
    }
}
