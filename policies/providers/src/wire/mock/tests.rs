#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use super::*;
use crate::sse::Splitter;
use crate::stream::{ChatStream, StreamEnd, StreamExpectation};
use crate::usage::Usage;
use crate::wire::Api;
use crate::wire::tests::{figures, judge};
use base64::Engine as _;
use proptest::prelude::*;
use serde_json::Value;

fn settings(text: Option<&str>) -> MockSettings {
    MockSettings { text: text.map(str::to_owned), latency: Millis::new(30), chunk_interval: Millis::new(5) }
}

fn call(operation: Operation, text: Option<&str>, body: &str) -> MockAnswer {
    answer(
        &settings(text),
        &MockCall { operation, body: &Bytes::copy_from_slice(body.as_bytes()), id: "7", created: 1_763_800_000 },
    )
}

fn whole(answer: MockAnswer) -> (StatusCode, Value) {
    let MockAnswer::Whole { status, after, body } = answer else { panic!("a stream") };
    assert_eq!(after, Millis::new(30));
    (status, serde_json::from_slice(&body).unwrap())
}

fn events(answer: MockAnswer) -> Vec<MockEvent> {
    let MockAnswer::Stream(events) = answer else { panic!("no stream") };
    events
}

fn recorded(events: &[MockEvent]) -> String {
    String::from_utf8(events.iter().flat_map(|event| event.raw.to_vec()).collect()).unwrap()
}

#[test]
fn a_whole_answer_repeats_the_last_user_message_and_counts_words() {
    let body = r#"{"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"Hello there"}]}]}"#;
    let (status, answer) = whole(call(Operation::Chat, None, body));
    assert_eq!(status, StatusCode::OK);
    assert_eq!(answer, serde_json::from_str::<Value>(include_str!("fixtures/chat_answer.json")).unwrap());
    assert_eq!(call(Operation::Chat, None, body), call(Operation::Chat, None, body), "deterministic");
}

#[test]
fn a_stream_is_the_same_answer_piece_by_piece_with_its_times() {
    let body = r#"{"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true}}"#;
    let events = events(call(Operation::Chat, Some("One  two"), body));
    assert_eq!(recorded(&events), include_str!("fixtures/stream.sse"));
    let after: Vec<_> = events.iter().map(|event| event.after.as_millis()).collect();
    assert_eq!(after, [30, 5, 5, 5, 5, 0]);
}

#[test]
fn our_own_reader_finds_its_streams_complete() {
    let judged = judge(&recorded(&events(call(
        Operation::Chat,
        None,
        r#"{"messages":[{"role":"user","content":"a b"}],"stream":true,"stream_options":{"include_usage":true}}"#,
    ))));
    assert_eq!(
        (judged.end, judged.first_content, judged.usage),
        (StreamEnd::Complete, Some(1), Some([Some(2), None, Some(4), None]))
    );
}

