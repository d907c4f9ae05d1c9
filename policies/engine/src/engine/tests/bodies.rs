//! Refusals of a request's body.

use super::*;
use crate::testing::ClientBody;

fn refused(desk: &Desk, request: Request<ClientBody>) -> (u16, String) {
    let told = desk.ask(request);
    assert!(desk.world.calls().is_empty());
    (told.status.as_u16(), told.code())
}

#[test]
fn malformed_bodies_are_refused_with_their_own_codes() {
    let deep = format!(r#"{{"model":"m","messages":[],"x":{}{}}}"#, "[".repeat(16), "]".repeat(16));
    let large = format!(r#"{{"model":"m","messages":[],"x":"{}"}}"#, "y".repeat(4096));
    for (body, status, code) in [
        ("{", 400, "invalid_json"),
        ("", 400, "invalid_request"),
        ("[]", 400, "invalid_request"),
        (r#"{"model":"m","model":"n","messages":[]}"#, 400, "duplicate_member"),
        (r#"{"model":"m","messages":[],"mod\u0065l":"n"}"#, 400, "duplicate_member"),
        (deep.as_str(), 400, "json_too_deep"),
        (large.as_str(), 413, "body_too_large"),
        (r#"{"model":"m"}"#, 400, "missing_parameter"),
        (r#"{"model":"m","messages":{}}"#, 400, "invalid_parameter"),
        (r#"{"model":"m","messages":[],"max_tokens":1,"max_completion_tokens":2}"#, 400, "conflicting_parameters"),
        (r#"{"messages":[]}"#, 400, "missing_parameter"),
        (r#"{"model":"nope","messages":[]}"#, 404, "model_not_found"),
    ] {
        let desk = Desk::new(|_| ());
        assert_eq!(refused(&desk, desk.post("/v1/chat/completions", body)), (status, code.to_owned()), "{body}");
        assert_eq!(desk.record().outcome, Outcome::Refused);
    }
}

#[test]
fn only_plain_json_is_taken() {
    let head = || keyed("/v1/chat/completions").method("POST");
    for head in [
        head(),
        head().header("content-type", "text/plain"),
        head().header("content-type", "application/x-www-form-urlencoded"),
        head().header("content-type", "application/json").header("content-encoding", "gzip"),
    ] {
        let desk = Desk::new(|_| ());
        assert_eq!(refused(&desk, desk.with(head, ASK)), (415, "unsupported_media_type".to_owned()));
    }
    let desk = Desk::scripted([vec![hello()]]);
    let head = head().header("content-type", "Application/JSON; charset=utf-8").header("content-encoding", "identity");
    assert_eq!(desk.ask(desk.with(head, ASK)).status, StatusCode::OK);
}

#[test]
fn a_body_that_is_declared_too_large_is_refused_before_it_comes() {
    let desk = Desk::new(|_| ());
    let request = json("/v1/chat/completions").header("content-length", "5000");
    let body = ClientBody::new(&desk.world, &[(4_000, "{}")]);
    let began = desk.world.millis();
    assert_eq!(refused(&desk, request.body(body).unwrap()), (413, "body_too_large".to_owned()));
    assert_eq!(desk.world.millis(), began);
}

#[test]
fn a_slow_client_is_given_up_and_a_steady_one_is_not() {
    let desk = Desk::scripted([vec![hello()]]);
    let (first, rest) = ASK.split_at(20);
    let steady = ClientBody::new(&desk.world, &[(2_500, first), (2_500, rest)]);
    assert_eq!(desk.ask(json("/v1/chat/completions").body(steady).unwrap()).status, StatusCode::OK);
    let desk = Desk::new(|_| ());
    let slow = ClientBody::new(&desk.world, &[(0, first), (5_100, rest)]);
    assert_eq!(refused(&desk, json("/v1/chat/completions").body(slow).unwrap()), (408, "request_timeout".to_owned()));
}

#[test]
fn a_body_that_breaks_off_is_no_request() {
    let desk = Desk::new(|_| ());
    let broken = ClientBody::new(&desk.world, &[(0, ASK)]).breaking();
    assert_eq!(refused(&desk, json("/v1/chat/completions").body(broken).unwrap()), (400, "invalid_request".to_owned()));
}

#[test]
fn the_whole_request_has_its_time() {
    let desk = Desk::new(|program| program.gateway.bounds.request_time = aigw_core::Millis::from_secs(3));
    let slow = ClientBody::new(&desk.world, &[(4_000, ASK)]);
    assert_eq!(refused(&desk, json("/v1/chat/completions").body(slow).unwrap()), (504, "request_time_exceeded".to_owned()));
}

#[test]
fn a_client_that_sends_a_byte_now_and_then_is_given_up_long_before_the_request_must_be_over() {
    // 100 bytes a second are asked for, and 5 s may be owed.
    let body = |desk: &Desk, every: u64, bytes: usize| {
        let whole = format!(r#"{{"model":"m","messages":[],"user":"{}"}}"#, "x".repeat(2_000));
        let pieces: Vec<(u64, String)> =
            whole.as_bytes().chunks(bytes).map(|piece| (every, String::from_utf8_lossy(piece).into_owned())).collect();
        let pieces: Vec<(u64, &str)> = pieces.iter().map(|(after, piece)| (*after, piece.as_str())).collect();
        ClientBody::new(&desk.world, &pieces)
    };
    let desk = Desk::new(|_| ());
    let began = desk.world.millis();
    let dribbled = body(&desk, 1_000, 1);
    assert_eq!(refused(&desk, json("/v1/chat/completions").body(dribbled).unwrap()), (408, "request_timeout".to_owned()));
    assert_eq!(desk.world.millis() - began, 5_050);
    // Slower than the rate, and as slow as it.
    for (every, status) in [(1_500, 408), (1_000, 200)] {
        let desk = Desk::scripted([vec![hello()]]);
        let steady = body(&desk, every, 100);
        assert_eq!(desk.ask(json("/v1/chat/completions").body(steady).unwrap()).status.as_u16(), status, "{every}");
    }
    let desk = Desk::new(|program| program.gateway.bounds.client_rate = aigw_core::ByteSize::new(0));
    desk.script([vec![hello()]]);
    let unbounded = body(&desk, 4_000, 100);
    assert_eq!(desk.ask(json("/v1/chat/completions").body(unbounded).unwrap()).status.as_u16(), 200);
}
