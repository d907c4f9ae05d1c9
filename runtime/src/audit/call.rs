//! How many refused calls are written: whoever can connect can be refused, and must not be able to fill a disk.

use std::time::{Duration, Instant};

/// Refused calls that are written within [`WINDOW`].
const MOST: u32 = 60;
/// How long they are counted.
const WINDOW: Duration = Duration::from_secs(60);

/// Refused calls of late.
#[derive(Debug, Default)]
pub(crate) struct Refused {
    since: Option<Instant>,
    written: u32,
    /// Those that were not written, since the last line.
    pub(super) omitted: u64,
}

impl Refused {
    /// Whether one more is written; counted as omitted otherwise.
    pub(super) fn may(&mut self, now: Instant) -> bool {
        if self.since.is_none_or(|since| now.duration_since(since) >= WINDOW) {
            (self.since, self.written) = (Some(now), 0);
        }
        let may = self.written < MOST;
        if may {
            self.written += 1;
        } else {
            self.omitted = self.omitted.saturating_add(1);
        }
        may
    }
}
