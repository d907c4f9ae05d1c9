//! `trust.json` as it is written, and the check that turns it into a [`TrustRoot`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::marker::PhantomData;

use aigw_core::{Millis, Name};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::{Channel, Role, TrustRoot, TrustedKey};
use crate::reason::{quoted, quoted_fault};
use crate::{Algorithm, PublicKey, Reason, Refusal};

/// The version of the file that this version reads and writes.
const VERSION: u16 = 1;

/// Longest file in bytes: hundreds of keys; bounds what an envelope can carry as well.
const MAX_BYTES: usize = 128 * 1024;

/// Stands for any bundle name.
const ANY: &str = "*";

/// `trust.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustFile {
    /// The version of this format: 1.
    pub version: u16,
    /// Raised by one with every change.
    pub revision: u64,
    /// Raised to begin sequence numbers anew, after a key was stolen.
    #[serde(default)]
    pub epoch: u64,
    /// The bundle names that may be served; `["*"]` for any.
    pub names: Vec<String>,
    /// The keys.
    pub keys: Vec<KeyEntry>,
    /// The channels by name.
    #[serde(deserialize_with = "unique_keys")]
    pub channels: BTreeMap<Name, ChannelEntry>,
    /// Whose signatures replace this file. Without it, only whoever can write the file does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<RootEntry>,
}

/// A key of the trust root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyEntry {
    /// What channels call it: a name of your choice.
    pub id: Name,
    /// How it signs.
    pub algorithm: Algorithm,
    /// The public key: a PEM block, or the base64 in it.
    pub public: String,
    /// Whether its signatures count.
    #[serde(default)]
    pub state: KeyState,
}

/// Where a key stands in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyState {
    /// Signs and verifies.
    #[default]
    Active,
    /// Verifies what it signed, and signs nothing new.
    Retiring,
    /// Its signatures count for nothing.
    Revoked,
}

/// A channel of the trust root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChannelEntry {
    /// How many different keys must have signed.
    pub threshold: u32,
    /// The keys that may, by id.
    pub keys: Vec<Name>,
    /// Longest time from not-before to expiry.
    pub longest_validity: Millis,
    /// Whether builds from a changed or unknown working copy are served.
    #[serde(default)]
    pub allow_dirty: bool,
    /// What a bundle must have passed.
    #[serde(default)]
    pub require_gates: Vec<Gate>,
}

/// Something a bundle must have passed before it was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// Validation without errors.
    Validated,
    /// Lint without errors and warnings.
    Lint,
    /// At least one test, all passed.
    Tests,
}

/// Who may replace the trust root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RootEntry {
    /// How many different keys must have signed.
    pub threshold: u32,
    /// The keys that may, by id.
    pub keys: Vec<Name>,
}

impl TrustFile {
    /// A file with one key and one channel that needs its signature: what `aigw keygen` offers, and `--dev` uses.
    pub fn of_one_key(id: Name, key: &PublicKey, channel: Name, longest_validity: Millis) -> Self {
        let entry = ChannelEntry {
            threshold: 1,
            keys: vec![id.clone()],
            longest_validity,
            allow_dirty: false,
            require_gates: Vec::new(),
        };
        let root = RootEntry { threshold: 1, keys: vec![id.clone()] };
        let key = KeyEntry { id, algorithm: key.algorithm(), public: key.to_base64(), state: KeyState::Active };
        Self {
            version: VERSION,
            revision: 1,
            epoch: 0,
            names: vec![ANY.to_owned()],
            keys: vec![key],
            channels: [(channel, entry)].into(),
            root: Some(root),
        }
    }

    /// As `trust.json` is written: indented, with a newline at the end.
    pub fn to_json(&self) -> Result<String, Refusal> {
        let json = serde_json::to_string_pretty(self);
        json.map(|json| json + "\n").map_err(|fault| invalid(format!("the trust root cannot be written: {fault}")))
    }

    pub(super) fn parse(json: &[u8]) -> Result<Self, Refusal> {
        if json.len() > MAX_BYTES {
            return Err(invalid(format!("the trust root has more than {MAX_BYTES} bytes")));
        }
        serde_json::from_slice(json).map_err(|fault| invalid(format!("the trust root is malformed: {}", quoted_fault(&fault))))
    }

