#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::*;
use crate::sse::{DONE, Splitter, data_event};
use proptest::prelude::*;

const ASKED: StreamExpectation = StreamExpectation { include_usage: true, choices: 1 };
const UNASKED: StreamExpectation = StreamExpectation { include_usage: false, choices: 1 };

/// Every event's effect in one letter: capital if passed on, small if swallowed.
fn letter(reading: &Reading) -> char {
    let letter = match &reading.signal {
        Signal::Quiet => 'q',
        Signal::Content => 'c',
        Signal::Error(_) => 'e',
        Signal::Unreadable { may_hold_content: true } => 'l',
        Signal::Unreadable { may_hold_content: false } => 'u',
        Signal::Done => 'd',
    };
    if reading.forward { letter.to_ascii_uppercase() } else { letter }
}

fn run(expectation: StreamExpectation, chunks: &[&[u8]]) -> (String, ChatStream) {
    let mut splitter = Splitter::default();
    let mut stream = ChatStream::new(expectation);
    let mut letters = String::new();
    for chunk in chunks {
        splitter.push(Bytes::copy_from_slice(chunk));
        while let Some(event) = splitter.next_event().unwrap() {
            letters.push(letter(&stream.read(&event)));
        }
    }
    letters.extend(splitter.finish().map(|event| letter(&stream.read(&event))));
    (letters, stream)
}

fn check(expectation: StreamExpectation, events: &[&str], expected: &str, end: StreamEnd) {
    let bytes: Vec<u8> = events.iter().flat_map(|data| data_event(data.as_bytes())).collect();
    let (letters, stream) = run(expectation, &[&bytes]);
    assert_eq!((letters.as_str(), stream.end()), (expected, end), "{events:?}");
}

const ROLE: &str =
    r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"finish_reason":null}],"usage":null}"#;
const TEXT: &str = r#"{"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}"#;
const FINISH: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
const USAGE: &str = r#"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#;

#[test]
fn a_plain_answer_passes_and_is_complete() {
    check(ASKED, &[ROLE, TEXT, FINISH, USAGE, "[DONE]"], "QCCQD", StreamEnd::Complete);
}

#[test]
fn usage_that_the_client_did_not_ask_for_is_read_and_swallowed() {
    check(UNASKED, &[TEXT, FINISH, USAGE, "[DONE]"], "CCqD", StreamEnd::Complete);
    let (_, stream) = run(UNASKED, &[&data_event(USAGE.as_bytes())]);
    assert_eq!(stream.usage(), Some(Usage { input: Some(3), output: Some(2), ..Usage::default() }));
}

#[test]
fn usage_beside_choices_passes_whoever_asked() {
    let both = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3}}"#;
    check(UNASKED, &[both, "[DONE]"], "CD", StreamEnd::Complete);
}

#[test]
fn empty_choices_without_usage_are_quiet_wherever_they_stand() {
    let filter = r#"{"choices":[],"prompt_filter_results":[{"prompt_index":0,"content_filter_results":{}}]}"#;
    check(UNASKED, &[filter, TEXT, filter, FINISH, filter, "[DONE]"], "QCQCQD", StreamEnd::Complete);
}

