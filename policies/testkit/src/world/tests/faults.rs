//! What upstreams can do.

use aigw_core::Outcome;

use super::*;

#[test]
fn an_answer_arrives_and_everything_about_it_is_told() {
    let sim = sim([Some(after(30, whole()))]);
    let exchange = one(&sim, asks(false));
    assert_eq!(exchange.status, Some(StatusCode::OK));
    assert_eq!(exchange.end, End::Complete);
    assert_eq!(chunks(&exchange), [(30, WHOLE)]);
    assert_eq!(exchange.headers.get(CONTENT_TYPE).unwrap(), "application/json");
    assert_eq!(exchange.took, Millis::new(30));
    assert_eq!(exchange.record.outcome, Outcome::Completed);
    assert_eq!(exchange.record.time, BEGINNING);
    assert_eq!(exchange.record.usage.unwrap().output_tokens, Some(2));
    assert_eq!(exchange.sent.len(), 1);
    assert_eq!(exchange.sent[0].uri.path(), "/v1/chat/completions");
    assert_eq!(exchange.sent[0].headers.get("authorization").unwrap(), "Bearer <secret key-a>");
    assert!(exchange.unscripted.is_empty());
}

/// `a` does this, `b` answers: what the record says of `a`, and how long it took in milliseconds.
fn failed_over(answer: Answer, streams: bool) -> (String, u64) {
    let other = if streams { stream(vec![data(DELTA), data(STOP)]) } else { whole() };
    let exchange = one(&sim([Some(answer), Some(other)]), asks(streams));
    assert_eq!((exchange.status, &exchange.end), (Some(StatusCode::OK), &End::Complete));
    let attempts = attempts(&exchange);
    assert_eq!(attempts.len(), 2);
    assert_eq!((attempts[1].0, attempts[1].1), ("p/b/m", None));
    assert_eq!(exchange.sent.iter().map(|sent| sent.endpoint.0).collect::<Vec<_>>(), [0, 1]);
    (attempts[0].1.unwrap().to_owned(), attempts[0].2 / 1_000)
}

#[test]
fn every_fault_before_the_head_is_what_the_transport_would_report() {
    for (answer, reason, millis) in [
        (after(5, fault(Fault::Refuse)), "connect failed", 5),
        (after(5, fault(Fault::Tls)), "connect failed", 5),
        (after(1_999, fault(Fault::Tls)), "connect failed", 1_999),
        (after(2_001, fault(Fault::Tls)), "connect timed out", 2_000),
        (after(9_000, fault(Fault::Refuse)), "connect timed out", 2_000),
        (after(5, fault(Fault::ConnectTimeout)), "connect timed out", 2_000),
        (after(5, fault(Fault::Reset)), "connection lost before the answer", 5),
        (after(5_000, fault(Fault::Reset)), "connection lost before the answer", 5_000),
        (after(5, fault(Fault::NotHttp)), "protocol error", 5),
        (after(5, fault(Fault::Silence)), "first_byte_timeout", 10_000),
        (after(10_001, whole()), "first_byte_timeout", 10_000),
    ] {
        assert_eq!(failed_over(answer.clone(), false), (reason.to_owned(), millis), "{answer:?}");
    }
}

#[test]
fn a_stream_that_dies_before_its_first_content_is_asked_elsewhere() {
    for (pieces, reason, millis) in [
        (vec![wait(70), Piece::Cut], "connection lost within the answer", 70),
        (vec![wait(70)], "truncated", 70),
        (vec![Piece::Stall], "first_byte_timeout", 10_000),
    ] {
        assert_eq!(failed_over(stream(pieces.clone()), true), (reason.to_owned(), millis), "{pieces:?}");
    }
}

#[test]
fn an_answer_that_breaks_off_within_its_body_is_cut() {
    let head = "{\"choices\":";
    for (rest, end, took) in [
        (vec![wait(40), Piece::Cut], "stream_truncated", 40),
        (vec![wait(40)], "stream_truncated", 40),
        (vec![Piece::Stall], "upstream_timeout", 20_000),
        (vec![wait(19_999), data(" "), wait(19_999), data(" "), wait(20_001)], "upstream_timeout", 59_998),
    ] {
        let pieces = [vec![data(head)], rest].concat();
        let exchange = one(&sim([Some(Answer { pieces: pieces.clone(), ..whole() })]), asks(false));
        assert_eq!(exchange.status, Some(StatusCode::OK));
        assert_eq!(chunks(&exchange)[0], (0, head));
        assert_eq!((exchange.end, exchange.took.as_millis()), (End::Cut(end.to_owned()), took), "{pieces:?}");
        assert_eq!(exchange.record.outcome, Outcome::Failed);
    }
}

#[test]
fn chunks_come_when_the_upstream_sends_them() {
    let pieces = vec![wait(10), data(DELTA), wait(20), data(DELTA), data(STOP)];
    let exchange = one(&sim([Some(after(5, stream(pieces)))]), asks(true));
    let times: Vec<u64> = exchange.body.iter().map(|(at, _)| at.as_millis()).collect();
    assert_eq!(times, [15, 35, 35]);
    assert_eq!(exchange.took, Millis::new(35));
    assert_eq!(exchange.end, End::Complete);
    assert!(exchange.record.stream);
}

#[test]
fn a_stream_that_stalls_ends_with_an_error_in_it() {
    let exchange = one(&sim([Some(stream(vec![data(DELTA), Piece::Stall]))]), asks(true));
    assert_eq!(exchange.end, End::Complete);
    assert_eq!(exchange.took, Millis::from_secs(20));
    let (at, last) = *chunks(&exchange).last().unwrap();
    assert_eq!(at, 20_000);
    assert!(last.contains("stream_timeout"), "{last}");
}

#[test]
fn a_call_without_a_script_fails_and_is_told() {
    let exchange = one(&sim([None, Some(whole())]), asks(false));
    assert_eq!(exchange.status, Some(StatusCode::OK));
    assert_eq!(exchange.unscripted, ["nobody answers for endpoint 0"]);
    assert_eq!(attempts(&exchange)[0].1, Some("connect failed"));
}

#[test]
fn a_missing_secret_leaves_its_endpoint_out() {
    let sim = sim([Some(whole()), Some(whole())]);
    sim.lose_secret("key-a");
    let exchange = one(&sim, asks(false));
    assert_eq!(exchange.sent.len(), 1);
    assert_eq!(exchange.sent[0].headers.get("authorization").unwrap().to_str().unwrap(), format!("Bearer {}", stand_in("key-b")));
    sim.lose_secret("key-b");
    let exchange = one(&sim, asks(false));
    assert_eq!((exchange.status, exchange.sent.len()), (Some(StatusCode::SERVICE_UNAVAILABLE), 0));
    assert_eq!(exchange.record.code, Some(aigw_core::ErrorCode::NoTarget));
}