    /// The trust root of this file. Errs with every fault that it finds.
    pub fn check(self) -> Result<TrustRoot, Refusal> {
        let mut faults = Vec::new();
        if self.version != VERSION {
            faults.push(format!("version {} is not known, only {VERSION}", self.version));
        }
        let names = self.check_names(&mut faults);
        let keys = self.check_keys(&mut faults);
        let mut channels = BTreeMap::new();
        for (name, entry) in &self.channels {
            let role = check_role(&format!("channel `{name}`"), entry.threshold, &entry.keys, &keys, &mut faults);
            channels.insert(name.clone(), entry.channel(role));
        }
        let root = self.root.as_ref().map(|root| check_role("`root`", root.threshold, &root.keys, &keys, &mut faults));
        if !faults.is_empty() {
            return Err(invalid(format!("the trust root is wrong: {}", faults.join("; "))));
        }
        Ok(TrustRoot { revision: self.revision, epoch: self.epoch, names, keys, channels, root, file: self })
    }

    fn check_names(&self, faults: &mut Vec<String>) -> Option<BTreeSet<Name>> {
        if self.names == [ANY] {
            return None;
        }
        if self.names.is_empty() {
            faults.push("`names` is empty, so that no bundle could be served".to_owned());
        }
        let mut names = BTreeSet::new();
        for text in &self.names {
            match text.parse() {
                Ok(name) => _ = names.insert(name),
                Err(_) => faults.push(format!("{} in `names` is not a name", quoted(text))),
            }
        }
        Some(names)
    }

    fn check_keys(&self, faults: &mut Vec<String>) -> BTreeMap<Name, TrustedKey> {
        let mut keys: BTreeMap<Name, TrustedKey> = BTreeMap::new();
        for KeyEntry { id, algorithm, public, state } in &self.keys {
            let public = match PublicKey::from_text(public) {
                Ok(public) => public,
                Err(fault) => {
                    faults.push(format!("key `{id}`: {fault}"));
                    continue;
                }
            };
            if public.algorithm() != *algorithm {
                faults.push(format!("key `{id}` is of algorithm `{}`, not `{algorithm}`", public.algorithm()));
            }
            // One key under two names could be taken for two people.
            if let Some((other, _)) = keys.iter().find(|(_, other)| other.public == public) {
                faults.push(format!("key `{id}` is the same key as `{other}`"));
            }
            if keys.insert(id.clone(), TrustedKey { public, state: *state }).is_some() {
                faults.push(format!("key `{id}` stands twice"));
            }
        }
        keys
    }
}

impl ChannelEntry {
    fn channel(&self, role: Role) -> Channel {
        Channel {
            role,
            longest_validity: self.longest_validity,
            allow_dirty: self.allow_dirty,
            require_gates: self.require_gates.iter().copied().collect(),
        }
    }
}

fn check_role(what: &str, threshold: u32, ids: &[Name], keys: &BTreeMap<Name, TrustedKey>, faults: &mut Vec<String>) -> Role {
    let role = Role { threshold: usize::try_from(threshold).unwrap_or(usize::MAX), keys: ids.iter().cloned().collect() };
    if role.keys.len() != ids.len() {
        faults.push(format!("{what} lists a key twice"));
    }
    for id in role.keys.iter().filter(|id| !keys.contains_key(*id)) {
        faults.push(format!("{what} lists the key `{id}`, which `keys` does not hold"));
    }
    if role.threshold == 0 || role.threshold > role.keys.len() {
        faults.push(format!(
            "{what} has threshold {threshold}, which must be from 1 to the number of its keys, {}",
            role.keys.len()
        ));
    }
    role
}

/// A map in which a repeated key is a fault: serde's own takes the last, which a reader of the file may not have seen.
fn unique_keys<'de, D, V>(deserializer: D) -> Result<BTreeMap<Name, V>, D::Error>
where
    D: Deserializer<'de>,
    V: Deserialize<'de>,
{
    struct Unique<V>(PhantomData<V>);

    impl<'de, V: Deserialize<'de>> Visitor<'de> for Unique<V> {
        type Value = BTreeMap<Name, V>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
            let mut map = BTreeMap::new();
            while let Some((key, value)) = entries.next_entry::<Name, V>()? {
                if map.contains_key(&key) {
                    return Err(A::Error::custom(format!("`{key}` stands twice")));
                }
                map.insert(key, value);
            }
            Ok(map)
        }
    }

    deserializer.deserialize_map(Unique(PhantomData))
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(Reason::TrustInvalid, message)
}

impl Gate {
    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Validated => "validated",
            Self::Lint => "lint",
            Self::Tests => "tests",
        }
    }
}
