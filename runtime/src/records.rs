//! Decision records on their way out: a bounded queue and a thread that writes. A request never waits for a disk; what does not fit is counted.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use aigw_core::Record;

use crate::settings::DecisionLog;
use crate::tasks;

/// Records that may wait: half a second of a busy core.
const QUEUE: usize = 16 * 1024;
/// How long the writer gathers before it writes. Waking it for each record would cost a request more than its record.
const GATHER: Duration = Duration::from_millis(20);
/// What the writer gathers at most before it writes.
const BUFFER_BYTES: usize = 256 * 1024;

/// Where requests leave their records. Cloning is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Sink {
    queue: Option<SyncSender<Message>>,
    dropped: Arc<AtomicU64>,
}

/// The thread that writes. Ended by [`Writer::finish`], after everything that was taken.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: SyncSender<Message>,
    thread: JoinHandle<()>,
}

#[derive(Debug)]
enum Message {
    // Boxed: the queue's places are allocated at once.
    Record(Box<Record>),
    End,
}

/// Starts writing there. Errs where the file cannot be opened.
pub(crate) fn start(log: &DecisionLog) -> io::Result<(Sink, Option<Writer>)> {
    let out: Box<dyn Write + Send> = match log {
        DecisionLog::None => return Ok((Sink { queue: None, dropped: Arc::default() }, None)),
        DecisionLog::Stdout => Box::new(io::stdout()),
        DecisionLog::File(path) => Box::new(OpenOptions::new().create(true).append(true).open(path)?),
    };
    let (sink, writer) = start_on(out)?;
    Ok((sink, Some(writer)))
}

fn start_on(out: Box<dyn Write + Send>) -> io::Result<(Sink, Writer)> {
    let (queue, records) = sync_channel(QUEUE);
    let dropped = Arc::<AtomicU64>::default();
    let lost = Arc::clone(&dropped);
    let thread =
        tasks::thread("aigw-decisions", move || write_all(&records, BufWriter::with_capacity(BUFFER_BYTES, out), &lost))?;
    Ok((Sink { queue: Some(queue.clone()), dropped }, Writer { queue, thread }))
}

impl Sink {
    /// Takes a record, or counts it as dropped. Never blocks.
    pub(crate) fn take(&self, record: Record) {
        if let Some(queue) = &self.queue
            && queue.try_send(Message::Record(Box::new(record))).is_err()
        {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Records that were lost since the start: the queue was full, or they could not be written.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

impl Writer {
    /// Writes what is left. Blocks until it is written.
    pub(crate) fn finish(self) {
        // The thread ends with its queue too, so that a failed send or join leaves nothing to do.
        if self.queue.send(Message::End).is_ok() && self.thread.join().is_err() {
            tracing::error!("the decision log ended early");
        }
    }
}

fn write_all(records: &Receiver<Message>, mut out: BufWriter<Box<dyn Write + Send>>, lost: &AtomicU64) {
    while let Ok(first) = records.recv() {
        let mut next = Ok(first);
        loop {
            match next {
                Ok(Message::Record(record)) => write_one(&mut out, &record, lost),
                Ok(Message::End) | Err(TryRecvError::Disconnected) => {
                    flush(&mut out);
                    return;
                }
                Err(TryRecvError::Empty) => break,
            }
            next = records.try_recv();
        }
        flush(&mut out);
        std::thread::sleep(GATHER);
    }
}

fn write_one(out: &mut impl Write, record: &Record, lost: &AtomicU64) {
    let written = serde_json::to_writer(&mut *out, record).map_err(io::Error::from).and_then(|()| out.write_all(b"\n"));
    if let Err(fault) = written {
        lost.fetch_add(1, Ordering::Relaxed);
        tracing::error!(error = %fault, "a decision record was lost");
    }
}

fn flush(out: &mut impl Write) {
    if let Err(fault) = out.flush() {
        tracing::error!(error = %fault, "decision records were lost");
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
            let (sink, writer) = start(&DecisionLog::File(path.clone())).unwrap();
            (0..100).for_each(|n| sink.take(record(&format!("{round}{n}"))));
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
        // More than the queue and the writer's buffer hold together.
        (0..3 * QUEUE).for_each(|_| sink.take(record(&"x".repeat(64))));
        assert!(sink.dropped() > 0);
        drop(held);
        writer.finish();
    }

    #[test]
    fn a_log_that_is_turned_off_takes_nothing() {
        let (sink, writer) = start(&DecisionLog::None).unwrap();
        sink.take(record("a"));
        assert!(writer.is_none() && sink.dropped() == 0);
    }
}
