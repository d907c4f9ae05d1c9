//! Limits: what is counted, what is held, and when it goes back.

use std::future::poll_fn;
use std::pin::Pin;

use aigw_core::{Millis, Phase};
use aigw_kinds::authorization::Effect;
use aigw_kinds::limit::{KeyPart, LimitKind};
use aigw_kinds::{LimitId, ModelId};

use super::*;
use crate::testing::program::{limit, model, rule, target};

fn limited(what: LimitKind, amount: u64, phase: Phase, part: KeyPart) -> Desk {
    let desk = Desk::new(|program| {
        program.limits.push(limit(7, what, amount, phase, part));
        program.routes.first_mut().unwrap().own.limits.push(LimitId(0));
    });
    desk.script([vec![hello()]]);
    desk
}

#[test]
fn a_spent_limit_refuses_with_the_time_to_wait() {
    let desk = limited(LimitKind::Requests { window: Millis::new(59_001) }, 1, Phase::Admit, KeyPart::Consumer);
    assert_eq!(desk.chat(ASK).status, StatusCode::OK);
    let told = desk.chat(ASK);
    assert_eq!(
        (told.status, told.code().as_str(), told.header("retry-after")),
        (StatusCode::TOO_MANY_REQUESTS, "rate_limited", Some("60"))
    );
    let records = desk.world.records();
    let limits: Vec<_> = records.iter().flat_map(|record| &record.limits).map(|state| (&*state.limit, state.remaining)).collect();
    assert_eq!(limits, [("lim/r", 0), ("lim/r", 0)]);
    assert_eq!(desk.world.calls().len(), 1);
}

fn one_at_a_time(wait: u64) -> Desk {
    limited(LimitKind::Concurrency { wait: Millis::new(wait) }, 1, Phase::Admit, KeyPart::Consumer)
}

#[test]
fn a_place_is_held_until_the_answers_last_byte() {
    let desk = one_at_a_time(0);
    let first = desk.head(desk.post("/v1/chat/completions", ASK));
    assert_eq!(desk.world.held_permits(), 1);
    assert_eq!(desk.chat(ASK).code(), "concurrency_limited");
    let mut answer = first.into_body();
    desk.world.collect(&mut answer);
    assert_eq!(desk.world.held_permits(), 0);
    assert_eq!(desk.chat(ASK).status, StatusCode::OK);
}

#[test]
fn a_place_goes_back_when_the_client_leaves_at_whatever_moment() {
    let desk = one_at_a_time(0);
    drop(desk.head(desk.post("/v1/chat/completions", ASK)));
    assert_eq!(desk.world.held_permits(), 0);
    desk.script([vec![hello().after(1_000)]]);
    let mut running = Box::pin(desk.engine.run(desk.post("/v1/chat/completions", ASK), peer("192.0.2.1")));
    assert!(desk.world.poll_once(&mut running).is_none());
    assert_eq!(desk.world.held_permits(), 1);
    drop(running);
    assert_eq!(desk.world.held_permits(), 0);
    let outcomes: Vec<Outcome> = desk.world.records().iter().map(|record| record.outcome).collect();
    assert_eq!(outcomes, [Outcome::Cancelled; 2]);
}

#[test]
fn refused_requests_hold_nothing() {
    let desk = one_at_a_time(0);
    desk.chat("{");
    desk.chat(&ASK.replace("\"m\"", "\"nope\""));
    assert_eq!(desk.world.held_permits(), 0);
}

#[test]
fn a_request_may_wait_for_a_place() {
    let desk = one_at_a_time(2_000);
    let mut first = desk.head(desk.post("/v1/chat/completions", ASK)).into_body();
    let mut waiting = Box::pin(desk.engine.run(desk.post("/v1/chat/completions", ASK), peer("192.0.2.1")));
    assert!(desk.world.poll_once(&mut waiting).is_none());
    desk.world.block_on(poll_fn(|cx| Pin::new(&mut first).poll_frame(cx)));
    let head = desk.world.poll_once(&mut waiting).unwrap();
    assert_eq!(head.status(), StatusCode::OK);
    let began = desk.world.millis();
    assert_eq!(desk.chat(ASK).code(), "concurrency_limited");
    assert_eq!(desk.world.millis() - began, 2_000);
}

#[test]
fn fallbacks_are_authorised_and_limited_anew() {
    for (allowed, amount, status) in [("*", 9, 200), ("m", 9, 502), ("*", 0, 502)] {
        let desk = Desk::new(|program| {
            program.models.push(model("small", aigw_core::Operation::Chat, vec![target(1, 1)]));
            let first = program.models.first_mut().unwrap();
            first.targets.truncate(1);
            first.fallback = vec![ModelId(2)];
            let rules = &mut program.authorizations.first_mut().unwrap().rules;
            *rules = vec![rule("some", Effect::Allow, &["m", allowed])];
            program.limits.push(limit(
                7,
                LimitKind::Requests { window: Millis::from_secs(60) },
                9,
                Phase::Resolve,
                KeyPart::Model,
            ));
            program.limits.push(limit(
                8,
                LimitKind::Requests { window: Millis::from_secs(60) },
                1 + amount,
                Phase::Resolve,
                KeyPart::Consumer,
            ));
            program.routes.first_mut().unwrap().own.limits = vec![LimitId(0), LimitId(1)];
        });
        desk.script([vec![error(500, "x")], vec![hello()]]);
        let told = desk.chat(ASK);
        assert_eq!(told.status.as_u16(), status, "{allowed} {amount}");
        let record = desk.record();
        assert_eq!(record.model.as_deref(), Some(if status == 200 { "small" } else { "m" }));
        assert_eq!(record.fallback_from.as_deref(), (status == 200).then_some("m"), "{allowed} {amount}");
        let mut attempts: Vec<_> = record.attempts.iter().map(|one| (&*one.target, one.fallback.as_deref())).collect();
        attempts.dedup();
        let expected = [("p/a/big", None), ("p/b/big", Some("small"))];
        assert_eq!(attempts, expected.get(..if status == 200 { 2 } else { 1 }).unwrap(), "{allowed} {amount}");
    }
}