#[test]
fn the_output_bound_and_the_number_of_choices_are_kept() {
    let (_, answer) = whole(call(Operation::Chat, Some("one two three"), r#"{"messages":[],"max_completion_tokens":2,"n":2}"#));
    let choices = answer["choices"].as_array().unwrap();
    assert_eq!(choices.len(), 2);
    for (index, choice) in choices.iter().enumerate() {
        assert_eq!(
            (&choice["index"], &choice["message"]["content"], &choice["finish_reason"]),
            (&index.into(), &"one two".into(), &"length".into())
        );
    }
    assert_eq!(answer["usage"]["completion_tokens"], 4);
    let (_, none) = whole(call(Operation::Chat, Some("one"), r#"{"messages":[],"max_tokens":0}"#));
    assert_eq!((&none["choices"][0]["message"]["content"], &none["choices"][0]["finish_reason"]), (&"".into(), &"length".into()));
}

#[test]
fn a_demanded_tool_is_called() {
    let tools = r#""tools":[{"type":"function","function":{"name":"first"}},{"type":"function","function":{"name":"second"}}]"#;
    for (choice, name) in [("\"required\"", "first"), (r#"{"type":"function","function":{"name":"second"}}"#, "second")] {
        let body = format!(r#"{{"messages":[],{tools},"tool_choice":{choice}}}"#);
        let (_, answer) = whole(call(Operation::Chat, None, &body));
        let choice = &answer["choices"][0];
        assert_eq!((&choice["finish_reason"], &choice["message"]["content"]), (&"tool_calls".into(), &Value::Null));
        assert_eq!(
            choice["message"]["tool_calls"],
            serde_json::json!([{"id": "call_7_0", "type": "function", "function": {"name": name, "arguments": "{}"}}])
        );
        let streamed =
            recorded(&events(call(Operation::Chat, None, &body.replace("\"messages\"", "\"stream\":true,\"messages\""))));
        assert!(streamed.contains(&format!(r#"{{"name":"{name}","arguments":"{{}}"}},"index":0}}"#)), "{streamed}");
        assert_eq!(judge(&streamed).end, StreamEnd::Complete);
    }
    for choice in ["\"auto\"", "\"none\"", "null"] {
        let (_, answer) =
            whole(call(Operation::Chat, Some("x"), &format!(r#"{{"messages":[],{tools},"tool_choice":{choice}}}"#)));
        assert_eq!(answer["choices"][0]["message"]["content"], "x", "{choice}");
    }
}

#[test]
fn embeddings_are_unit_vectors_that_depend_on_the_text_alone() {
    let (_, answer) = whole(call(Operation::Embeddings, None, r#"{"model":"e","input":["a b","c","a b"],"dimensions":5}"#));
    let vectors: Vec<Vec<f64>> =
        answer["data"].as_array().unwrap().iter().map(|row| serde_json::from_value(row["embedding"].clone()).unwrap()).collect();
    assert_eq!((vectors[0].len(), &vectors[0]), (5, &vectors[2]));
    assert_ne!(vectors[0], vectors[1]);
    for vector in &vectors {
        assert!((vector.iter().map(|component| component * component).sum::<f64>() - 1.0).abs() < 1e-5);
    }
    assert_eq!(
        (&answer["usage"]["prompt_tokens"], &answer["model"], &answer["data"][2]["index"]),
        (&5.into(), &"e".into(), &2.into())
    );
}

#[test]
fn base64_holds_the_same_floats() {
    let one = |format: &str| {
        whole(call(Operation::Embeddings, None, &format!(r#"{{"input":"a","encoding_format":"{format}"}}"#))).1["data"][0]["embedding"].clone()
    };
    let floats: Vec<f32> = serde_json::from_value(one("float")).unwrap();
    let bytes = base64::engine::general_purpose::STANDARD.decode(one("base64").as_str().unwrap()).unwrap();
    let decoded: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|chunk| f32::from_le_bytes(*chunk)).collect();
    assert_eq!((floats.len(), floats), (64, decoded));
}

#[test]
fn tokens_are_inputs_too() {
    for (input, rows, tokens) in [("[1,2,3]", 1, 3), ("[[1,2],[3]]", 2, 3), ("\"a b\"", 1, 2)] {
        let (_, answer) = whole(call(Operation::Embeddings, None, &format!(r#"{{"input":{input}}}"#)));
        assert_eq!(
            (answer["data"].as_array().unwrap().len(), &answer["usage"]["prompt_tokens"]),
            (rows, &tokens.into()),
            "{input}"
        );
    }
}

#[test]
fn what_cannot_be_answered_is_refused_in_the_dialect() {
    let too_many = format!(r#"{{"input":[{}]}}"#, vec!["\"a\""; 2049].join(","));
    for (operation, body, code) in [
        (Operation::Chat, "no json", "invalid_request"),
        (Operation::Chat, "{", "invalid_json"),
        (Operation::Chat, "{}", "missing_parameter"),
        (Operation::Chat, r#"{"messages":[7]}"#, "invalid_request"),
        (Operation::Embeddings, "{}", "missing_parameter"),
        (Operation::Embeddings, r#"{"input":[]}"#, "invalid_parameter"),
        (Operation::Embeddings, r#"{"input":[{}]}"#, "invalid_parameter"),
        (Operation::Embeddings, r#"{"input":["a",1]}"#, "invalid_parameter"),
        (Operation::Embeddings, r#"{"input":"a","dimensions":3073}"#, "invalid_parameter"),
        (Operation::Embeddings, &too_many, "invalid_parameter"),
        (Operation::Models, "{}", "invalid_parameter"),
    ] {
        let (status, answer) = whole(call(operation, None, body));
        assert_eq!((status, answer["error"]["code"].as_str()), (StatusCode::BAD_REQUEST, Some(code)), "{body}");
    }
}

#[test]
fn its_paths_are_those_of_openai() {
    let target = Target { operation: Operation::Chat, base_path: "", model: "m", api: &Api::Plain };
    assert_eq!((DEFINITION.path_and_query)(&target), "/v1/chat/completions");
}

proptest! {
    #[test]
    fn a_streamed_answer_is_the_whole_one(text in ".{0,40}", choices in 1_u32..4, bound in prop::option::of(0_u64..6), tool in any::<bool>()) {
        let mut body = serde_json::json!({"messages": [{"role": "user", "content": text}], "n": choices, "max_tokens": bound});
        if tool {
            body["tool_choice"] = "required".into();
            body["tools"] = serde_json::json!([{"function": {"name": "f"}}]);
        }
        let (_, unary) = whole(call(Operation::Chat, None, &body.to_string()));
        body["stream"] = true.into();
        body["stream_options"] = serde_json::json!({"include_usage": true});
        let mut splitter = Splitter::default();
        let mut stream = ChatStream::new(StreamExpectation { include_usage: false, choices });
        splitter.push(recorded(&events(call(Operation::Chat, None, &body.to_string()))).into());
        let mut texts = vec![String::new(); choices as usize];
        while let Some(event) = splitter.next_event().unwrap() {
            stream.read(&event);
            let Ok(chunk) = serde_json::from_slice::<Value>(&event.data.unwrap()) else { continue };
            for choice in chunk["choices"].as_array().unwrap() {
                texts[usize::try_from(choice["index"].as_u64().unwrap()).unwrap()] += choice["delta"]["content"].as_str().unwrap_or_default();
            }
        }
        prop_assert_eq!(stream.end(), StreamEnd::Complete);
        prop_assert_eq!(stream.usage().map(figures), Usage::of_answer(unary.to_string().as_bytes()).map(figures));
        for (index, text) in texts.iter().enumerate() {
            prop_assert_eq!(text, unary["choices"][index]["message"]["content"].as_str().unwrap_or_default());
        }
    }

    #[test]
    fn arbitrary_bodies_never_panic(json in "\\{\"(messages|input)\":[\\[\\]{}\",:a-z0-9]{0,40}\\}") {
        call(Operation::Chat, None, &json);
        call(Operation::Embeddings, None, &json);
    }
}
