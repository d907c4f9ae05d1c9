//! The time in which a client must have sent its next head. hyper asks for a new timer with each request; they share one of the clock's, which fires early
//! now and then and is set anew, so that a request neither sets nor unsets one.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};

/// The timers of one connection.
#[derive(Debug, Default)]
pub(super) struct HeadTimer(Arc<Mutex<Running>>);

/// The clock's timer, and what it is set for.
type Running = Option<(Instant, Pin<Box<tokio::time::Sleep>>)>;

/// One head's time.
struct Due {
    at: Instant,
    running: Arc<Mutex<Running>>,
}

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, at: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(Due { at, running: Arc::clone(&self.0) })
    }

    fn now(&self) -> Instant {
        tokio::time::Instant::now().into()
    }
}

impl Sleep for Due {}

impl Future for Due {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match &mut *running {
                Some((set_for, sleep)) if *set_for <= self.at => {
                    let over = *set_for == self.at;
                    std::task::ready!(sleep.as_mut().poll(cx));
                    *running = None;
                    if over {
                        return Poll::Ready(());
                    }
                }
                _ => *running = Some((self.at, Box::pin(tokio::time::sleep_until(self.at.into())))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_later_head_waits_its_own_time_out() {
        let (timer, long, short) = (HeadTimer::default(), Duration::from_millis(60), Duration::from_millis(10));
        let mut first = timer.sleep(long);
        assert!(first.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop())).is_pending());
        drop(first);
        // The next ones share the first one's timer, which fires too early for one and too late for the other.
        for wait in [2 * long, short] {
            let begun = timer.now();
            tokio::time::timeout(10 * long, timer.sleep(wait)).await.unwrap_or_default();
            assert!(begun.elapsed() >= wait && begun.elapsed() < 10 * long, "{:?}", begun.elapsed());
        }
    }
}
