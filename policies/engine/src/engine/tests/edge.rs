//! What a process lets in at all.

use aigw_core::Millis;
use aigw_kinds::gateway::{AddressRate, LoadPlan};
use aigw_kinds::route::Class;

use super::*;
use crate::testing::program::PLACE;

fn one_in_ten_seconds() -> Desk {
    Desk::new(|program| {
        let rate = AddressRate { requests: 1, window: Millis::from_secs(10), place: PLACE };
        program.gateway.bounds.requests_per_address = Some(rate);
    })
}

fn full_at(background: u32, standard: u32, critical: u32, class: Class) -> Desk {
    let desk = Desk::new(|program| {
        program.gateway.load = Some(LoadPlan { background, standard, critical, place: PLACE });
        program.routes.first_mut().unwrap().class = class;
    });
    desk.script([vec![hello(), hello(), hello()]]);
    desk
}

#[test]
fn an_address_is_counted_whatever_it_asks_for_and_told_when_to_come_back() {
    let mut desk = one_in_ten_seconds();
    assert_eq!(desk.ask(desk.get("/nowhere")).code(), "route_not_found");
    let told = desk.chat(ASK);
    assert_eq!((told.status, told.code().as_str()), (StatusCode::TOO_MANY_REQUESTS, "address_limited"));
    // In stretches of an eighth of the window, 1.25 s: the request leaves with its stretch.
    assert_eq!(told.header("retry-after"), Some("11"));
    assert!(told.header("x-request-id").is_some());
    let record = desk.world.records().pop().unwrap();
    assert_eq!((record.outcome, record.code, record.route), (Outcome::Refused, Some(ErrorCode::AddressLimited), None));
    assert!(record.timings.iter().all(|(phase, _)| phase != "match"));
    // It outlives a reload.
    desk.reload();
    assert_eq!(desk.ask(desk.get("/nowhere")).code(), "address_limited");
}

#[test]
fn behind_a_trusted_proxy_it_is_the_clients_address_that_counts() {
    let desk = one_in_ten_seconds();
    let ask = |peer: &str, client: &str| {
        let request = desk.with(keyed("/nowhere").header("x-forwarded-for", client), "");
        let answer = desk.world.block_on(desk.engine.run(request, super::peer(peer)));
        answer.status().as_u16()
    };
    assert_eq!((ask("10.0.0.1", "198.51.100.1"), ask("10.0.0.1", "198.51.100.2")), (404, 404));
    assert_eq!(ask("10.0.0.2", "198.51.100.1"), 429);
    // Whoever is no proxy of ours is counted itself, whatever it writes.
    assert_eq!((ask("192.0.2.1", "198.51.100.3"), ask("192.0.2.1", "198.51.100.4")), (404, 429));
}

#[test]
fn a_full_process_turns_lower_classes_away_first() {
    for (class, status) in [(Class::Background, 503), (Class::Standard, 503), (Class::Critical, 200)] {
        let desk = full_at(1, 2, 3, class);
        let load = desk.state.load();
        let plan = LoadPlan { background: 9, standard: 9, critical: 9, place: PLACE };
        let _others: Vec<_> = (0..2).map(|_| load.enter(&plan, Class::Critical).unwrap()).collect();
        let told = desk.chat(ASK);
        assert_eq!(told.status.as_u16(), status, "{class:?}");
        if status == 503 {
            assert_eq!((told.code().as_str(), told.header("retry-after")), ("overloaded", Some("1")));
            let record = desk.record();
            assert_eq!((record.outcome, record.code), (Outcome::Refused, Some(ErrorCode::Overloaded)));
            assert!(record.route.is_some() && record.consumer.is_none(), "it is the route's class that decides");
            assert_eq!(desk.world.calls().len(), 0);
        }
        assert_eq!(desk.state.load_counts().in_flight, 2);
    }
}

#[test]
fn a_place_is_held_from_the_match_to_the_answers_end_and_across_a_reload() {
    let mut desk = full_at(1, 1, 1, Class::Standard);
    let mut first = desk.head(desk.post("/v1/chat/completions", ASK)).into_body();
    assert_eq!(desk.chat(ASK).code(), "overloaded");
    desk.reload();
    assert_eq!(desk.ask(desk.get("/v1/models")).code(), "overloaded");
    // What reaches no route takes no place.
    assert_eq!(desk.ask(desk.get("/nowhere")).code(), "route_not_found");
    desk.world.collect(&mut first);
    assert_eq!(desk.ask(desk.get("/v1/models")).status, StatusCode::OK);
    assert_eq!(desk.state.load_counts(), crate::LoadCounts { in_flight: 0, refused: [0, 2, 0] });
}

#[test]
fn a_place_goes_back_when_the_client_leaves_at_whatever_moment_and_with_every_refusal() {
    let desk = full_at(1, 1, 1, Class::Standard);
    drop(desk.head(desk.post("/v1/chat/completions", ASK)));
    assert_eq!(desk.state.load_counts().in_flight, 0);
    desk.script([vec![hello().after(1_000)]]);
    let mut running = Box::pin(desk.engine.run(desk.post("/v1/chat/completions", ASK), super::peer("192.0.2.1")));
    assert!(desk.world.poll_once(&mut running).is_none());
    assert_eq!(desk.state.load_counts().in_flight, 1);
    drop(running);
    assert_eq!(desk.state.load_counts().in_flight, 0);
    assert_eq!(desk.chat("{").code(), "invalid_json");
    assert_eq!(desk.state.load_counts().in_flight, 0);
}
