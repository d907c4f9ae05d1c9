//! Waiting with a bound: a future raced with the clock, without an executor's help.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use aigw_core::{Moment, World};

/// What `future` gives, or `None` where `at` comes first. What is ready at once costs no timer.
///
/// The caller pins the future: held here it would stand twice in the caller's own, as an argument and as what is awaited.
pub(crate) async fn within<W: World, F: Future + Unpin>(world: &W, at: Moment, mut future: F) -> Option<F::Output> {
    let mut sleep = pin!(None);
    poll_fn(|cx| {
        if let Poll::Ready(value) = Pin::new(&mut future).poll(cx) {
            return Poll::Ready(Some(value));
        }
        if sleep.is_none() {
            sleep.set(Some(world.sleep_until(at)));
        }
        sleep.as_mut().as_pin_mut().map_or(Poll::Pending, |sleep| sleep.poll(cx).map(|()| None))
    })
    .await
}

/// A timer for a moment that moves, as the end of an idle time does with each piece that arrives. Moving it on costs nothing: the
/// running timer fires early once and is then set anew.
pub(crate) struct Timer<W: World> {
    running: Option<(Moment, Pin<Box<W::Sleep>>)>,
}

impl<W: World> Timer<W> {
    /// A timer that is not set.
    pub(crate) const fn new() -> Self {
        Self { running: None }
    }

    /// Ready once `at` has passed.
    pub(crate) fn poll(&mut self, world: &W, at: Moment, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match &mut self.running {
                Some((set_for, sleep)) if *set_for <= at => match sleep.as_mut().poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(()) if *set_for == at || world.now() >= at => {
                        self.running = None;
                        return Poll::Ready(());
                    }
                    Poll::Ready(()) => self.running = None,
                },
                _ => self.running = Some((at, Box::pin(world.sleep_until(at)))),
            }
        }
    }
}
