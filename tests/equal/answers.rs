//! Random answers of upstreams, as the simulated world plays them; `wire` plays the same ones on sockets.

use aigw_core::Millis;
use aigw_testkit::world::{Answer, Fault, Head, Piece};
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// What an upstream does with its next call.
#[derive(Clone, Debug)]
pub(super) enum Reaction {
    /// A good answer: a stream where one is asked for.
    Fit { split: usize, usage: bool, choices: usize },
    /// This, whatever is asked for.
    This(Answer),
}

const STREAM: &str = "text/event-stream";
const JSON: &str = "application/json";

/// Failures as real providers word them.
const FAILURES: [(u16, &str, &str); 13] = [
    (429, "", r#"{"error":{"message":"slow down","type":"requests","param":null,"code":"rate_limit_exceeded"}}"#),
    (429, "retry-after: 3000", r#"{"error":{"message":"slow down","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#),
    (429, "retry-after-ms: 4", r#"{"error":{"message":"slow down"}}"#),
    (429, "", r#"{"error":{"message":"no money","type":"insufficient_quota","code":"insufficient_quota"}}"#),
    (500, "", r#"{"error":{"message":"oops","type":"server_error"}}"#),
    (503, "retry-after: 4000", "busy"),
    (502, "content-type: text/html", "<html>bad gateway</html>"),
    (400, "", r#"{"error":{"message":"too long","type":"invalid_request_error","code":"context_length_exceeded"}}"#),
    (400, "", r#"{"error":{"message":"filtered","code":"content_filter","innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#),
    (401, "", r#"{"error":{"message":"wrong key","code":"invalid_api_key"}}"#),
    (404, "", r#"{"error":{"code":"DeploymentNotFound","message":"no such deployment"}}"#),
    (408, "", ""),
    (302, "location: http://127.0.0.1:1/", ""),
];

/// Streams that are not as they should be: the events, and how they end.
const STREAMS: [&[&str]; 14] = [
    &[ROLE, "CUT"],
    &[ROLE, TEXT, "CUT"],
    &[ROLE, TEXT],
    &[ROLE, TEXT, FINISH],
    &[ROLE, TEXT, FINISH, USAGE],
    &[TEXT, "data: [DONE]\n\n"],
    &["data: [DONE]\n\n"],
    &[ROLE, FAULT, "data: [DONE]\n\n"],
    &[ROLE, TEXT, FAULT],
    &[": ping\n\n", "event: message\r\ndata: ", CRLF_TEXT, "retry: 5\n\n", FINISH, "data: [DONE]\n\n"],
    &[ROLE, TEXT, "data: {\"choices\":[{\"delta\":{\"content\":\"lo\n\n", FINISH],
    &[ROLE, TEXT, "data: ping\n\n", TOOL, FINISH_TOOL, USAGE, "data: [DONE]\n\n", TEXT],
    &[ROLE, TEXT, "LONG", FINISH, "data: [DONE]\n\n"],
    &[],
];
const ROLE: &str = "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n";
const TEXT: &str = "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hé.\"},\"finish_reason\":null}]}\n\n";
const CRLF_TEXT: &str = "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":null}]}\r\n\r\n";
const TOOL: &str = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"t\",\"function\":{\"name\":\"look\",\"arguments\":\"{}\"}}]},\"finish_reason\":null}]}\n\n";
const FINISH: &str = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const FINISH_TOOL: &str = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n";
const USAGE: &str =
    "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2,\"total_tokens\":9}}\n\n";
const FAULT: &str = "data: {\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\",\"code\":\"overloaded\"}}\n\n";

/// Whole answers that are not as they should be, with their content types.
const WHOLES: [(u16, &str, &str); 7] = [
    (200, JSON, "{\"id\":"),
    (200, JSON, "{\"error\":{\"message\":\"not now\",\"code\":\"overloaded\"}}"),
    (200, "text/plain", "hello"),
    (200, JSON, ""),
    (201, JSON, "{\"usage\":{\"prompt_tokens\":-1,\"completion_tokens\":\"x\"}}"),
    (204, JSON, ""),
    (304, JSON, ""),
];

/// The answers of one upstream, one after the other. Where they are spent it answers well. Only where upstreams are given up soon may one keep silent.
pub(super) fn reactions(hurry: bool) -> impl Strategy<Value = Vec<Reaction>> {
    let silent = if hurry { 3 } else { 0 };
    let reaction = prop_oneof![
        8 => (1..200_usize, any::<bool>(), 1..3_usize).prop_map(|(split, usage, choices)| Reaction::Fit { split, usage, choices }),
        8 => failure(),
        6 => stream(),
        3 => whole(),
        2 => (0..3_u64, select(vec![Fault::Reset, Fault::NotHttp])).prop_map(|(after, fault)| instead(after, fault)),
        silent => Just(instead(0, Fault::Silence)),
        silent => stalls(),
    ];
    vec(reaction, 0..6)
}

impl Reaction {
    /// The answer to a call with this body.
    pub(super) fn answer(&self, call: &[u8]) -> Answer {
        match self {
            Self::This(answer) => answer.clone(),
            Self::Fit { split, usage, choices } if memchr::memmem::find(call, b"\"stream\":true").is_some() => {
                let usage = if *usage { USAGE } else { "" };
                let more = if *choices > 1 { FINISH.replace("\"index\":0", "\"index\":1") } else { String::new() };
                let all = format!("{ROLE}{TEXT}{TEXT}{FINISH}{more}{usage}data: [DONE]\n\n");
                answer(0, 200, &[("content-type", STREAM)], split_up(all.as_bytes(), *split * 10))
            }
            Self::Fit { split, .. } => {
                let text = r#"{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hé."},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5,"prompt_tokens_details":{"cached_tokens":1}}}"#;
                with_length(200, JSON, split_up(text.as_bytes(), *split * 3), text.len())
            }
        }
    }
}

/// A refusal of the gateway's key, with a body that says so.
pub(super) fn wrong_key() -> Reaction {
    let (status, _, body) = FAILURES[9];
    Reaction::This(with_length(status, JSON, vec![Piece::Data(Bytes::from_static(body.as_bytes()))], body.len()))
}

fn failure() -> impl Strategy<Value = Reaction> {
    (select(&FAILURES[..]), 0..3_u64).prop_map(|((status, header, body), after)| {
        let mut headers = vec![("content-type", JSON)];
        if let Some((name, value)) = header.split_once(": ") {
            headers.retain(|(known, _)| *known != name);
            headers.push((name, value));
        }
        let pieces = if body.is_empty() { Vec::new() } else { vec![Piece::Data(Bytes::from_static(body.as_bytes()))] };
        Reaction::This(answer(after, status, &headers, pieces))
    })
}

fn stream() -> impl Strategy<Value = Reaction> {
    (select(&STREAMS[..]), 1..40_usize, 0..2_u64).prop_map(|(events, split, wait)| {
        let mut pieces = Vec::new();
        for event in events {
            match *event {
                "CUT" => pieces.push(Piece::Cut),
                "LONG" => pieces.extend(split_up(TEXT.replace("Hé.", &"long ".repeat(400)).as_bytes(), split * 60)),
                event => pieces.extend(split_up(event.as_bytes(), split * 20)),
            }
            pieces.push(Piece::Wait(Millis::new(wait)));
        }
        Reaction::This(answer(0, 200, &[("content-type", STREAM)], ended(pieces)))
    })
}

/// What follows a cut never comes.
fn ended(mut pieces: Vec<Piece>) -> Vec<Piece> {
    if let Some(cut) = pieces.iter().position(|piece| matches!(piece, Piece::Cut | Piece::Stall)) {
        pieces.truncate(cut + 1);
    }
    pieces
}

fn whole() -> impl Strategy<Value = Reaction> {
    (select(&WHOLES[..]), 0..4_usize).prop_map(|((status, kind, text), how)| {
        let data = Piece::Data(Bytes::from_static(text.as_bytes()));
        let bodiless = matches!(status, 204 | 304);
        Reaction::This(match how {
            _ if bodiless => answer(1, status, &[("x-upstream", "1"), ("content-type", kind)], Vec::new()),
            0 => with_length(status, kind, vec![data, Piece::Wait(Millis::new(1)), Piece::Cut], text.len() + 9),
            1 => answer(1, status, &[("content-type", kind), ("set-cookie", "a=b")], vec![data]),
            2 => answer(1, status, &[("content-type", kind)], vec![data, Piece::Wait(Millis::new(1)), Piece::Cut]),
            _ => with_length(status, kind, vec![data], text.len()),
        })
    })
}

fn instead(after: u64, fault: Fault) -> Reaction {
    Reaction::This(Answer { after: Millis::new(after), head: Err(fault), pieces: Vec::new() })
}

fn stalls() -> impl Strategy<Value = Reaction> {
    select(vec![vec![], vec![ROLE], vec![ROLE, TEXT]]).prop_map(|events| {
        let data = events.into_iter().map(|event| Piece::Data(Bytes::from_static(event.as_bytes())));
        Reaction::This(answer(0, 200, &[("content-type", STREAM)], data.chain([Piece::Stall]).collect()))
    })
}

fn answer(after: u64, status: u16, headers: &[(&str, &str)], pieces: Vec<Piece>) -> Answer {
    let pair = |(name, value): &(&str, &str)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
    let headers = HeaderMap::from_iter(headers.iter().map(pair));
    let status = StatusCode::from_u16(status).unwrap();
    Answer { after: Millis::new(after), head: Ok(Head { status, headers }), pieces }
}

fn with_length(status: u16, kind: &str, pieces: Vec<Piece>, length: usize) -> Answer {
    let mut answer = answer(0, status, &[("content-type", kind)], pieces);
    if let Ok(head) = &mut answer.head {
        head.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    answer
}

fn split_up(bytes: &[u8], at: usize) -> Vec<Piece> {
    bytes.chunks(at.max(1)).map(|chunk| Piece::Data(Bytes::copy_from_slice(chunk))).collect()
}
