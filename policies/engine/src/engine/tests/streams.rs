//! Streams: what is held, what is passed on, and what their end means.

use super::*;

const ROLE: &str = "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
const HEL: &str = "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hel\"}}]}\n\n";
const LO: &str = "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lo\"}}]}\n\n";
const STOP: &str = "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &str = "data: {\"id\":\"1\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\n";
const DONE: &str = "data: [DONE]\n\n";
const FAILED: &str =
    "data: {\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\",\"code\":\"server_overloaded\"}}\n\n";

fn whole() -> Upstream {
    Upstream::events(&[ROLE, HEL, LO, STOP, USAGE, DONE])
}

/// The in-band error at the end: its code. The stream must end with it, and without `[DONE]`.
fn in_band(text: &str) -> String {
    assert!(!text.contains("[DONE]"), "{text}");
    let last = text.strip_suffix("\n\n").unwrap().rsplit("\n\n").next().unwrap();
    let error: serde_json::Value = serde_json::from_str(last.strip_prefix("data: ").unwrap()).unwrap();
    error.pointer("/error/code").unwrap().as_str().unwrap().to_owned()
}

#[test]
fn events_pass_as_they_came_and_unasked_usage_is_swallowed() {
    let desk = Desk::scripted([vec![whole()]]);
    let told = desk.chat(STREAM);
    assert_eq!(told.status, StatusCode::OK);
    assert_eq!(told.body.text(), [ROLE, HEL, LO, STOP, DONE].concat());
    assert_eq!(told.header("content-type"), Some("text/event-stream; charset=utf-8"));
    let body = desk.world.calls().first().unwrap().body.clone();
    assert!(body.contains(r#""stream_options":{"include_usage":true}"#), "{body}");
    let record = desk.record();
    assert_eq!((record.outcome, record.stream), (Outcome::Completed, true));
    assert_eq!(record.usage.and_then(|usage| usage.output_tokens), Some(2));
}

#[test]
fn usage_that_was_asked_for_is_passed_on() {
    let desk = Desk::scripted([vec![whole()]]);
    let told = desk.chat(r#"{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[]}"#);
    assert!(told.body.text().contains(USAGE));
}

#[test]
fn the_first_content_goes_out_before_the_next_is_produced() {
    let slow = Upstream::events(&[ROLE]).wait(100).data(HEL).wait(700).data(LO).wait(100).data(STOP).data(DONE);
    let desk = Desk::scripted([vec![slow]]);
    let began = desk.world.millis();
    let head = desk.head(desk.post("/v1/chat/completions", STREAM));
    assert_eq!(desk.world.millis() - began, 100, "the head comes with the first content");
    let body = desk.world.collect(&mut head.into_body());
    let expected = [(0, [ROLE, HEL].concat()), (700, LO.to_owned()), (800, STOP.to_owned()), (800, DONE.to_owned())];
    assert_eq!(body.pieces, expected);
}

#[test]
fn events_cut_anywhere_are_still_events() {
    let text = [ROLE, HEL, LO, STOP, USAGE, DONE].concat();
    for size in [1, 7, 64] {
        let pieces: Vec<&str> = text.as_bytes().chunks(size).map(|piece| std::str::from_utf8(piece).unwrap()).collect();
        let desk = Desk::scripted([vec![Upstream::events(&pieces)]]);
        assert_eq!(desk.chat(STREAM).body.text(), [ROLE, HEL, LO, STOP, DONE].concat());
    }
}

#[test]
fn a_failure_before_content_goes_to_another_target() {
    let failing = [
        Upstream::events(&[ROLE, FAILED]),
        Upstream::events(&[ROLE]),
        Upstream::events(&[ROLE, DONE]),
        Upstream::events(&[]),
        Upstream::events(&[ROLE]).breaks(),
        Upstream::events(&[ROLE, "data: {\"choices\":[{\n\n"]),
        Upstream::events(&[ROLE]).stalls(),
        Upstream::json(200, HELLO),
        error(200, "server_overloaded"),
        error(500, "x"),
    ];
    for script in failing {
        let desk = Desk::scripted([vec![script.clone()], vec![whole()]]);
        let told = desk.chat(STREAM);
        assert_eq!(told.body.text(), [ROLE, HEL, LO, STOP, DONE].concat(), "{script:?}");
        assert_eq!(desk.record().attempts.len(), 2);
        assert_eq!(desk.world.open_bodies(), 0);
    }
}

#[test]
fn a_failure_before_content_without_another_target_is_an_error_answer() {
    for (script, status, code) in [
        (Upstream::events(&[ROLE, FAILED]), 502, "upstream_error"),
        (Upstream::events(&[ROLE]), 502, "upstream_invalid_answer"),
        (Upstream::events(&[ROLE]).stalls(), 504, "upstream_timeout"),
        (Upstream::json(200, HELLO), 502, "upstream_invalid_answer"),
    ] {
        let desk = Desk::new(|program| program.models.first_mut().unwrap().targets.truncate(1));
        desk.script([vec![script]]);
        let told = desk.chat(STREAM);
        assert_eq!((told.status.as_u16(), told.code().as_str()), (status, code));
        assert_eq!(told.header("content-type"), Some("application/json"));
    }
}

#[test]
fn a_fault_after_content_is_one_error_and_no_done() {
    let begun = || Upstream::events(&[ROLE, HEL]);
    for (script, code) in [
        (begun(), "stream_truncated"),
        (begun().breaks(), "stream_truncated"),
        (begun().data(DONE), "stream_truncated"),
        (begun().stalls(), "stream_timeout"),
        (begun().data(FAILED), "stream_upstream_error"),
        (begun().data("data: {\"choices\":[{\"delta\"\n\n").data(STOP).data(DONE), "stream_invalid"),
        (begun().data(&format!("data: {}", "x".repeat(2_000))), "stream_invalid"),
    ] {
        let desk = Desk::scripted([vec![script], vec![whole()]]);
        let told = desk.chat(STREAM);
        assert_eq!((told.status, in_band(&told.body.text()).as_str()), (StatusCode::OK, code));
        assert!(told.body.text().starts_with(&[ROLE, HEL].concat()) && told.body.error.is_none());
        let record = desk.record();
        assert_eq!((record.outcome, record.code.map(ErrorCode::as_str), record.status), (Outcome::Failed, Some(code), 200));
        assert_eq!((record.attempts.len(), desk.world.open_bodies()), (1, 0));
    }
}

#[test]
fn a_finished_answer_is_complete_whatever_comes_after_its_finish() {
    for script in [
        Upstream::events(&[ROLE, HEL, STOP]),
        Upstream::events(&[ROLE, HEL, STOP]).breaks(),
        Upstream::events(&[ROLE, HEL, STOP]).stalls(),
        Upstream::events(&[ROLE, HEL, STOP.trim_end()]),
    ] {
        let desk = Desk::scripted([vec![script]]);
        let told = desk.chat(STREAM);
        assert_eq!(told.body.text(), [ROLE, HEL, STOP, DONE].concat());
        let record = desk.record();
        assert_eq!((record.outcome, record.code), (Outcome::Completed, None));
        assert_eq!(record.attempts.first().unwrap().reason.as_deref(), Some("terminal event supplied"));
    }
}

#[test]
fn what_cannot_be_content_is_dropped_and_counted() {
    let desk = Desk::scripted([vec![Upstream::events(&[ROLE, HEL, "data: nonsense\n\n", STOP, DONE])]]);
    assert_eq!(desk.chat(STREAM).body.text(), [ROLE, HEL, STOP, DONE].concat());
    assert_eq!(desk.record().attempts.first().unwrap().reason.as_deref(), Some("1 unreadable events dropped"));
}

#[test]
fn all_choices_must_be_finished() {
    let body = r#"{"model":"m","stream":true,"n":2,"messages":[]}"#;
    let desk = Desk::scripted([vec![whole()]]);
    assert_eq!(in_band(&desk.chat(body).body.text()), "stream_truncated");
    let second = STOP.replace("\"index\":0", "\"index\":1");
    let desk = Desk::scripted([vec![Upstream::events(&[ROLE, HEL, STOP, &second, DONE])]]);
    assert!(desk.chat(body).body.text().ends_with(DONE));
}

#[test]
fn the_times_of_a_stream_are_watched() {
    let slow = || Upstream::events(&[ROLE, HEL]);
    let dripping = (0..40).fold(slow(), |upstream, _| upstream.wait(19_000).data(LO));
    for (script, at, code) in
        [(slow().wait(20_001).data(STOP).data(DONE), 20_000, "stream_timeout"), (dripping, 100_000, "stream_timeout")]
    {
        let desk = Desk::scripted([vec![script]]);
        let told = desk.chat(STREAM);
        assert_eq!((told.body.pieces.last().unwrap().0, in_band(&told.body.text()).as_str()), (at, code));
    }
    let desk = Desk::new(|program| program.gateway.bounds.request_time = aigw_core::Millis::from_secs(15));
    desk.script([vec![slow().stalls()]]);
    assert_eq!(in_band(&desk.chat(STREAM).body.text()), "request_time_exceeded");
}

#[test]
fn comments_do_not_keep_a_stream_without_content_alive() {
    let chatty = (0..9).fold(Upstream::events(&[": hi\n\n"]), |upstream, _| upstream.wait(2_000).data(": hi\n\n"));
    let desk = Desk::scripted([vec![chatty], vec![whole()]]);
    let began = desk.world.millis();
    desk.chat(STREAM);
    assert_eq!(desk.world.millis() - began, 10_000);
}

#[test]
fn an_interrupted_stream_ends_with_its_code() {
    let desk = Desk::scripted([vec![Upstream::events(&[ROLE, HEL]).wait(1_000).data(STOP).data(DONE)]]);
    let mut answer = desk.head(desk.post("/v1/chat/completions", STREAM)).into_body();
    answer.interrupt(ErrorCode::Draining);
    let text = desk.world.collect(&mut answer).text();
    assert_eq!((text.starts_with(ROLE), in_band(&text).as_str()), (true, "draining"));
    drop(answer);
    assert_eq!((desk.record().code, desk.world.open_bodies()), (Some(ErrorCode::Draining), 0));
}

#[test]
fn an_interrupted_answer_without_such_an_end_is_cut() {
    let desk = Desk::scripted([vec![hello()]]);
    let mut answer = desk.head(desk.post("/v1/chat/completions", ASK)).into_body();
    answer.interrupt(ErrorCode::Draining);
    assert_eq!(desk.world.collect(&mut answer).error.map(|error| error.code), Some(ErrorCode::Draining));
    assert_eq!(desk.record().outcome, Outcome::Failed);
}

#[test]
fn a_connection_that_does_not_end_after_done_does_not_hold_the_client() {
    let desk = Desk::scripted([vec![whole().stalls()]]);
    let told = desk.chat(STREAM);
    assert!(told.body.text().ends_with(DONE));
    assert_eq!((desk.record().outcome, desk.world.open_bodies()), (Outcome::Completed, 0));
}

#[test]
fn a_stream_that_is_cut_anywhere_never_looks_complete() {
    let text = [ROLE, HEL, LO, STOP, DONE].concat();
    let finished = [ROLE, HEL, LO, STOP].concat().trim_end().len();
    let begun = [ROLE, HEL].concat().trim_end().len();
    for cut in 0..text.len() {
        let (came, _) = text.split_at_checked(cut).unwrap();
        let desk = Desk::new(|program| program.models.first_mut().unwrap().targets.truncate(1));
        desk.script([vec![Upstream::events(&[came])]]);
        let told = desk.chat(STREAM);
        if cut >= finished {
            assert_eq!((told.body.text(), desk.record().outcome), (text.clone(), Outcome::Completed), "{cut}");
        } else if cut >= begun {
            in_band(&told.body.text());
            assert_eq!(desk.record().outcome, Outcome::Failed, "{cut}");
        } else {
            assert_eq!((told.status, desk.record().outcome), (StatusCode::BAD_GATEWAY, Outcome::Failed), "{cut}");
        }
    }
}

#[test]
fn a_client_that_takes_its_stream_slowly_cannot_make_the_request_last() {
    let desk = Desk::scripted([vec![Upstream::events(&[ROLE, HEL]).data(LO).data(STOP).data(DONE)]]);
    let mut answer = desk.head(desk.post("/v1/chat/completions", STREAM)).into_body();
    // All of it is here, and nobody asks for it until the request's whole time has passed.
    desk.world.advance(300_000);
    let body = desk.world.collect(&mut answer).text();
    assert!(body.contains("request_time_exceeded") && !body.contains("[DONE]"), "{body}");
    assert_eq!(desk.record().code, Some(ErrorCode::RequestTimeExceeded));
}
