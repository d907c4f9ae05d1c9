//! Being told that files changed, also where the folder vanishes and comes back.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// How long it must be quiet before a change is taken for whole: editors and git write in several steps.
const QUIET: Duration = Duration::from_millis(100);
/// How long a change that does not end is waited for.
const ENOUGH: Duration = Duration::from_secs(2);
/// How often is looked whether the folder is another, or where nothing can be watched, at all.
const LOOK: Duration = Duration::from_secs(1);

/// What tells of changes below a folder.
pub(super) struct Changes {
    folder: PathBuf,
    /// A file besides, anywhere.
    file: Option<PathBuf>,
    sender: SyncSender<()>,
    told: Receiver<()>,
    /// What is watched, and which folder it was when that began.
    watched: Option<(RecommendedWatcher, Identity)>,
}

/// Which folder a path names: another one of the same name is another.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Identity {
    path: PathBuf,
    #[cfg(unix)]
    number: (u64, u64),
}

impl Changes {
    pub(super) fn new(folder: &Path, file: Option<&Path>) -> Self {
        // One message says all there is to say: look again.
        let (sender, told) = sync_channel(1);
        let (folder, file) = (folder.to_path_buf(), file.map(Path::to_path_buf));
        let mut changes = Self { folder, file, sender, told, watched: None };
        changes.renew();
        changes
    }

    /// Waits until something may have changed.
    pub(super) fn wait(&mut self) {
        loop {
            match self.told.recv_timeout(LOOK) {
                Ok(()) => {
                    self.settle();
                    self.renew();
                    return;
                }
                Err(RecvTimeoutError::Timeout) if !self.renew() => {}
                Err(_) => return,
            }
        }
    }

    /// Waits until it is quiet.
    fn settle(&self) {
        let began = Instant::now();
        while began.elapsed() < ENOUGH && self.told.recv_timeout(QUIET).is_ok() {}
    }

    /// Watches what the path names now. True where that is another folder than before, one that cannot be watched, or for the first time none.
    fn renew(&mut self) -> bool {
        let now = Identity::of(&self.folder);
        if self.watched.as_ref().map(|(_, identity)| identity) == now.as_ref() {
            return false;
        }
        self.watched = now.and_then(|identity| Some((self.watcher()?, identity)));
        true
    }

    /// `None` where the system cannot; then [`Self::wait`] ends every second, and whoever waits looks by himself.
    fn watcher(&self) -> Option<RecommendedWatcher> {
        let sender = self.sender.clone();
        let tell = move |event: notify::Result<Event>| {
            if !matches!(event, Ok(Event { kind, .. }) if is_reading(kind)) {
                // Where it is full already, somebody will look.
                let _ = sender.try_send(());
            }
        };
        let mut watcher = notify::recommended_watcher(tell).ok()?;
        watcher.watch(&self.folder, RecursiveMode::Recursive).ok()?;
        let beside = self.file.as_ref().and_then(|file| file.canonicalize().ok());
        if let Some(folder) = beside.as_deref().and_then(Path::parent) {
            watcher.watch(folder, RecursiveMode::NonRecursive).ok()?;
        }
        Some(watcher)
    }
}

impl Identity {
    fn of(folder: &Path) -> Option<Self> {
        let path = folder.canonicalize().ok()?;
        #[cfg(unix)]
        let number = {
            use std::os::unix::fs::MetadataExt;
            let metadata = path.metadata().ok()?;
            (metadata.dev(), metadata.ino())
        };
        Some(Self {
            path,
            #[cfg(unix)]
            number,
        })
    }
}

/// Reading is no change, and each run reads every file; the end of writing is one.
fn is_reading(kind: EventKind) -> bool {
    matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write))
}
