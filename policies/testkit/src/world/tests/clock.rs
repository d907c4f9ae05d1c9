//! Time, chance and waking.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Waker};

use super::*;

#[test]
fn the_calendar_goes_with_the_clock() {
    let sim = sim([Some(after(1_500, whole()))]);
    sim.advance(Millis::from_secs(60));
    assert_eq!((sim.elapsed(), sim.wall().as_millis()), (Millis::from_secs(60), BEGINNING.as_millis() + 60_000));
    let exchange = one(&sim, asks(false));
    assert_eq!((exchange.took, exchange.sent[0].at), (Millis::new(1_500), Millis::from_secs(60)));
    assert_eq!(sim.elapsed(), Millis::new(61_500));
}

/// Clients of all sorts at once, one of whom is refused, one leaves and one is asked elsewhere.
fn everything(loaded: &Arc<Loaded>, seed: u64) -> Vec<Exchange> {
    let upstream =
        Script(vec![Some(after(10, fault(Fault::Reset))), Some(stream(vec![wait(5), data(DELTA), wait(5), data(STOP)]))]);
    let sim = Sim::new(BEGINNING, seed, Arc::new(upstream));
    let nowhere = Client { request: http::Request::get("/nowhere").body(Bytes::new()).unwrap(), ..asks(true) };
    let clients = vec![asks(true), nowhere, leaving(true, Leave::AfterChunks(1)), asks(false), asks(true)];
    sim.exchange(&engine(&sim, loaded), clients)
}

#[test]
fn equal_input_gives_equal_output() {
    let loaded = loaded(POLICIES);
    let first = everything(&loaded, 1);
    assert_eq!(first.len(), 5);
    for _ in 0..100 {
        assert_eq!(everything(&loaded, 1), first);
    }
    assert_ne!(everything(&loaded, 2)[0].record.request_id, first[0].record.request_id);
}

#[test]
fn timers_that_are_dropped_are_forgotten() {
    let sim = sim([]);
    let mut cx = Context::from_waker(Waker::noop());
    for millis in 1..=100_000 {
        let mut sleep = pin!(sim.sleep_until(Moment::default().after(Millis::new(millis))));
        assert!(sleep.as_mut().poll(&mut cx).is_pending() && sleep.as_mut().poll(&mut cx).is_pending());
        assert_eq!(sim.0.timers.running(), 1);
    }
    assert_eq!(sim.0.timers.running(), 0);
}

#[test]
fn timers_fire_in_their_order_and_once() {
    let sim = sim([]);
    let mut cx = Context::from_waker(Waker::noop());
    let mut sleeps: Vec<_> = [30, 10, 20].map(|millis| sim.sleep_until(Moment::default().after(Millis::new(millis)))).into();
    let mut poll = |sleep: &mut SimSleep| Pin::new(sleep).poll(&mut cx).is_ready();
    assert!(!sleeps.iter_mut().any(&mut poll));
    for (elapsed, ready) in [(10, [false, true, false]), (20, [false, true, true]), (30, [true, true, true])] {
        assert!(sim.jump());
        assert_eq!(sim.elapsed(), Millis::new(elapsed));
        assert_eq!(sleeps.iter_mut().map(&mut poll).collect::<Vec<_>>(), ready);
    }
    assert!(!sim.jump());
}

#[test]
fn a_thousand_requests_leave_nothing_behind() {
    let sim = sim([Some(after(1, whole()))]);
    let engine = engine(&sim, &loaded(POLICIES));
    for _ in 0..1_000 {
        sim.exchange(&engine, vec![asks(false)]);
    }
    assert_eq!((sim.0.timers.running(), sim.elapsed()), (0, Millis::from_secs(1)));
}
