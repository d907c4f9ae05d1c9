//! From an answer as written to the bytes that an upstream would send for this call.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::suite::{AnswerSpec, ChatAnswer, FaultWord, PieceSpec, StreamEnd, UsageSpec};
use crate::world::{Answer, Fault, Head, Piece, Sent};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// What an answer's body is before faults are played on it.
struct Content {
    kind: HeaderValue,
    pieces: Vec<Piece>,
    /// Whether its length is known beforehand.
    whole: bool,
}

/// What a call asks for, as far as answers depend on it.
struct Asked {
    model: String,
    stream: bool,
    usage: bool,
}

/// The answer to a call.
pub(crate) fn answer(spec: &AnswerSpec, call: &Sent) -> Result<Answer, String> {
    let after = spec.after.unwrap_or_default();
    if let Some(fault) = spec.fault.and_then(before_the_head) {
        return Ok(Answer { after, head: Err(fault), pieces: Vec::new() });
    }
    let status = StatusCode::from_u16(spec.status.unwrap_or(200)).map_err(|_| "the status is none".to_owned())?;
    let content = faulty(content(spec, status, &Asked::by(call))?, spec.fault);
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, content.kind.clone());
    if content.whole {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length(&content.pieces)));
    }
    for (name, value) in &spec.headers {
        let pair = (name.parse::<HeaderName>(), HeaderValue::from_str(value));
        let (Ok(name), Ok(value)) = pair else { return Err(format!("`{name}` is not a header")) };
        headers.insert(name, value);
    }
    // Cut half-way, the length still promises the whole.
    let pieces = if spec.fault == Some(FaultWord::Truncated) { cut(content.pieces) } else { content.pieces };
    let pieces = match spec.slow {
        Some(slow) => pieces.into_iter().flat_map(|piece| drip(piece, slow.bytes as usize, slow.every)).collect(),
        None => pieces,
    };
    Ok(Answer { after, head: Ok(Head { status, headers }), pieces })
}

/// How many bytes the body of this answer has, where it is not streamed.
pub(crate) fn whole_length(spec: &AnswerSpec) -> usize {
    let status = StatusCode::from_u16(spec.status.unwrap_or(200)).unwrap_or_default();
    let asked = Asked { model: String::new(), stream: spec.stream.is_some(), usage: true };
    content(spec, status, &asked).map_or(0, |content| length(&content.pieces))
}

fn before_the_head(fault: FaultWord) -> Option<Fault> {
    Some(match fault {
        FaultWord::Refuse => Fault::Refuse,
        FaultWord::ConnectTimeout => Fault::ConnectTimeout,
        FaultWord::Tls => Fault::Tls,
        FaultWord::Reset => Fault::Reset,
        FaultWord::Timeout => Fault::Silence,
        FaultWord::NotHttp => Fault::NotHttp,
        FaultWord::Truncated | FaultWord::Malformed => return None,
    })
}

fn content(spec: &AnswerSpec, status: StatusCode, asked: &Asked) -> Result<Content, String> {
    if let Some(pieces) = &spec.stream {
        if !asked.stream {
            return Err("it is a stream, and the call asked for none".to_owned());
        }
        return Ok(Content { kind: EVENTS, pieces: stream(pieces, asked), whole: false });
    }
    if let Some(chat) = &spec.chat {
        if asked.stream {
            let model = chat.model.clone().unwrap_or_else(|| asked.model.clone());
            let asked = Asked { model, ..*asked };
            return Ok(Content { kind: EVENTS, pieces: stream(&as_pieces(chat), &asked), whole: false });
        }
        return Ok(whole(JSON, completion(chat, asked).to_string()));
    }
    if let Some(embeddings) = &spec.embeddings {
        let data: Vec<Value> = embeddings
            .vectors
            .iter()
            .enumerate()
            .map(|(index, vector)| json!({"object": "embedding", "index": index, "embedding": vector}))
            .collect();
        let usage = embeddings.usage.unwrap_or_default();
        let usage = json!({"prompt_tokens": usage.input, "total_tokens": usage.input});
        return Ok(whole(JSON, json!({"object": "list", "data": data, "model": asked.model, "usage": usage}).to_string()));
    }
    if let Some(body) = &spec.body {
        return Ok(whole(JSON, body.to_string()));
    }
    if let Some(text) = &spec.text {
        return Ok(whole(TEXT, text.clone()));
    }
    Ok(whole(JSON, error(status).to_string()))
}

