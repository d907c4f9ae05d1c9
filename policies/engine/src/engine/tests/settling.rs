//! The end of a request: once, whatever happened.

use std::future::poll_fn;
use std::pin::Pin;

use aigw_core::AttemptOutcome;

use super::*;
use crate::testing::ClientBody;

const PIECES: [&str; 2] = [
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}],\"usage\":{\"prompt_tokens\":9}}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
];

#[test]
fn a_client_that_leaves_while_it_sends_is_recorded_as_cancelled() {
    let desk = Desk::new(|_| ());
    let body = ClientBody::new(&desk.world, &[(3_000, ASK)]);
    let request = json("/v1/chat/completions").body(body).unwrap();
    let mut running = Box::pin(desk.engine.run(request, peer("192.0.2.1")));
    assert!(desk.world.poll_once(&mut running).is_none());
    drop(running);
    let record = desk.record();
    assert_eq!((record.outcome, record.status, record.consumer.as_deref()), (Outcome::Cancelled, 0, Some("app")));
    assert_eq!(record.policies.len(), 2);
}

#[test]
fn a_client_that_leaves_while_a_target_thinks_cancels_the_call() {
    let desk = Desk::scripted([vec![hello().after(3_000)]]);
    let mut running = Box::pin(desk.engine.run(desk.post("/v1/chat/completions", ASK), peer("192.0.2.1")));
    assert!(desk.world.poll_once(&mut running).is_none());
    desk.world.advance(500);
    drop(running);
    let record = desk.record();
    let attempt = record.attempts.first().unwrap();
    assert_eq!((record.outcome, attempt.outcome, attempt.micros), (Outcome::Cancelled, AttemptOutcome::Cancelled, 500_000));
}

#[test]
fn a_client_that_leaves_a_stream_cancels_it_and_what_was_used_is_kept() {
    let [first, last] = PIECES;
    let desk = Desk::scripted([vec![Upstream::events(&[first]).wait(1_000).data(last)]]);
    let mut answer = desk.head(desk.post("/v1/chat/completions", STREAM)).into_body();
    desk.world.block_on(poll_fn(|cx| Pin::new(&mut answer).poll_frame(cx))).unwrap().unwrap();
    assert_eq!((desk.world.open_bodies(), desk.world.records().len()), (1, 0));
    drop(answer);
    let record = desk.record();
    assert_eq!((record.outcome, record.status, desk.world.open_bodies()), (Outcome::Cancelled, 200, 0));
    assert_eq!(record.attempts.first().unwrap().outcome, AttemptOutcome::Cancelled);
    assert_eq!(record.usage.and_then(|usage| usage.input_tokens), Some(9));
}

#[test]
fn a_client_that_leaves_with_the_last_byte_has_had_it_all() {
    let [first, last] = PIECES;
    let desk = Desk::scripted([vec![Upstream::events(&[first, last, "data: [DONE]\n\n"]).stalls()]]);
    let mut answer = desk.head(desk.post("/v1/chat/completions", STREAM)).into_body();
    let mut text = String::new();
    while !text.contains("[DONE]") {
        let frame = desk.world.block_on(poll_fn(|cx| Pin::new(&mut answer).poll_frame(cx))).unwrap().unwrap();
        text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
    }
    drop(answer);
    let record = desk.record();
    assert_eq!((record.outcome, record.attempts.first().unwrap().outcome), (Outcome::Completed, AttemptOutcome::Served));
}

#[test]
fn a_whole_answer_is_over_with_its_last_byte() {
    let desk = Desk::scripted([vec![hello()]]);
    let mut answer = desk.head(desk.post("/v1/chat/completions", ASK)).into_body();
    assert_eq!(answer.size_hint().exact(), Some(HELLO.len() as u64));
    desk.world.block_on(poll_fn(|cx| Pin::new(&mut answer).poll_frame(cx))).unwrap().unwrap();
    assert!(answer.is_end_stream());
    assert_eq!((desk.record().outcome, desk.world.open_bodies()), (Outcome::Completed, 0));
}

#[test]
fn an_unread_answer_is_recorded_once_as_what_it_was() {
    let desk = Desk::scripted([vec![hello()]]);
    drop(desk.head(desk.post("/v1/chat/completions", ASK)));
    drop(desk.head(desk.post("/v1/chat/completions", "{")));
    let outcomes: Vec<Outcome> = desk.world.records().iter().map(|record| record.outcome).collect();
    assert_eq!(outcomes, [Outcome::Cancelled, Outcome::Refused]);
}

#[test]
fn the_future_may_move_between_threads() {
    fn sendable<T: Send>(value: T) -> T {
        value
    }
    let desk = Desk::scripted([vec![hello()]]);
    let running = sendable(desk.engine.run(desk.post("/v1/chat/completions", ASK), peer("192.0.2.1")));
    let answer = sendable(desk.world.block_on(running));
    assert_eq!(answer.status(), StatusCode::OK);
}
