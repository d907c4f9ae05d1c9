//! Several clients, one store.

use aigw_core::{ErrorCode, Outcome};

use super::*;

/// At most two at once; who finds no place waits three seconds.
const AT_ONCE: &str = "
---
apiVersion: aigw.dev/v1
kind: Limit
metadata: {name: fair}
spec:
  per: [ip]
  rules:
    - {name: at-once, concurrency: 2, onExceed: {wait: 3s}}
    - {name: per-minute, requests: 6, window: 1m}
";

fn limited() -> Arc<Loaded> {
    loaded(&format!("{}{AT_ONCE}", POLICIES.replace("authorization: open", "authorization: open\n  policies: [fair]")))
}

#[test]
fn who_finds_no_place_waits_for_one_and_the_first_gets_it() {
    let sim = sim([Some(after(2_000, whole()))]);
    let engine = engine(&sim, &limited());
    let exchanges = sim.exchange(&engine, vec![asks(false); 6]);
    let told: Vec<_> = exchanges.iter().map(|exchange| (exchange.status.unwrap().as_u16(), exchange.took.as_millis())).collect();
    assert_eq!(told, [(200, 2_000), (200, 2_000), (200, 4_000), (200, 4_000), (429, 3_000), (429, 3_000)]);
    assert_eq!(exchanges[5].record.code, Some(ErrorCode::ConcurrencyLimited));
    assert_eq!(exchanges[5].sent, []);
    assert_eq!(exchanges[2].sent[0].at, Millis::from_secs(2));
    assert_eq!(sim.0.timers.running(), 0);
}

#[test]
fn a_client_that_leaves_gives_its_place_to_who_waits() {
    let sim = sim([Some(after(2_000, whole()))]);
    let engine = engine(&sim, &limited());
    let clients = vec![leaving(false, Leave::After(Millis::new(500))), asks(false), asks(false)];
    let exchanges = sim.exchange(&engine, clients);
    let ends: Vec<_> = exchanges.iter().map(|exchange| (exchange.end.clone(), exchange.took.as_millis())).collect();
    assert_eq!(ends, [(End::Left, 500), (End::Complete, 2_000), (End::Complete, 2_500)]);
    assert_eq!(exchanges[0].record.outcome, Outcome::Cancelled);
}

#[test]
fn a_window_is_counted_over_exchanges_and_frees_as_the_clock_moves_on() {
    let sim = sim([Some(whole())]);
    let engine = engine(&sim, &limited());
    let status = |sim: &Sim| sim.exchange(&engine, vec![asks(false)])[0].status.unwrap().as_u16();
    assert_eq!((0..7).map(|_| status(&sim)).collect::<Vec<_>>(), [200, 200, 200, 200, 200, 200, 429]);
    sim.advance(Millis::from_secs(59));
    assert_eq!(status(&sim), 429);
    sim.advance(Millis::from_secs(1));
    assert_eq!(status(&sim), 200);
    assert_eq!(sim.elapsed(), Millis::from_secs(60));
}

#[test]
fn while_the_store_is_down_nothing_that_must_be_counted_passes() {
    let sim = sim([Some(whole())]);
    let (counted, open) = (engine(&sim, &limited()), engine(&sim, &loaded(POLICIES)));
    let ask = |engine: &Engine<Sim>| sim.exchange(engine, vec![asks(false)]).remove(0);
    sim.store_down(true);
    let refused = ask(&counted);
    assert_eq!(refused.status, Some(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!((refused.record.code, refused.record.outcome), (Some(ErrorCode::LimitUnavailable), Outcome::Refused));
    assert_eq!(ask(&open).status, Some(StatusCode::OK));
    sim.store_down(false);
    assert_eq!(ask(&counted).record.limits.iter().map(|limit| limit.remaining).collect::<Vec<_>>(), [1, 5]);
}
