//! The threads that serve clients: one runtime whose threads take any work, or one runtime a thread that keeps its own.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;

use crate::settings::ThreadModel;
use crate::tasks::{Task, Tasks, thread};

/// How long threads get to end once nothing waits for them.
const END: Duration = Duration::from_secs(1);

/// The data runtimes.
pub(crate) struct DataThreads {
    tasks: Vec<Tasks>,
    /// What runs there for as long as they do.
    owned: Mutex<Vec<Task>>,
    threads: Threads,
}

enum Threads {
    Shared(Option<Runtime>),
    PerCore(Vec<Own>),
}

/// A thread with a runtime of its own, which ends when the sender is dropped.
type Own = (oneshot::Sender<()>, JoinHandle<()>);

impl DataThreads {
    /// That many threads.
    pub(crate) fn start(model: ThreadModel, count: usize) -> io::Result<Self> {
        let (handles, threads) = match model {
            ThreadModel::Shared => {
                let runtime = Builder::new_multi_thread().worker_threads(count).thread_name("aigw-data").enable_all().build()?;
                (vec![runtime.handle().clone()], Threads::Shared(Some(runtime)))
            }
            ThreadModel::PerCore => {
                let started = (0..count).map(|_| one()).collect::<io::Result<Vec<_>>>()?;
                let (handles, threads) = started.into_iter().unzip();
                (handles, Threads::PerCore(threads))
            }
        };
        Ok(Self { tasks: handles.into_iter().map(Tasks::on).collect(), owned: Mutex::default(), threads })
    }

    /// The runtimes.
    pub(crate) fn handles(&self) -> impl Iterator<Item = &Handle> {
        self.tasks.iter().map(Tasks::handle)
    }

    /// The tasks of each runtime's connections.
    pub(crate) fn tasks(&self) -> &[Tasks] {
        &self.tasks
    }

    /// Keeps a task until the end.
    pub(crate) fn own(&self, task: Task) {
        self.owned.lock().unwrap_or_else(PoisonError::into_inner).push(task);
    }

    /// Waits until no connection is left.
    pub(crate) async fn finished(&self) {
        for tasks in &self.tasks {
            tasks.finished().await;
        }
    }

    /// Ends them, with whatever is left on them.
    pub(crate) fn end(&mut self) {
        self.owned.lock().unwrap_or_else(PoisonError::into_inner).clear();
        match &mut self.threads {
            Threads::Shared(runtime) => {
                if let Some(runtime) = runtime.take() {
                    runtime.shutdown_timeout(END);
                }
            }
            Threads::PerCore(threads) => {
                for (end, thread) in threads.drain(..) {
                    drop(end);
                    if thread.join().is_err() {
                        tracing::error!("a data thread ended early");
                    }
                }
            }
        }
    }
}

impl Drop for DataThreads {
    fn drop(&mut self) {
        self.end();
    }
}

fn one() -> io::Result<(Handle, Own)> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    let (end, ended) = oneshot::channel();
    let thread = thread("aigw-data", move || {
        // Ends when its sender is gone, which is an error to it and the very thing awaited here.
        drop(runtime.block_on(ended));
        runtime.shutdown_timeout(END);
    })?;
    Ok((handle, (end, thread)))
}
