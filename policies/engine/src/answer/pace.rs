//! The times of an answer that is arriving: between two pieces, for the attempt, for the request.

use std::task::{Context, Poll};

use aigw_core::{Millis, Moment, World};

use crate::wait::Timer;

/// Which time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimedOut {
    /// The first byte, or a stream's first content, came too late.
    FirstByte,
    /// Nothing came for too long.
    Idle,
    /// The attempt took too long.
    Total,
    /// The request took too long.
    Request,
}

impl TimedOut {
    /// For the record.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::FirstByte => "first_byte_timeout",
            Self::Idle => "idle_timeout",
            Self::Total => "total_timeout",
            Self::Request => "request_time_exceeded",
        }
    }
}

/// Watches over the pieces of one answer.
pub(crate) struct Pace<W: World> {
    timer: Timer<W>,
    idle: Millis,
    /// When the first content is due; `None` once it has come.
    first_at: Option<Moment>,
    total_at: Moment,
    request_at: Moment,
    /// Since when nothing has come although it was asked for. A client that reads slowly is not the upstream's fault.
    waiting_since: Option<Moment>,
}

impl<W: World> Pace<W> {
    pub(crate) const fn new(idle: Millis, total_at: Moment, request_at: Moment) -> Self {
        Self { timer: Timer::new(), idle, first_at: None, total_at, request_at, waiting_since: None }
    }

    /// Until [`Pace::begun`] the first content is due at `at`.
    pub(crate) const fn first_due(&mut self, at: Moment) {
        self.first_at = Some(at);
    }

    /// The first content has come.
    pub(crate) const fn begun(&mut self) {
        self.first_at = None;
    }

    /// A piece has come.
    pub(crate) const fn moved(&mut self) {
        self.waiting_since = None;
    }

    /// Whether the request has taken too long although something comes: a client that takes it slowly must not make it last.
    pub(crate) fn request_is_over(&self, world: &W) -> bool {
        world.now() >= self.request_at
    }

    /// Nothing has come yet: ready when a time has run out.
    pub(crate) fn poll(&mut self, world: &W, cx: &mut Context<'_>) -> Poll<TimedOut> {
        let since = *self.waiting_since.get_or_insert_with(|| world.now());
        let (at, which) = self.next(since);
        self.timer.poll(world, at, cx).map(|()| which)
    }

    fn next(&self, since: Moment) -> (Moment, TimedOut) {
        let mut soonest = (self.request_at, TimedOut::Request);
        let rest = [
            Some((self.total_at, TimedOut::Total)),
            Some((since.after(self.idle), TimedOut::Idle)),
            self.first_at.map(|at| (at, TimedOut::FirstByte)),
        ];
        for (at, which) in rest.into_iter().flatten() {
            if at < soonest.0 {
                soonest = (at, which);
            }
        }
        soonest
    }
}
