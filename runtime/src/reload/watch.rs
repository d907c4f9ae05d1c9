//! Being told by the system that files changed. It may miss changes (network file systems, full queues), so that polling backs it up.

use std::sync::Arc;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

use super::source::Watched;

/// Tells `changed` for as long as this is held.
pub(super) struct Watch {
    _watcher: RecommendedWatcher,
}

impl Watch {
    /// Watches that. `None` where the system cannot; polling remains.
    pub(super) fn start(watched: &Watched, changed: Arc<Notify>) -> Option<Self> {
        let tell = move |event: notify::Result<Event>| {
            if !matches!(event, Ok(Event { kind, .. }) if is_reading(kind)) {
                changed.notify_one();
            }
        };
        let mode = if watched.recursive { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
        let started = notify::recommended_watcher(tell).and_then(|mut watcher| {
            watcher.watch(&watched.folder, mode)?;
            Ok(watcher)
        });
        match started {
            Ok(watcher) => Some(Self { _watcher: watcher }),
            Err(fault) => {
                tracing::warn!(folder = %watched.folder.display(), error = %fault, "cannot watch the folder; changes are found by polling");
                None
            }
        }
    }
}

/// Reading is no change, and compiling a folder reads all of it; the end of writing is one.
fn is_reading(kind: EventKind) -> bool {
    matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write))
}
