//! Where secrets come from: a folder of files, the environment, and Azure Key Vault, in that order. Values live in [`Secret`], which prints nothing,
//! and go nowhere but into the requests that need them.

mod environment;
mod files;
mod keyvault;
mod setup;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use aigw_core::Secret;
use arc_swap::ArcSwap;

pub(crate) use files::read_secret_file;
pub(crate) use keyvault::{Vault, VaultReport, VaultSetup, is_vault_url};
pub(crate) use setup::sources;

/// The sources of secrets.
pub(crate) struct Secrets {
    folder: Option<PathBuf>,
    variable: environment::Lookup,
    vault: Option<Vault>,
    sets: Mutex<Vec<Weak<SecretSet>>>,
}

/// The secrets of one program. Their values follow their sources.
pub(crate) struct SecretSet {
    values: ArcSwap<BTreeMap<String, Option<Secret>>>,
}

impl Secrets {
    /// Secrets from that folder, if any, else from the process's environment, else from that vault.
    pub(crate) fn new(folder: Option<PathBuf>, vault: Option<Vault>) -> Self {
        Self { folder, variable: environment::process, vault, sets: Mutex::default() }
    }

    /// Reads these secrets, and keeps them fresh for as long as the set is held. Blocks on files, and on the vault for those that are nowhere else.
    pub(crate) fn set(&self, names: &[String]) -> Arc<SecretSet> {
        let values = names.iter().map(|name| (name.clone(), None)).collect();
        let set = Arc::new(SecretSet { values: ArcSwap::from_pointee(values) });
        {
            let mut sets = self.sets();
            sets.retain(|set| set.strong_count() > 0);
            sets.push(Arc::downgrade(&set));
        }
        if let Some(vault) = &self.vault {
            vault.want(self.elsewhere());
            vault.wait();
        }
        self.fill(&set);
        set
    }

    /// Reads all secrets in use again, those in the vault as it was seen last. Blocks on files.
    pub(crate) fn refresh(&self) {
        for set in self.in_use() {
            let changed = self.fill(&set);
            if !changed.is_empty() {
                tracing::info!(secrets = ?changed, "secrets changed");
            }
        }
    }

    /// Tells the vault which secrets in use are to be had nowhere else. Blocks on files.
    pub(crate) fn ask_vault(&self) {
        if let Some(vault) = &self.vault {
            vault.want(self.elsewhere());
        }
    }

    /// The vault, where there is one.
    pub(crate) const fn vault(&self) -> Option<&Vault> {
        self.vault.as_ref()
    }

    /// One secret, now. Blocks on a file; of the vault it sees what is in use.
    pub(crate) fn read(&self, name: &str) -> Option<Secret> {
        self.here(name).or_else(|| self.vault.as_ref()?.get(name))
    }

    /// From the file or the variable.
    fn here(&self, name: &str) -> Option<Secret> {
        if !is_name(name) {
            return None;
        }
        let file = self.folder.as_ref().and_then(|folder| read_secret_file(&folder.join(name)));
        let value = file.or_else(|| environment::read(self.variable, name))?;
        secret(&value)
    }

    /// The names in use that have neither.
    fn elsewhere(&self) -> BTreeSet<String> {
        let names: BTreeSet<String> = self.in_use().iter().flat_map(|set| set.names()).collect();
        names.into_iter().filter(|name| self.here(name).is_none()).collect()
    }

    /// Reads a set's values; gives the names of those that changed.
    fn fill(&self, set: &SecretSet) -> Vec<String> {
        let old = set.values.load_full();
        let read =
            |(name, before): (&String, &Option<Secret>)| (name.clone(), self.read(name).or_else(|| self.meanwhile(name, before)));
        let new: BTreeMap<_, _> = old.iter().map(read).collect();
        let changed: Vec<_> =
            new.iter().filter(|(name, value)| !same(old.get(*name), value)).map(|(name, _)| name.clone()).collect();
        if !changed.is_empty() {
            set.values.store(Arc::new(new));
        }
        changed
    }

    /// What stays in use of a secret whose file is gone, until the vault was asked for it.
    fn meanwhile(&self, name: &str, before: &Option<Secret>) -> Option<Secret> {
        before.clone().filter(|_| self.vault.as_ref().is_some_and(|vault| vault.is_asking(name)))
    }

    fn in_use(&self) -> Vec<Arc<SecretSet>> {
        self.sets().iter().filter_map(Weak::upgrade).collect()
    }

    fn sets(&self) -> MutexGuard<'_, Vec<Weak<SecretSet>>> {
        self.sets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SecretSet {
    /// A secret's value.
    pub(crate) fn get(&self, name: &str) -> Option<Secret> {
        self.values.load().get(name).cloned().flatten()
    }

    /// The names of those without a value.
    pub(crate) fn missing(&self) -> Vec<String> {
        self.values.load().iter().filter(|(_, value)| value.is_none()).map(|(name, _)| name.clone()).collect()
    }

    fn names(&self) -> Vec<String> {
        self.values.load().keys().cloned().collect()
    }
}

/// A value that is one.
fn secret(value: &str) -> Option<Secret> {
    (!value.is_empty()).then(|| Secret::new(value.to_owned()))
}

/// Names that cannot leave the folder.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn same(old: Option<&Option<Secret>>, new: &Option<Secret>) -> bool {
    match (old, new) {
        (Some(Some(old)), Some(new)) => old.expose() == new.expose(),
        (Some(None), None) => true,
        _ => false,
    }
}
