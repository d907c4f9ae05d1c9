//! Files that only make sense together, read as one.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use aigw_core::Timestamp;
use serde::{Deserialize, Serialize};

use super::file::Signature;
use crate::transport::TlsError;

/// How soon files that could not be used are read again without having changed: what was not valid yet may be by now.
const RETRY: Duration = Duration::from_secs(30);

/// What `/status` says of certificates, keys, authorities and revocation lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TlsFileStatus {
    /// `certificate` (the listener's, with its key) or `ca NAME`.
    pub name: String,
    /// When what is in use was read; RFC 3339.
    pub loaded: String,
    /// When the first of its certificates ends; RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// When the first of its revocation lists is over and its clients are refused; RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crl_until: Option<String>,
    /// Why the files as they are now are not in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What was read, with the times that it carries.
#[derive(Clone, Debug)]
pub(super) struct Read<T> {
    pub(super) value: T,
    pub(super) expires: Option<Timestamp>,
    pub(super) lists_until: Option<Timestamp>,
}

/// Files in use.
pub(super) struct Unit<T> {
    name: String,
    files: Vec<PathBuf>,
    current: Read<T>,
    loaded: jiff::Timestamp,
    error: Option<String>,
    /// The files as they were read last.
    attempted: Signature,
    tried: Instant,
    /// The files as they were seen last.
    seen: Signature,
    pub(super) loads: u64,
    pub(super) refusals: u64,
}

impl<T> Unit<T> {
    /// The first reading. What cannot be read cannot be used.
    pub(super) fn new(
        name: String,
        files: Vec<PathBuf>,
        read: impl FnOnce() -> Result<Read<T>, TlsError>,
    ) -> Result<Self, TlsError> {
        let seen = Signature::of(&files);
        let (current, loaded, tried) = (read()?, jiff::Timestamp::now(), Instant::now());
        Ok(Self { name, files, current, loaded, error: None, attempted: seen.clone(), tried, seen, loads: 1, refusals: 0 })
    }

    /// What is in use.
    pub(super) const fn value(&self) -> &T {
        &self.current.value
    }

    /// Reads files that changed and have come to rest since. True where others are in use now.
    pub(super) fn refresh(&mut self, read: impl FnOnce() -> Result<Read<T>, TlsError>) -> bool {
        let now = Signature::of(&self.files);
        // Certificate and key may be written one after the other.
        let rests = std::mem::replace(&mut self.seen, now.clone()) == now;
        let is_new = now != self.attempted;
        let is_due = is_new || (self.error.is_some() && self.tried.elapsed() >= RETRY);
        if !rests || !is_due {
            return false;
        }
        let outcome = read();
        if Signature::of(&self.files) != now {
            return false;
        }
        (self.attempted, self.tried) = (now, Instant::now());
        match outcome {
            Ok(next) => {
                (self.current, self.loaded, self.error) = (next, jiff::Timestamp::now(), None);
                self.loads = self.loads.saturating_add(1);
                tracing::info!(files = self.name, "certificates changed");
                true
            }
            Err(fault) => {
                let fault = fault.to_string();
                if is_new || self.error.as_ref() != Some(&fault) {
                    self.refusals = self.refusals.saturating_add(1);
                    tracing::error!(
                        files = self.name,
                        error = fault,
                        "changed certificates cannot be used; those from before stay in use"
                    );
                }
                self.error = Some(fault);
                false
            }
        }
    }

    /// For `/status`.
    pub(super) fn status(&self) -> TlsFileStatus {
        let shown =
            |time: Option<Timestamp>| jiff::Timestamp::from_millisecond(time?.as_millis()).ok().map(|time| time.to_string());
        TlsFileStatus {
            name: self.name.clone(),
            loaded: self.loaded.to_string(),
            expires: shown(self.current.expires),
            crl_until: shown(self.current.lists_until),
            error: self.error.clone(),
        }
    }

    /// Its name, for logs and metrics.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// When the first of its certificates, and the first of its revocation lists, is over.
    pub(super) const fn ends(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        (self.current.expires, self.current.lists_until)
    }
}
