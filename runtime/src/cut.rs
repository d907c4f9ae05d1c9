//! A signal that is given once, late and rarely, and awaited by every exchange: the end of the patience with streams of an old generation or of a
//! process that shuts down. Whoever never has to wait never pays for it.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// The signal.
#[derive(Debug, Default)]
pub(crate) struct Cut {
    given: AtomicBool,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    wakers: Vec<Option<Waker>>,
    free: Vec<usize>,
}

/// One that waits for the signal.
#[derive(Debug)]
pub(crate) struct CutWaiter {
    cut: Arc<Cut>,
    /// The place of its waker, and a copy of it: a task that polls again with the same waker takes no lock.
    held: Option<(usize, Waker)>,
}

impl Cut {
    /// Gives the signal to all who wait now or later.
    pub(crate) fn give(&self) {
        self.given.store(true, Ordering::Release);
        let wakers = std::mem::take(&mut self.lock().wakers);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    /// Whether it was given.
    pub(crate) fn given(&self) -> bool {
        self.given.load(Ordering::Acquire)
    }

    /// One more that waits.
    pub(crate) fn waiter(self: &Arc<Self>) -> CutWaiter {
        CutWaiter { cut: Arc::clone(self), held: None }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CutWaiter {
    /// Whether the signal was given.
    pub(crate) fn given(&self) -> bool {
        self.cut.given()
    }

    /// Whether the signal was given; if not, the task is woken when it is.
    pub(crate) fn poll_given(&mut self, cx: &mut Context<'_>) -> bool {
        if self.cut.given() {
            return true;
        }
        if self.held.as_ref().is_some_and(|(_, waker)| waker.will_wake(cx.waker())) {
            return false;
        }
        let mut waiting = self.cut.lock();
        // INVARIANT: `give` sets the flag before it takes the lock, so that either it finds this waker or this check finds the flag.
        if self.cut.given() {
            return true;
        }
        let slot = self.held.take().map_or_else(|| waiting.reserve(), |(slot, _)| slot);
        if let Some(place) = waiting.wakers.get_mut(slot) {
            *place = Some(cx.waker().clone());
        }
        self.held = Some((slot, cx.waker().clone()));
        false
    }
}

impl Future for CutWaiter {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.poll_given(cx) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Waiting {
    fn reserve(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.wakers.push(None);
            self.wakers.len().saturating_sub(1)
        })
    }
}

impl Drop for CutWaiter {
    fn drop(&mut self) {
        if let Some((slot, _)) = self.held.take() {
            let mut waiting = self.cut.lock();
            if let Some(place) = waiting.wakers.get_mut(slot) {
                *place = None;
                waiting.free.push(slot);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_waits_is_woken_and_who_comes_later_does_not_wait() {
        let cut = Arc::new(Cut::default());
        let early = tokio::spawn(cut.waiter());
        tokio::task::yield_now().await;
        assert!(!cut.given());
        cut.give();
        assert!(early.await.is_ok());
        cut.waiter().await;
    }

    #[tokio::test]
    async fn places_of_those_who_left_are_used_again() {
        let cut = Arc::new(Cut::default());
        for _ in 0..100 {
            let mut waiter = cut.waiter();
            std::future::poll_fn(|cx| Poll::Ready(waiter.poll_given(cx))).await;
        }
        assert_eq!(cut.lock().wakers.len(), 1);
    }
}
