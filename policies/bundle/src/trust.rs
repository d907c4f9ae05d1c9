//! The trust root: which keys may sign what, and how many of them it takes. Everything a runtime believes about a bundle hangs on this file.

mod count;
mod file;
#[cfg(test)]
mod tests;
mod update;

use std::collections::{BTreeMap, BTreeSet};

use aigw_core::{Millis, Name};

pub(crate) use count::count;
pub use file::{ChannelEntry, Gate, KeyEntry, KeyState, RootEntry, TrustFile};
pub use update::{sign_trust, verify_trust_update};

use crate::{PublicKey, Reason, Refusal};

/// A trust root that has been checked: every name in it resolves and no key stands in it twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustRoot {
    revision: u64,
    epoch: u64,
    /// `None`: any name.
    names: Option<BTreeSet<Name>>,
    keys: BTreeMap<Name, TrustedKey>,
    channels: BTreeMap<Name, Channel>,
    root: Option<Role>,
    file: TrustFile,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TrustedKey {
    pub(crate) public: PublicKey,
    pub(crate) state: KeyState,
}

/// Some keys, and how many different ones of them must have signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Role {
    pub(crate) threshold: usize,
    pub(crate) keys: BTreeSet<Name>,
}

/// What a channel asks of its bundles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Channel {
    pub(crate) role: Role,
    pub(crate) longest_validity: Millis,
    pub(crate) allow_dirty: bool,
    pub(crate) require_gates: BTreeSet<Gate>,
}

impl TrustRoot {
    /// Reads `trust.json`. Every fault is in the message of the refusal.
    pub fn parse(json: &[u8]) -> Result<Self, Refusal> {
        TrustFile::parse(json)?.check()
    }

    /// How often it has been replaced; only higher revisions may replace it.
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// Sequence numbers count anew in each epoch: raised after a stolen key has signed a sequence number that nobody can exceed.
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// As it is written.
    pub const fn file(&self) -> &TrustFile {
        &self.file
    }

    /// The channels it knows.
    pub fn channels(&self) -> impl Iterator<Item = &Name> {
        self.channels.keys()
    }

    /// Whether this key may sign something new for the channel: it must be listed there and active. A retiring key still verifies, so that
    /// what it signed stays valid, but it signs nothing new.
    pub fn check_signer(&self, channel: &Name, key: &PublicKey) -> Result<(), Refusal> {
        let role = &self.channel(channel)?.role;
        let id = key.id().short();
        let Some((label, trusted)) = self.keys.iter().find(|(_, trusted)| trusted.public == *key) else {
            return Err(Refusal::new(Reason::UnknownKey, format!("the trust root does not hold the key {id}")));
        };
        match trusted.state {
            KeyState::Revoked => Err(Refusal::new(Reason::RevokedKey, format!("the key `{label}` ({id}) is revoked"))),
            KeyState::Retiring => Err(Refusal::new(Reason::RetiringKey, format!("the key `{label}` ({id}) is being retired"))),
            KeyState::Active if role.keys.contains(label) => Ok(()),
            KeyState::Active => {
                Err(Refusal::new(Reason::KeyNotAllowed, format!("the key `{label}` ({id}) may not sign for channel `{channel}`")))
            }
        }
    }

    pub(crate) fn channel(&self, name: &Name) -> Result<&Channel, Refusal> {
        self.channels
            .get(name)
            .ok_or_else(|| Refusal::new(Reason::UnknownChannel, format!("the trust root has no channel `{name}`")))
    }

    pub(crate) fn allows_name(&self, name: &Name) -> bool {
        self.names.as_ref().is_none_or(|names| names.contains(name))
    }

    pub(crate) const fn keys(&self) -> &BTreeMap<Name, TrustedKey> {
        &self.keys
    }
}
