//! Where bundles come from.

use std::path::PathBuf;

use aigw_bundle::{Refusal, TrustRoot};
use aigw_core::Name;

use super::ActivationResult;

/// A place where bundles appear. Everything here may block; none of it runs on a thread that serves clients.
pub trait Source: Send + 'static {
    /// What it is, for people: a path, an address.
    fn describe(&self) -> String;

    /// What to watch, so that a change is seen at once. Polling its fingerprint sees what watching misses.
    fn watched(&self) -> Option<Watched>;

    /// Tells states of the source apart, cheaply enough to ask every few seconds.
    fn fingerprint(&mut self) -> Fingerprint;

    /// Whom a bundle must be signed by, for what.
    ///
    /// # Errors
    /// Why that is not known. Without it nothing is served.
    fn trust(&mut self) -> Result<Trust, Fault>;

    /// The bundle. Nobody has looked into it yet.
    ///
    /// # Errors
    /// Why there is none.
    fn fetch(&mut self) -> Result<Vec<u8>, Fault>;

    /// Whether what it gave outlives the process: the last good bundle is kept, and older ones are refused from then on.
    fn is_remembered(&self) -> bool;
}

/// What to watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// The folder.
    pub folder: PathBuf,
    /// Whether the folders in it count too.
    pub recursive: bool,
}

/// A state of a source: equal ones would give the same bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

/// Whom bundles must be signed by, for what.
#[derive(Clone, Debug)]
pub struct Trust {
    /// Who may sign.
    pub root: TrustRoot,
    /// The channel that is served.
    pub channel: Name,
    /// The only name that will do, if any.
    pub name: Option<Name>,
    /// Whether a parameter without a value may take the `test` value of its declaration.
    pub test_values: bool,
}

/// Why a bundle was not activated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// A stable code in `snake_case`.
    pub reason: String,
    /// Why, for people, on one line.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Whether the same may work later, so that it is tried again.
    pub transient: bool,
}

impl Fault {
    /// A fault of the bundle: trying again gives the same.
    pub fn lasting(reason: &str, message: impl Into<String>) -> Self {
        Self { reason: reason.to_owned(), message: message.into(), help: None, transient: false }
    }

    /// A fault of what surrounds it: trying again may help.
    pub fn transient(reason: &str, message: impl Into<String>) -> Self {
        Self { transient: true, ..Self::lasting(reason, message) }
    }

    /// With what to do about it.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    pub(crate) const fn result(&self) -> ActivationResult {
        if self.transient { ActivationResult::Failed } else { ActivationResult::Refused }
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        // Time heals this one alone.
        let transient = refusal.reason() == aigw_bundle::Reason::NotYetValid;
        Self { transient, ..Self::lasting(refusal.code(), refusal.message()).help(refusal.help()) }
    }
}
