//! A bundle in a file, and the trust root in another. Both may be replaced at any time, by renaming, by writing in place, or by Kubernetes, which
//! swaps a link beside them.

use std::io::Read;
use std::path::{Path, PathBuf};

use aigw_bundle::{Limits, TrustRoot};
use aigw_core::Name;
use aws_lc_rs::digest::{Context, SHA256};

use super::source::{Fault, Fingerprint, Source, Trust, Watched};

/// Longest trust root in bytes.
const MAX_TRUST_BYTES: u64 = 1 << 20;

/// A bundle file.
#[derive(Clone, Debug)]
pub struct File {
    bundle: PathBuf,
    trust: PathBuf,
    channel: Name,
    name: Option<Name>,
    limits: Limits,
}

impl File {
    /// The bundle in that file, signed for that channel by whom the trust root in that other file allows.
    pub fn new(bundle: PathBuf, trust: PathBuf, channel: Name, name: Option<Name>) -> Self {
        Self { bundle, trust, channel, name, limits: Limits::default() }
    }
}

impl Source for File {
    fn describe(&self) -> String {
        self.bundle.display().to_string()
    }

    fn watched(&self) -> Option<Watched> {
        let parent = self.bundle.parent().filter(|parent| !parent.as_os_str().is_empty());
        Some(Watched { folder: parent.unwrap_or(Path::new(".")).to_owned(), recursive: false })
    }

    fn fingerprint(&mut self) -> Fingerprint {
        let mut hash = Context::new(&SHA256);
        for (path, bound) in [(&self.bundle, self.limits.max_file_bytes()), (&self.trust, MAX_TRUST_BYTES)] {
            match read(path, bound) {
                Ok(bytes) => {
                    hash.update(&(bytes.len() as u64).to_be_bytes());
                    hash.update(&bytes);
                }
                Err(fault) => hash.update(fault.reason.as_bytes()),
            }
        }
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(hash.finish().as_ref());
        Fingerprint(fingerprint)
    }

    fn trust(&mut self) -> Result<Trust, Fault> {
        let root = TrustRoot::parse(&read(&self.trust, MAX_TRUST_BYTES)?)?;
        Ok(Trust { root, channel: self.channel.clone(), name: self.name.clone(), test_values: false })
    }

    fn fetch(&mut self) -> Result<Vec<u8>, Fault> {
        read(&self.bundle, self.limits.max_file_bytes())
    }

    fn is_remembered(&self) -> bool {
        true
    }
}

/// A file's bytes, one more than the bound at most: whoever checks sizes then sees that it is too long.
pub(super) fn read(path: &Path, bound: u64) -> Result<Vec<u8>, Fault> {
    let fault =
        |error: std::io::Error| Fault::transient("source_unreadable", format!("cannot read `{}`: {error}", path.display()));
    let file = std::fs::File::open(path).map_err(fault)?;
    if !file.metadata().map_err(fault)?.is_file() {
        return Err(Fault::transient("source_unreadable", format!("`{}` is not a file", path.display())));
    }
    let mut bytes = Vec::new();
    file.take(bound.saturating_add(1)).read_to_end(&mut bytes).map_err(fault)?;
    Ok(bytes)
}