#[test]
fn whatever_a_client_waits_for_is_content() {
    for delta in [
        r#"{"content":"x"}"#,
        r#"{"content":[{"type":"text","text":"x"}]}"#,
        r#"{"refusal":"no"}"#,
        r#"{"tool_calls":[{"index":0}]}"#,
        r#"{"function_call":{"name":"f"}}"#,
        r#"{"reasoning_content":"hm"}"#,
        r#"{"reasoning":"hm"}"#,
        r#"{"audio":{"id":"a"}}"#,
    ] {
        check(UNASKED, &[&format!(r#"{{"choices":[{{"index":0,"delta":{delta}}}]}}"#)], "C", StreamEnd::Truncated);
    }
    for delta in [r#"{"content":""}"#, r#"{"content":null}"#, r#"{"tool_calls":[]}"#, "null", "{}"] {
        check(UNASKED, &[&format!(r#"{{"choices":[{{"index":0,"delta":{delta}}}]}}"#)], "Q", StreamEnd::Truncated);
    }
}

#[test]
fn without_its_finish_reason_an_answer_is_never_complete() {
    check(UNASKED, &[], "", StreamEnd::Truncated);
    check(UNASKED, &[ROLE, TEXT], "QC", StreamEnd::Truncated);
    check(UNASKED, &[ROLE, TEXT, "[DONE]"], "QCd", StreamEnd::Truncated);
    check(UNASKED, &["[DONE]"], "d", StreamEnd::Truncated);
    let empty = r#"{"choices":[{"index":0,"delta":{},"finish_reason":""}]}"#;
    check(UNASKED, &[TEXT, empty], "CQ", StreamEnd::Truncated);
}

#[test]
fn a_complete_answer_may_lack_its_last_event() {
    check(UNASKED, &[TEXT, FINISH], "CC", StreamEnd::DoneMissing);
}

#[test]
fn after_the_last_event_nothing_passes() {
    check(UNASKED, &[TEXT, FINISH, "[DONE]", TEXT, "[DONE]"], "CCDqq", StreamEnd::Complete);
}

#[test]
fn every_choice_needs_its_own_finish_reason() {
    let two = StreamExpectation { include_usage: false, choices: 2 };
    let other = FINISH.replace("\"index\":0", "\"index\":1");
    check(two, &[FINISH], "C", StreamEnd::Truncated);
    check(two, &[FINISH, &other, "[DONE]"], "CCD", StreamEnd::Complete);
    check(UNASKED, &[FINISH, &TEXT.replace("\"index\":0", "\"index\":1"), "[DONE]"], "CCd", StreamEnd::Truncated);
}

#[test]
fn a_failure_inside_the_stream_is_recognised_and_kept_back() {
    for error in [
        r#"{"error":{"message":"down","type":"server_error","param":null,"code":null}}"#,
        r#"{"error":"down"}"#,
        r#"{"object":"error","message":"down","type":"InternalServerError","code":500}"#,
        r#"{"id":"gen-1","choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}],"error":{"code":502,"message":"down"}}"#,
    ] {
        check(UNASKED, &[TEXT, error], "Ce", StreamEnd::Truncated);
    }
    check(UNASKED, &[r#"{"error":null,"choices":[]}"#], "Q", StreamEnd::Truncated);
}

#[test]
fn what_cannot_be_read_is_dropped_and_said_to_have_held_content_or_not() {
    for (data, letter) in [
        (r#"{"choices":[{"index":0,"delta":{"content":"x"#, "l"),
        (r#"{"choices":7}"#, "l"),
        (r#"{"choices":[{"index":0,"index":1}]}"#, "l"),
        ("ping", "u"),
        ("<html>", "u"),
        ("7", "u"),
    ] {
        check(UNASKED, &[data, FINISH], &format!("{letter}C"), StreamEnd::DoneMissing);
    }
    let (_, stream) = run(UNASKED, &[&data_event(b"ping"), &data_event(b"{")]);
    assert_eq!(stream.unreadable_events(), 2);
}

#[test]
fn more_choices_than_can_be_asked_for_are_not_followed() {
    let choices: Vec<_> = (0..129).map(|index| format!(r#"{{"index":{index},"delta":{{}}}}"#)).collect();
    check(UNASKED, &[&format!(r#"{{"choices":[{}]}}"#, choices.join(","))], "l", StreamEnd::Truncated);
}

#[test]
fn comments_and_empty_data_pass_quietly() {
    let (letters, _) = run(UNASKED, &[b": OPENROUTER PROCESSING\n\ndata:\n\nevent: ping\n\n"]);
    assert_eq!(letters, "QQQ");
}

#[test]
fn a_half_surrogate_in_a_text_does_not_make_a_chunk_unreadable() {
    check(UNASKED, &[r#"{"choices":[{"index":0,"delta":{"content":"\ud83d"}}]}"#], "C", StreamEnd::Truncated);
}

fn event() -> impl Strategy<Value = Bytes> {
    let known = [ROLE, TEXT, FINISH, USAGE, "[DONE]", "ping", "{", r#"{"error":{"message":"x"}}"#]
        .map(|data| data_event(data.as_bytes()));
    let other = prop::sample::select(vec![
        Bytes::from_static(b": keep-alive\r\n\r\n"),
        Bytes::from_static(b"\r"),
        Bytes::from_static(b"data: {\n"),
    ]);
    prop_oneof![8 => prop::sample::select(known.to_vec()), 1 => other]
}

proptest! {
    #[test]
    fn however_a_stream_is_cut_it_is_judged_the_same(events in prop::collection::vec(event(), 0..8), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8)) {
        let bytes = events.concat();
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).chain([0, bytes.len()]).collect();
        cuts.sort_unstable();
        let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| bytes.get(pair[0]..pair[1]).unwrap()).collect();
        let (letters, stream) = run(UNASKED, &chunks);
        let (whole_letters, whole) = run(UNASKED, &[&bytes]);
        prop_assert_eq!(letters, whole_letters);
        prop_assert_eq!((stream.end(), stream.usage(), stream.unreadable_events()), (whole.end(), whole.usage(), whole.unreadable_events()));
    }

    #[test]
    fn a_stream_that_is_cut_off_never_looks_complete(cut in any::<prop::sample::Index>()) {
        let whole = [ROLE, TEXT, FINISH].map(|data| data_event(data.as_bytes())).concat();
        let finish = whole.len() - data_event(FINISH.as_bytes()).len() + "data: ".len() + FINISH.len();
        let cut = cut.index(finish);
        let (_, stream) = run(UNASKED, &[whole.get(..cut).unwrap()]);
        prop_assert_eq!(stream.end(), StreamEnd::Truncated);
    }

    #[test]
    fn arbitrary_data_never_panics(data in prop::collection::vec(any::<u8>(), 0..60), json in "[\\[\\]{}\",:a-z0-9]{0,60}") {
        let mut stream = ChatStream::new(UNASKED);
        for data in [Bytes::from(data), Bytes::from(json)] {
            stream.read(&Event { raw: DONE.into(), name: None, data: Some(data) });
        }
        stream.end();
    }
}
