//! The only place that starts tasks and threads. Every one has an owner: a [`Task`] ends with its handle, [`Tasks`] are counted and waited for,
//! and all of them end with the runtime that they run on.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio::sync::Notify;

/// A task that ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Task(tokio::task::JoinHandle<()>);

impl Task {
    /// Starts it on the runtime that the caller runs on.
    pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(future))
    }

    /// Starts it on that runtime.
    pub(crate) fn spawn_on(handle: &Handle, future: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(handle.spawn(future))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Tasks of one owner that are many and short: connections and the streams in them. It also runs what hyper wants run.
#[derive(Clone, Debug)]
pub(crate) struct Tasks {
    handle: Handle,
    running: Arc<Running>,
}

#[derive(Debug, Default)]
struct Running {
    count: AtomicUsize,
    none: Notify,
}

impl Tasks {
    /// None yet, to be run on that runtime.
    pub(crate) fn on(handle: Handle) -> Self {
        Self { handle, running: Arc::default() }
    }

    /// Where they run.
    pub(crate) const fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Starts one.
    pub(crate) fn spawn<F>(&self, future: F)
    where
        F: Future + Send + 'static,
        F::Output: Send,
    {
        self.running.count.fetch_add(1, Ordering::Relaxed);
        self.handle.spawn(Counted { future, _count: Count(Arc::clone(&self.running)) });
    }

    /// Waits until none runs.
    pub(crate) async fn finished(&self) {
        loop {
            let none = self.running.none.notified();
            if self.running.count.load(Ordering::Acquire) == 0 {
                return;
            }
            none.await;
        }
    }
}

impl<F> hyper::rt::Executor<F> for Tasks
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, future: F) {
        self.spawn(future);
    }
}

pin_project_lite::pin_project! {
    struct Counted<F> {
        #[pin]
        future: F,
        _count: Count,
    }
}

struct Count(Arc<Running>);

impl<F: Future> Future for Counted<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.project().future.poll(cx).map(drop)
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.none.notify_waiters();
        }
    }
}

/// Runs work that blocks or computes for long away from the tasks; `None` where the runtime is going down or the work panicked.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}

/// A thread of that name. Its owner joins it.
pub(crate) fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<std::thread::JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[tokio::test]
    async fn finished_waits_for_the_last_task() {
        let tasks = Tasks::on(Handle::current());
        let (open, gate) = tokio::sync::oneshot::channel::<()>();
        tasks.spawn(gate);
        let mut finished = std::pin::pin!(tasks.finished());
        let now = std::future::poll_fn(|cx| Poll::Ready(finished.as_mut().poll(cx).is_ready())).await;
        assert!(!now);
        open.send(()).unwrap();
        finished.await;
    }

    #[tokio::test]
    async fn a_task_ends_with_its_handle() {
        let (hold, gone) = tokio::sync::oneshot::channel::<()>();
        drop(Task::spawn(async move {
            let _hold = hold;
            std::future::pending::<()>().await;
        }));
        assert!(gone.await.is_err());
    }
}
