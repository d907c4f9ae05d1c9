//! What would be a fault of ours is told and never hangs. The engine bounds every wait of its own, so these futures stand in for it.

use std::future::{pending, poll_fn};
use std::task::Poll;

use aigw_core::Record;
use http::{Method, Uri};

use super::super::exchange::to_the_end;
use super::super::visit::{Running, Visit};
use super::*;

/// Leaves a decision record behind, as the engine does.
struct Recorded(Sim, &'static str);

impl Drop for Recorded {
    fn drop(&mut self) {
        self.0.finish(Record { request_id: self.1.to_owned(), ..Record::default() });
    }
}

fn visit<'e>(sim: &Sim, path: &'static str, running: Running<'e>) -> Visit<'e> {
    Visit::running(sim, (Method::GET, Uri::from_static(path)), running, None)
}

fn stuck(exchange: &Exchange) -> (&str, u64, &str) {
    let End::Stuck(why) = &exchange.end else { panic!("{:?}", exchange.end) };
    (why, exchange.took.as_millis(), &exchange.record.request_id)
}

#[test]
fn who_waits_for_nothing_is_dropped_and_leaves_its_record() {
    let sim = sim([]);
    let waits = |id| {
        let (sim, recorded) = (sim.clone(), Recorded(sim.clone(), id));
        Box::pin(async move {
            let _recorded = recorded;
            sim.sleep_until(Moment::from_nanos(1_000_000_000)).await;
            pending().await
        })
    };
    let exchanges = to_the_end(&sim, vec![visit(&sim, "/a", waits("one")), visit(&sim, "/b", waits("two"))]);
    assert_eq!(stuck(&exchanges[0]), ("GET /a: nothing will ever wake it", 1_000, "one"));
    assert_eq!(stuck(&exchanges[1]), ("GET /b: nothing will ever wake it", 1_000, "two"));
}

#[test]
fn who_never_rests_is_dropped() {
    let sim = sim([]);
    let recorded = Recorded(sim.clone(), "one");
    let spins = Box::pin(async move {
        let _recorded = recorded;
        poll_fn(|cx| {
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await
    });
    assert_eq!(stuck(&to_the_end(&sim, vec![visit(&sim, "/", spins)])[0]), ("GET /: it did not come to rest", 0, "one"));
}

#[test]
fn who_wakes_every_millisecond_for_ever_is_dropped() {
    let sim = sim([]);
    let (clock, recorded) = (sim.clone(), Recorded(sim.clone(), "one"));
    let ticks = Box::pin(async move {
        let _recorded = recorded;
        loop {
            clock.sleep_until(clock.now().after(Millis::new(1))).await;
        }
    });
    assert_eq!(stuck(&to_the_end(&sim, vec![visit(&sim, "/", ticks)])[0]), ("GET /: it did not come to rest", 1_000_000, "one"));
}

#[test]
fn every_request_must_leave_one_record() {
    let other = sim([Some(whole())]);
    let exchange = sim([]).exchange(&engine(&other, &loaded(POLICIES)), vec![asks(false)]).remove(0);
    assert_eq!(exchange.end, End::Unrecorded("the request left 0 decision records instead of one".to_owned()));
    let twice = sim([]);
    let recorded = [Recorded(twice.clone(), "one"), Recorded(twice.clone(), "two")];
    let running = Box::pin(async move {
        let _recorded = recorded;
        pending().await
    });
    let leaves = Some(Leave::After(Millis::new(1)));
    let visit = Visit::running(&twice, (Method::GET, Uri::from_static("/")), running, leaves);
    let end = to_the_end(&twice, vec![visit]).remove(0).end;
    assert_eq!(end, End::Unrecorded("the request left 2 decision records instead of one".to_owned()));
}
