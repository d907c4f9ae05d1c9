//! Cases on several threads, each with a subject of its own. What comes of it never depends on how many.

use std::io::{self, IsTerminal, Write};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::exit::{Exit, Stop};

/// Stack of a thread that runs cases: as a main thread's, since debug builds are not frugal.
const STACK_BYTES: usize = 8 << 20;
/// Most threads: more than any machine's cores, so that a typing mistake does not ask for a million.
const MAX_JOBS: usize = 512;
/// How long a run takes before its progress is shown.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often progress is shown.
const PACE: Duration = Duration::from_millis(100);

/// How many threads, and whether progress is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pool {
    jobs: usize,
    progress: bool,
    /// What is counted, for people.
    what: &'static str,
}

impl Pool {
    /// So many threads, or one for each core that there is. Progress is shown on a terminal, unless nothing shall be said.
    pub(crate) fn new(jobs: Option<NonZeroUsize>, quiet: bool) -> Self {
        let jobs = jobs.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get);
        Self { jobs: jobs.min(MAX_JOBS), progress: !quiet && io::stderr().is_terminal(), what: "cases" }
    }

    /// The same, for other items than cases.
    pub(super) fn of(self, what: &'static str) -> Self {
        Self { what, ..self }
    }

    /// What `work` makes of each item, in the order of the items. Each thread works with what `make` makes for it.
    ///
    /// # Errors
    /// Where a thread panicked, or none could be started.
    pub(crate) fn map<I: Sync, S, T: Send>(
        &self,
        items: &[I],
        make: impl Fn() -> S + Sync,
        work: impl Fn(&S, &I) -> T + Sync,
    ) -> Result<Vec<T>, Stop> {
        let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let turn = || {
            let made = make();
            let mut results = Vec::new();
            while let Some((index, item)) = take(items, &next) {
                results.push((index, work(&made, item)));
                done.fetch_add(1, Ordering::Relaxed);
            }
            results
        };
        let by_thread = thread::scope(|scope| {
            let (alive, over) = channel::<()>();
            let start = |_| {
                let alive = alive.clone();
                let turn = &turn;
                thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, move || {
                    let _alive = alive;
                    turn()
                })
            };
            let threads: Result<Vec<_>, io::Error> = (0..self.jobs.min(items.len())).map(start).collect();
            drop(alive);
            let threads = threads.map_err(|error| Stop::usage(format!("no thread can be started: {error}")))?;
            self.show_progress(&over, &done, items.len());
            let joined: Result<Vec<_>, _> = threads.into_iter().map(thread::ScopedJoinHandle::join).collect();
            joined.map_err(|_| Stop::usage("a test panicked: a bug of ours, please report it").with_exit(Exit::Bug))
        })?;
        let mut results: Vec<(usize, T)> = by_thread.into_iter().flatten().collect();
        results.sort_by_key(|(index, _)| *index);
        Ok(results.into_iter().map(|(_, result)| result).collect())
    }

    /// Shows how far it is until every thread has ended.
    fn show_progress(&self, over: &Receiver<()>, done: &AtomicUsize, all: usize) {
        let began = Instant::now();
        let mut shown = false;
        while over.recv_timeout(PACE) == Err(RecvTimeoutError::Timeout) {
            if self.progress && began.elapsed() >= PATIENCE {
                shown = true;
                let _ = write!(io::stderr().lock(), "\r{} of {all} {}", done.load(Ordering::Relaxed), self.what);
            }
        }
        if shown {
            // From here on the line is the results'.
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
        }
    }
}

fn take<'i, I>(items: &'i [I], next: &AtomicUsize) -> Option<(usize, &'i I)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    Some((index, items.get(index)?))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use super::*;

    fn pool(jobs: usize) -> Pool {
        Pool { jobs, progress: false, what: "cases" }
    }

    #[test]
    fn results_come_in_the_order_of_the_items_whatever_the_number_of_threads() {
        let items: Vec<u32> = (0..1000).collect();
        for jobs in [1, 2, 8, 64] {
            let made = AtomicUsize::new(0);
            let make = || made.fetch_add(1, Ordering::Relaxed);
            let doubled = pool(jobs).map(&items, make, |_, item| item * 2).unwrap();
            assert_eq!(doubled, items.iter().map(|item| item * 2).collect::<Vec<_>>());
            assert_eq!(made.load(Ordering::Relaxed), jobs);
        }
        assert_eq!(pool(8).map(&[] as &[u32], || (), |(), item| *item).unwrap(), Vec::<u32>::new());
    }

    #[test]
    fn a_panic_is_a_bug_of_ours_and_not_a_green_run() {
        let stop = pool(2).map(&[1, 2, 3], || (), |(), item| if *item == 2 { panic!("no") } else { *item }).unwrap_err();
        assert_eq!(stop.exit, Exit::Bug);
    }
}