fn whole(kind: HeaderValue, text: String) -> Content {
    Content { kind, pieces: vec![Piece::Data(text.into())], whole: true }
}

/// OpenAI's error of that status, as its reference lists them.
fn error(status: StatusCode) -> Value {
    let (kind, code) = match status.as_u16() {
        401 => ("invalid_request_error", "invalid_api_key"),
        403 => ("invalid_request_error", "forbidden"),
        404 => ("invalid_request_error", "model_not_found"),
        429 => ("requests", "rate_limit_exceeded"),
        400..=499 => ("invalid_request_error", "invalid_request"),
        _ => ("server_error", "server_error"),
    };
    json!({"error": {"message": "as the test says", "type": kind, "param": null, "code": code}})
}

fn completion(chat: &ChatAnswer, asked: &Asked) -> Value {
    let mut message = json!({"role": "assistant", "content": chat.text});
    let tools = !chat.tool_calls.is_empty();
    if tools && let Some(members) = message.as_object_mut() {
        members.insert("tool_calls".to_owned(), chat.tool_calls.clone().into());
        if chat.text.is_empty() {
            members.insert("content".to_owned(), Value::Null);
        }
    }
    let finish = chat.finish.as_deref().unwrap_or(if tools { "tool_calls" } else { "stop" });
    let mut body = json!({
        "id": "chatcmpl-test",
        "object": "chat.completion",
        "created": 1_767_225_600,
        "model": chat.model.as_deref().unwrap_or(&asked.model),
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
    });
    if let (Some(usage), Some(members)) = (chat.usage, body.as_object_mut()) {
        members.insert("usage".to_owned(), usage_json(usage));
    }
    body
}

fn usage_json(usage: UsageSpec) -> Value {
    let mut json = json!({
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input.saturating_add(usage.output),
    });
    if let Some(members) = json.as_object_mut() {
        if let Some(cached) = usage.cached {
            members.insert("prompt_tokens_details".to_owned(), json!({"cached_tokens": cached}));
        }
        if let Some(reasoning) = usage.reasoning {
            members.insert("completion_tokens_details".to_owned(), json!({"reasoning_tokens": reasoning}));
        }
    }
    json
}

/// A completion as the stream that would say the same.
fn as_pieces(chat: &ChatAnswer) -> Vec<PieceSpec> {
    let text = Some(&chat.text).filter(|text| !text.is_empty() || chat.tool_calls.is_empty());
    let mut pieces: Vec<PieceSpec> =
        text.map(|text| PieceSpec { text: Some(text.clone()), ..PieceSpec::default() }).into_iter().collect();
    pieces.extend(chat.tool_calls.iter().map(|call| PieceSpec { tool_call: Some(call.clone()), ..PieceSpec::default() }));
    let tools = !chat.tool_calls.is_empty();
    let finish = chat.finish.clone().or_else(|| tools.then(|| "tool_calls".to_owned()));
    pieces.push(PieceSpec { finish: Some(finish.unwrap_or_else(|| "stop".to_owned())), ..PieceSpec::default() });
    pieces.extend(chat.usage.map(|usage| PieceSpec { usage: Some(usage), ..PieceSpec::default() }));
    pieces
}

/// A chunk of a stream.
fn chunk(asked: &Asked, choices: Value) -> Value {
    json!({"id": "chatcmpl-test", "object": "chat.completion.chunk", "created": 1_767_225_600, "model": asked.model, "choices": choices})
}

/// The event of a chunk of the first choice.
fn delta(asked: &Asked, delta: Value, finish: Option<&str>) -> Piece {
    event(&chunk(asked, json!([{"index": 0, "delta": delta, "finish_reason": finish}])))
}

