//! The audit trail: who changed what and who asked the admin plane for what, one JSON line an event, each linked to the one before by its digest.
//!
//! Every line is on the disk before what it tells of goes on. Where it cannot be written, calls that would change something are refused
//! ([`Audit::write`] errs); requests are served, and policies that their owners signed are activated: a full disk must not keep a fix out.
//! Nothing of a credential, a secret or a request of a client is in it.

mod call;
mod chain;
mod line;
#[cfg(test)]
mod tests;
mod verify;

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

pub(crate) use call::Refused;
pub use line::{Activation, AdminAuth, AdminCall, AdminOutcome, AuditBundle, AuditEvent, AuditLine, AuditProvenance, Trigger};
pub use verify::{Broken, Walked, verify};

use crate::settings::LogPlace;
use chain::Chain;

/// Longest line in bytes, its line break not counted: events are cut to be far shorter.
pub const MAX_LINE_BYTES: usize = 128 * 1024;
/// The version of lines.
pub const AUDIT_VERSION: u32 = 1;

/// The trail of one process.
pub(crate) struct Audit {
    place: LogPlace,
    trail: Mutex<Trail>,
    lost: AtomicU64,
    failing: AtomicBool,
}

/// An event that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the audit trail cannot be written: {0}")]
pub(crate) struct AuditFault(#[from] io::Error);

/// What is known of the place, under the lock that makes one line follow the other.
#[derive(Default)]
struct Trail {
    /// None before the first, after a fault, and where nothing is written.
    out: Option<Box<dyn Out>>,
    chain: Chain,
    /// Events since the last line that could not be written.
    lost: u64,
    refused: Refused,
}

trait Out: Send {
    /// Writes bytes whole, and has them kept.
    fn keep(&mut self, bytes: &[u8]) -> io::Result<()>;
}

impl Out for File {
    fn keep(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)?;
        self.sync_data()
    }
}

impl Out for io::Stdout {
    fn keep(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut out = self.lock();
        out.write_all(bytes)?;
        out.flush()
    }
}

impl Audit {
    /// Opens the place. Errs where a file cannot be written, is in use by another process, or holds something else than an audit trail.
    pub(crate) fn open(place: &LogPlace) -> io::Result<Self> {
        let mut trail = Trail::default();
        trail.open(place)?;
        Ok(Self { place: place.clone(), trail: Mutex::new(trail), lost: AtomicU64::new(0), failing: AtomicBool::new(false) })
    }

    /// Writes an event. Blocks until it is kept.
    pub(crate) fn write(&self, event: AuditEvent) -> Result<(), AuditFault> {
        let mut trail = self.lock();
        let written = trail.write(&self.place, event);
        self.failing.store(written.is_err(), Ordering::Relaxed);
        if let Err(error) = &written {
            self.lost.fetch_add(1, Ordering::Relaxed);
            tracing::error!(%error, "an event of the audit trail was lost");
        }
        Ok(written?)
    }

    /// Writes a call that was refused, unless there were too many of late: then it is counted, and the next line tells how many.
    pub(crate) fn refused(&self, call: AdminCall) {
        let may = self.lock().refused.may(std::time::Instant::now());
        if may {
            // Told already; the call is refused all the same.
            drop(self.write(AuditEvent::AdminCall(call)));
        }
    }

    /// Where it goes.
    pub(crate) fn place(&self) -> String {
        self.place.clone().into()
    }

    /// Whether it goes anywhere.
    pub(crate) fn is_kept(&self) -> bool {
        self.place != LogPlace::None
    }

    /// Whether the last event could not be written.
    pub(crate) fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    /// Events that could not be written, since the start.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// The sequence number and the digest of the last line.
    pub(crate) fn last(&self) -> (u64, String) {
        let trail = self.lock();
        (trail.chain.sequence, trail.chain.previous.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Trail> {
        self.trail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Trail {
    fn open(&mut self, place: &LogPlace) -> io::Result<()> {
        self.out = match place {
            LogPlace::None => None,
            LogPlace::Stdout => Some(Box::new(io::stdout())),
            LogPlace::File(path) => {
                let mut file = append_to(path)?;
                self.chain = Chain::at_the_end_of(&mut file)?;
                if self.chain.torn.is_some() {
                    tracing::warn!(file = %path.display(), "the last line of the audit trail is torn; it is kept, and the next one says so");
                }
                Some(Box::new(file))
            }
        };
        Ok(())
    }

    fn write(&mut self, place: &LogPlace, event: AuditEvent) -> io::Result<()> {
        if *place == LogPlace::None {
            return Ok(());
        }
        let written = self.append(place, event);
        if written.is_err() {
            // What is at the end of the file is not known any more: it is looked at again before the next line.
            self.out = None;
            self.lost = self.lost.saturating_add(1);
        }
        written
    }

    fn append(&mut self, place: &LogPlace, event: AuditEvent) -> io::Result<()> {
        if self.out.is_none() {
            self.open(place)?;
        }
        let Some(out) = &mut self.out else { return Ok(()) };
        let line = AuditLine {
            version: AUDIT_VERSION,
            sequence: self.chain.sequence.saturating_add(1),
            time: Timestamp::now().to_string(),
            previous: self.chain.previous.clone(),
            torn: self.chain.torn.clone(),
            lost: self.lost,
            omitted: self.refused.omitted,
            event,
        };
        let line = serde_json::to_vec(&line)?;
        if line.len() > MAX_LINE_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the event is longer than a line may be"));
        }
        let mut bytes = Vec::with_capacity(line.len() + 2);
        if self.chain.needs_break {
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(&line);
        bytes.push(b'\n');
        out.keep(&bytes)?;
        self.chain = self.chain.after(&line);
        self.lost = 0;
        self.refused.omitted = 0;
        Ok(())
    }
}

/// A file that only grows, and that no other process writes. Readable by its owner's group at most.
fn append_to(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true).read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    let file = options.open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(io::Error::new(
            io::ErrorKind::WouldBlock,
            "another process writes it: each gateway has an audit trail of its own",
        )),
        Err(std::fs::TryLockError::Error(error)) => Err(error),
    }
}
