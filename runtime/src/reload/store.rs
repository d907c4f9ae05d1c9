//! What is kept on disk: the last good bundle, to start without its source, and what was accepted, so that nothing older comes back.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use aigw_bundle::{Limits, State};

use super::file::read;
use super::source::Fault;

const BUNDLE: &str = "last-good.aigw";
const STATE: &str = "trust-state.json";
/// Longest trust state that is read; the reader has its own, lower bound.
const MAX_STATE_BYTES: u64 = 2 << 20;

/// A folder of one gateway's own.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    folder: PathBuf,
}

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreFault {
    /// The folder or a file in it.
    #[error("cannot use the state folder `{}`: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// What it remembers is damaged. It is never taken for nothing: that would let older bundles back in.
    #[error("`{}`: {message}", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
}

impl Store {
    /// That folder, made where it does not exist, and what it remembers.
    pub(crate) fn open(folder: &Path) -> Result<(Self, State), StoreFault> {
        let io = |error| StoreFault::Io { path: folder.to_owned(), error };
        fs::create_dir_all(folder).map_err(io)?;
        let path = folder.join(STATE);
        let state = match fs::exists(&path).map_err(io)? {
            false => State::default(),
            true => {
                let damaged = |message: String| StoreFault::Damaged { path: path.clone(), message };
                let json = read(&path, MAX_STATE_BYTES).map_err(|fault| damaged(fault.message))?;
                State::parse(&json).map_err(|refusal| damaged(refusal.message().to_owned()))?
            }
        };
        Ok((Self { folder: folder.to_owned() }, state))
    }

    /// Keeps a bundle that is in force, then what was accepted. In this order a crash between the two leaves a bundle that is still acceptable.
    pub(crate) fn keep(&self, bundle: &[u8], state: &State) -> io::Result<()> {
        self.replace(BUNDLE, bundle)?;
        let json = state.to_json().map_err(|refusal| io::Error::other(refusal.message().to_owned()))?;
        self.replace(STATE, json.as_bytes())
    }

    /// The last good bundle. It is verified like any other.
    pub(crate) fn bundle(&self) -> Result<Option<Vec<u8>>, Fault> {
        let path = self.folder.join(BUNDLE);
        if matches!(fs::metadata(&path), Err(error) if error.kind() == ErrorKind::NotFound) {
            return Ok(None);
        }
        read(&path, Limits::default().max_file_bytes()).map(Some)
    }

    /// Where the last good bundle is, for people.
    pub(crate) fn describe(&self) -> String {
        self.folder.join(BUNDLE).display().to_string()
    }

    /// Old bytes or new ones, whatever happens in between.
    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let (path, fresh) = (self.folder.join(name), self.folder.join(format!("{name}.new")));
        let mut file = OpenOptions::new().create(true).write(true).truncate(true).open(&fresh)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        drop(file);
        fs::rename(&fresh, &path)?;
        fs::File::open(&self.folder)?.sync_all()
    }
}
