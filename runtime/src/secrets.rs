//! Where secrets come from: a folder of files, and the environment. Values live in [`Secret`], which prints nothing, and go nowhere but into the
//! requests that need them.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use aigw_core::Secret;
use arc_swap::ArcSwap;

/// Longest secret in bytes: keys and tokens are shorter, and a mistaken file must not fill memory.
const MAX_SECRET_BYTES: u64 = 64 * 1024;
/// What the variables' names begin with.
const VARIABLE_PREFIX: &str = "AIGW_SECRET_";

/// The sources of secrets.
pub(crate) struct Secrets {
    folder: Option<PathBuf>,
    variable: fn(&str) -> Option<String>,
    sets: Mutex<Vec<Weak<SecretSet>>>,
}

/// The secrets of one program. Their values follow their sources.
pub(crate) struct SecretSet {
    values: ArcSwap<BTreeMap<String, Option<Secret>>>,
}

impl Secrets {
    /// Secrets from that folder, if any, and else from the process's environment.
    pub(crate) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, variable: |name| std::env::var(name).ok(), sets: Mutex::default() }
    }

    /// Reads these secrets, and keeps them fresh for as long as the set is held.
    pub(crate) fn set(&self, names: &[String]) -> Arc<SecretSet> {
        let values = names.iter().map(|name| (name.clone(), self.read(name))).collect();
        let set = Arc::new(SecretSet { values: ArcSwap::from_pointee(values) });
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        sets.retain(|set| set.strong_count() > 0);
        sets.push(Arc::downgrade(&set));
        set
    }

    /// Reads all secrets in use again. Blocks on files.
    pub(crate) fn refresh(&self) {
        let sets: Vec<_> = self.sets.lock().unwrap_or_else(PoisonError::into_inner).iter().filter_map(Weak::upgrade).collect();
        for set in sets {
            let old = set.values.load_full();
            let new: BTreeMap<_, _> = old.keys().map(|name| (name.clone(), self.read(name))).collect();
            let changed: Vec<_> = new.iter().filter(|(name, value)| !same(old.get(*name), value)).map(|(name, _)| name).collect();
            if !changed.is_empty() {
                tracing::info!(secrets = ?changed, "secrets changed");
                set.values.store(Arc::new(new));
            }
        }
    }

    /// One secret, now. Blocks on a file.
    pub(crate) fn read(&self, name: &str) -> Option<Secret> {
        if !is_name(name) {
            return None;
        }
        let value = self.in_folder(name).or_else(|| (self.variable)(&variable(name)))?;
        (!value.is_empty()).then(|| Secret::new(value))
    }

    fn in_folder(&self, name: &str) -> Option<String> {
        read_secret_file(&self.folder.as_ref()?.join(name))
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
}

/// A file's only line. `None` where there is none, or what is there cannot be a secret.
pub(crate) fn read_secret_file(path: &std::path::Path) -> Option<String> {
    let file = std::fs::File::open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut value = String::new();
    let read = file.take(MAX_SECRET_BYTES + 1).read_to_string(&mut value);
    if read.is_err() || value.len() as u64 > MAX_SECRET_BYTES {
        tracing::warn!(path = %path.display(), "a secret's file is not text, or too long");
        return None;
    }
    // Editors and `echo` end files with a newline that nobody means.
    let end = value.trim_end_matches(['\r', '\n']).len();
    value.truncate(end);
    Some(value)
}

/// Names that cannot leave the folder.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// The environment variable of a secret.
fn variable(name: &str) -> String {
    format!("{VARIABLE_PREFIX}{}", name.to_ascii_uppercase().replace(['-', '.'], "_"))
}

fn same(old: Option<&Option<Secret>>, new: &Option<Secret>) -> bool {
    match (old, new) {
        (Some(Some(old)), Some(new)) => old.expose() == new.expose(),
        (Some(None), None) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn from(folder: &tempfile::TempDir) -> Secrets {
        let variable = |name: &str| (name == "AIGW_SECRET_AOAI_EASTUS").then(|| "from the environment".to_owned());
        Secrets { folder: Some(folder.path().to_owned()), variable, sets: Mutex::default() }
    }

    fn value(set: &SecretSet, name: &str) -> Option<String> {
        set.get(name).map(|secret| secret.expose().to_owned())
    }

    #[test]
    fn files_come_before_variables_and_lose_their_last_newline() {
        let folder = tempfile::tempdir().unwrap();
        let secrets = from(&folder);
        assert_eq!(secrets.read("aoai-eastus").unwrap().expose(), "from the environment");
        std::fs::write(folder.path().join("aoai-eastus"), "from a file\r\n").unwrap();
        assert_eq!(secrets.read("aoai-eastus").unwrap().expose(), "from a file");
    }

    #[test]
    fn what_is_missing_is_named_until_it_comes() {
        let folder = tempfile::tempdir().unwrap();
        let secrets = from(&folder);
        let set = secrets.set(&["aoai-eastus".to_owned(), "openai".to_owned()]);
        assert_eq!(set.missing(), ["openai"]);
        std::fs::write(folder.path().join("openai"), "one").unwrap();
        secrets.refresh();
        assert!(set.missing().is_empty());
        std::fs::write(folder.path().join("openai"), "two").unwrap();
        secrets.refresh();
        assert_eq!(value(&set, "openai").as_deref(), Some("two"));
        assert_eq!(value(&set, "other"), None);
    }

    #[test]
    fn what_is_no_secret_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let secrets = from(&folder);
        std::fs::write(folder.path().join("long"), vec![b'x'; 70_000]).unwrap();
        std::fs::write(folder.path().join("binary"), [0xff, 0xfe]).unwrap();
        std::fs::write(folder.path().join("empty"), "\n").unwrap();
        std::fs::create_dir(folder.path().join("folder")).unwrap();
        for name in ["long", "binary", "empty", "folder", "../escape", ".hidden", "", "a/b"] {
            assert!(secrets.read(name).is_none(), "{name}");
        }
    }
}
