//! Decision records on their way out: written as lines where they arise, gathered within a bound, and taken by a thread that writes. A request never waits
//! for a disk; what does not fit is counted.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use aigw_core::Record;

use crate::settings::LogPlace;
use crate::tasks;

/// Lines that may wait: half a second of a busy core.
const WAITING_BYTES: usize = 16 << 20;
/// How long the writer lets lines gather. Waking it for each record would cost a request more than its record.
const GATHER: Duration = Duration::from_millis(20);
/// What of its memory the writer keeps between two writes.
const KEPT_BYTES: usize = 256 * 1024;
/// Longer than most lines, so that they are written without moving.
const LINE_BYTES: usize = 2 * 1024;

/// Where requests leave their records. Cloning is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Sink {
    waiting: Option<Arc<Waiting>>,
    dropped: Arc<AtomicU64>,
}

/// The thread that writes. Ended by [`Writer::finish`], after everything that was taken.
#[derive(Debug)]
pub(crate) struct Writer {
    waiting: Arc<Waiting>,
    thread: JoinHandle<()>,
}

/// Lines that wait for the writer. They are bytes, and not records, since what one thread allocates and another frees costs both.
#[derive(Debug, Default)]
struct Waiting {
    lines: Mutex<Lines>,
    wake: Condvar,
}

#[derive(Debug, Default)]
struct Lines {
    bytes: Vec<u8>,
    records: u64,
    /// Whether the writer waits to be woken: waking costs a system call, asleep or not.
    asleep: bool,
    ended: bool,
}

/// Starts writing there. Errs where the file cannot be opened.
pub(crate) fn start(log: &LogPlace) -> io::Result<(Sink, Option<Writer>)> {
    let out: Box<dyn Write + Send> = match log {
        LogPlace::None => return Ok((Sink { waiting: None, dropped: Arc::default() }, None)),
        LogPlace::Stdout => Box::new(io::stdout()),
        LogPlace::File(path) => Box::new(OpenOptions::new().create(true).append(true).open(path)?),
    };
    let (sink, writer) = start_on(out)?;
    Ok((sink, Some(writer)))
}

fn start_on(mut out: Box<dyn Write + Send>) -> io::Result<(Sink, Writer)> {
    let waiting = Arc::<Waiting>::default();
    let dropped = Arc::<AtomicU64>::default();
    let (lines, lost) = (Arc::clone(&waiting), Arc::clone(&dropped));
    let thread = tasks::thread("aigw-decisions", move || write_all(&lines, &mut out, &lost))?;
    Ok((Sink { waiting: Some(Arc::clone(&waiting)), dropped }, Writer { waiting, thread }))
}

impl Sink {
    /// Takes a record, or counts it as dropped. Never waits for the writer.
    pub(crate) fn take(&self, record: &Record) {
        let Some(waiting) = &self.waiting else { return };
        let mut line = Vec::with_capacity(LINE_BYTES);
        record.write_line(&mut line);
        if !waiting.put(&line) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Records that were lost since the start: too many waited, or they could not be written.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

impl Writer {
    /// Writes what is left. Blocks until it is written.
    pub(crate) fn finish(self) {
        self.waiting.lock().ended = true;
        self.waiting.wake.notify_one();
        if self.thread.join().is_err() {
            tracing::error!("the decision log ended early");
        }
    }
}

impl Waiting {
    /// False where there is no room, or nobody writes any more.
    fn put(&self, line: &[u8]) -> bool {
        let mut lines = self.lock();
        if lines.ended || lines.bytes.len().saturating_add(line.len()) > WAITING_BYTES {
            return false;
        }
        lines.bytes.extend_from_slice(line);
        lines.records += 1;
        let wake = std::mem::take(&mut lines.asleep);
        drop(lines);
        if wake {
            self.wake.notify_one();
        }
        true
    }

    /// Exchanges `written` for what waits, once something does, and gives the number of its records; `None` at the end.
    fn take(&self, written: &mut Vec<u8>) -> Option<u64> {
        written.clear();
        written.shrink_to(KEPT_BYTES);
        let mut lines = self.lock();
        while lines.bytes.is_empty() {
            if lines.ended {
                return None;
            }
            lines.asleep = true;
            lines = self.wake.wait(lines).unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::swap(&mut lines.bytes, written);
        Some(std::mem::take(&mut lines.records))
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write_all(waiting: &Waiting, out: &mut impl Write, lost: &AtomicU64) {
    let mut lines = Vec::new();
    while let Some(records) = waiting.take(&mut lines) {
        if let Err(fault) = out.write_all(&lines).and_then(|()| out.flush()) {
            lost.fetch_add(records, Ordering::Relaxed);
            tracing::error!(error = %fault, records, "decision records were lost");
        }
        if !waiting.lock().ended {
            std::thread::sleep(GATHER);
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use std::sync::Mutex;

    fn record(id: &str) -> Record {
        Record { request_id: id.to_owned(), ..Record::default() }
    }

    #[test]
    fn everything_taken_is_written_as_lines_before_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("decisions.jsonl");
        for round in ["a", "b"] {
            let (sink, writer) = start(&LogPlace::File(path.clone())).unwrap();
            (0..100).for_each(|n| sink.take(&record(&format!("{round}{n}"))));
            writer.unwrap().finish();
            assert_eq!(sink.dropped(), 0);
        }
        let text = std::fs::read_to_string(path).unwrap();
        let ids: Vec<_> = text.lines().map(|line| serde_json::from_str::<Record>(line).unwrap().request_id).collect();
        assert_eq!((ids.len(), ids.first().unwrap().as_str(), ids.last().unwrap().as_str()), (200, "a0", "b99"));
    }

    #[test]
    fn a_reader_that_is_stuck_costs_records_and_no_time() {
        struct Stuck(Arc<Mutex<()>>);
        impl Write for Stuck {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                drop(self.0.lock());
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let gate = Arc::<Mutex<()>>::default();
        let held = gate.lock().unwrap();
        let (sink, writer) = start_on(Box::new(Stuck(Arc::clone(&gate)))).unwrap();
        // More than what waits and what the writer holds together.
        let large = record(&"x".repeat(WAITING_BYTES / 8));
        (0..24).for_each(|_| sink.take(&large));
        assert!(sink.dropped() > 0);
        drop(held);
        writer.finish();
    }

    #[test]
    fn a_log_that_is_turned_off_takes_nothing() {
        let (sink, writer) = start(&LogPlace::None).unwrap();
        sink.take(&record("a"));
        assert!(writer.is_none() && sink.dropped() == 0);
    }
}
