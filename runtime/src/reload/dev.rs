//! A folder of policies that is compiled as it changes. The compiler is handed in: this crate knows none.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use aws_lc_rs::digest::{Context, SHA256};

use super::source::{Fault, Fingerprint, Source, Trust, Watched};

/// Files that are looked at for a fingerprint: beyond, a change is seen by watching alone.
const MAX_FILES: usize = 50_000;
/// Folders within folders that are looked at.
const MAX_DEPTH: usize = 32;

/// A folder of policies and its compiler.
pub struct Dev {
    folder: PathBuf,
    trust: Trust,
    compile: Box<dyn FnMut() -> Result<Vec<u8>, DevFault> + Send>,
}

/// Why a folder did not compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevFault {
    /// A stable code in `snake_case`.
    pub reason: String,
    /// What is wrong, on one line; the compiler has shown the findings itself.
    pub message: String,
}

impl Dev {
    /// That folder, compiled into bundles by that function, which signs them with a throw-away key that only this trust root knows.
    /// It is called on a thread that may block, never twice at once.
    pub fn new(folder: PathBuf, trust: Trust, compile: impl FnMut() -> Result<Vec<u8>, DevFault> + Send + 'static) -> Self {
        Self { folder, trust, compile: Box::new(compile) }
    }
}

impl Source for Dev {
    fn describe(&self) -> String {
        self.folder.display().to_string()
    }

    fn watched(&self) -> Option<Watched> {
        Some(Watched { folder: self.folder.clone(), recursive: true })
    }

    fn fingerprint(&mut self) -> Fingerprint {
        let (mut hash, mut left) = (Context::new(&SHA256), MAX_FILES);
        look(&self.folder, MAX_DEPTH, &mut left, &mut hash);
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(hash.finish().as_ref());
        Fingerprint(fingerprint)
    }

    fn trust(&mut self) -> Result<Trust, Fault> {
        Ok(self.trust.clone())
    }

    fn fetch(&mut self) -> Result<Vec<u8>, Fault> {
        (self.compile)().map_err(|fault| Fault::lasting(&fault.reason, fault.message))
    }

    fn is_remembered(&self) -> bool {
        false
    }
}

/// Names, sizes and times of what is in a folder; hidden things play no part in policies.
fn look(folder: &Path, depth: usize, left: &mut usize, hash: &mut Context) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut entries: Vec<_> = entries.flatten().take(*left).collect();
    entries.sort_unstable_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        if *left == 0 || name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        *left = left.saturating_sub(1);
        let Ok(metadata) = std::fs::metadata(entry.path()) else { continue };
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
        hash.update(name.as_encoded_bytes());
        hash.update(&[0, u8::from(metadata.is_dir())]);
        hash.update(&metadata.len().to_be_bytes());
        hash.update(&modified.as_nanos().to_be_bytes());
        // A link to a folder is not followed: it may lead in a circle.
        if depth > 0 && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            look(&entry.path(), depth - 1, left, hash);
        }
    }
}