fn stream(written: &[PieceSpec], asked: &Asked) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut began = false;
    for piece in written {
        if let Some(millis) = piece.wait {
            pieces.push(Piece::Wait(millis));
        } else if let Some(mut content) = content_delta(piece) {
            if !began && let Some(members) = content.as_object_mut() {
                members.shift_insert(0, "role".to_owned(), "assistant".into());
                began = true;
            }
            pieces.push(delta(asked, content, None));
        } else if let Some(finish) = &piece.finish {
            pieces.push(delta(asked, json!({}), Some(finish)));
        } else if let Some(json) = &piece.event {
            pieces.push(event(json));
        } else if let Some(raw) = &piece.raw {
            pieces.push(Piece::Data(Bytes::copy_from_slice(raw.as_bytes())));
        }
    }
    pieces.extend(ending(written, asked));
    pieces
}

/// What follows the pieces that are written: the finish, the tokens where they are asked for, and the end.
fn ending(written: &[PieceSpec], asked: &Asked) -> Vec<Piece> {
    let end = written.last().and_then(|piece| piece.end);
    let mut pieces = Vec::new();
    if matches!(end, None | Some(StreamEnd::WithoutDone)) {
        if !written.iter().any(|piece| piece.finish.is_some()) {
            pieces.push(delta(asked, json!({}), Some("stop")));
        }
        if let Some(usage) = written.iter().rev().find_map(|piece| piece.usage).filter(|_| asked.usage) {
            let mut last = chunk(asked, json!([]));
            if let Some(members) = last.as_object_mut() {
                members.insert("usage".to_owned(), usage_json(usage));
            }
            pieces.push(event(&last));
        }
    }
    match end {
        None => pieces.push(Piece::Data(Bytes::from_static(b"data: [DONE]\n\n"))),
        Some(StreamEnd::Cut) => pieces.push(Piece::Cut),
        Some(StreamEnd::Stall) => pieces.push(Piece::Stall),
        Some(StreamEnd::WithoutDone | StreamEnd::Bare) => {}
    }
    pieces
}

fn content_delta(piece: &PieceSpec) -> Option<Value> {
    match (&piece.text, &piece.refusal, &piece.tool_call) {
        (Some(text), _, _) => Some(json!({"content": text})),
        (_, Some(refusal), _) => Some(json!({"refusal": refusal})),
        (_, _, Some(call)) => Some(json!({"tool_calls": [call]})),
        _ => None,
    }
}

fn event(json: &Value) -> Piece {
    Piece::Data(format!("data: {json}\n\n").into())
}

/// Half of a body that says of itself that it is whole.
fn faulty(content: Content, fault: Option<FaultWord>) -> Content {
    match fault {
        Some(FaultWord::Malformed) => Content { pieces: half(content.pieces), ..content },
        _ => content,
    }
}

/// Half of the bytes, and the connection's end.
fn cut(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut pieces = half(pieces);
    pieces.push(Piece::Cut);
    pieces
}

fn half(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut left = length(&pieces) / 2;
    let mut kept = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Data(bytes) => {
                let bytes = bytes.slice(..bytes.len().min(left));
                left = left.saturating_sub(bytes.len());
                kept.push(Piece::Data(bytes));
                if left == 0 {
                    break;
                }
            }
            other => kept.push(other),
        }
    }
    kept
}

fn length(pieces: &[Piece]) -> usize {
    pieces.iter().map(|piece| if let Piece::Data(bytes) = piece { bytes.len() } else { 0 }).sum()
}

fn drip(piece: Piece, bytes: usize, every: aigw_core::Millis) -> Vec<Piece> {
    match piece {
        Piece::Data(data) => (0..data.len().div_ceil(bytes.max(1)))
            .flat_map(|index| {
                let start = index.saturating_mul(bytes);
                let end = start.saturating_add(bytes).min(data.len());
                [Piece::Wait(every), Piece::Data(data.slice(start..end))]
            })
            .collect(),
        other => vec![other],
    }
}

impl Asked {
    fn by(call: &Sent) -> Self {
        let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
        let named = body.get("model").and_then(Value::as_str).map(str::to_owned);
        Self {
            model: named.or_else(|| deployment(call.uri.path())).unwrap_or_default(),
            stream: body.get("stream") == Some(&Value::Bool(true)),
            usage: body.pointer("/stream_options/include_usage") == Some(&Value::Bool(true)),
        }
    }
}

/// The deployment that Azure's paths name.
fn deployment(path: &str) -> Option<String> {
    let (_, rest) = path.split_once("/deployments/")?;
    rest.split('/').next().map(str::to_owned)
}
