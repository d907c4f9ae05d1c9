//! Chat answers of the stand-in.

use super::words::{count, pieces};
use super::{MockAnswer, MockCall, MockEvent, MockSettings};
use crate::dialect::errors::RequestError;
use crate::dialect::openai::ChatRequest;
use crate::json::{Kind, Object, Span, elements, scan_object, string_value};
use crate::sse::{DONE, data_event};
use aigw_core::Millis;
use http::StatusCode;
use serde_json::{Value, json};

/// How much of the last user message an echo repeats, in characters; `n` choices repeat it as often.
const ECHOED_CHARACTERS: usize = 200;

/// What every choice of the answer says.
struct Said {
    text: String,
    tool: Option<String>,
    finish: &'static str,
}

pub(super) fn answer(settings: &MockSettings, call: &MockCall<'_>, object: &Object) -> Result<MockAnswer, RequestError> {
    let request = ChatRequest::read(object)?;
    let prompt = Prompt::read(&request, object)?;
    let said = say(settings, &request, &prompt, forced_tool(object)?);
    let usage = usage(&request, &prompt, &said);
    let head =
        Head { id: format!("chatcmpl-{}", call.id), created: call.created, model: request.model.clone().unwrap_or_default() };
    Ok(if request.stream {
        stream(settings, &request, &head, &said, &usage)
    } else {
        whole(settings, &request, &head, &said, usage)
    })
}

/// The texts of a conversation.
struct Prompt {
    words: u64,
    last_user: String,
}

impl Prompt {
    fn read(request: &ChatRequest, object: &Object) -> Result<Self, RequestError> {
        let mut prompt = Self { words: 0, last_user: String::new() };
        for element in request.messages(object)? {
            let element = element?;
            let message = scan_object(object.bytes(), element.span)?;
            let text = message_text(&message)?;
            prompt.words += count(&text);
            if message.text("role").as_deref() == Some("user") {
                prompt.last_user = text;
            }
        }
        Ok(prompt)
    }
}

/// The text of a message: its content, or that of all its text parts.
fn message_text(message: &Object) -> Result<String, RequestError> {
    let Some(content) = message.present("content") else { return Ok(String::new()) };
    if content.kind == Kind::Array {
        let mut texts = Vec::new();
        for part in elements(message.bytes(), content.value_span)? {
            let part = part?;
            if part.kind == Kind::Object {
                texts.extend(scan_object(message.bytes(), part.span)?.text("text").map(|text| text.into_owned()));
            }
        }
        return Ok(texts.join(" "));
    }
    Ok(string_value(message.bytes(), content.value_span).map(Into::into).unwrap_or_default())
}

/// The tool that the request demands: the one that `tool_choice` names, or the first where it says `required`.
fn forced_tool(object: &Object) -> Result<Option<String>, RequestError> {
    let Some(choice) = object.present("tool_choice") else { return Ok(None) };
    if choice.kind == Kind::Object {
        return function_name(object, choice.value_span);
    }
    let required = object.text("tool_choice").as_deref() == Some("required");
    let Some(tools) = object.present("tools").filter(|tools| required && tools.kind == Kind::Array) else { return Ok(None) };
    match elements(object.bytes(), tools.value_span)?.next() {
        Some(first) => function_name(object, first?.span),
        None => Ok(None),
    }
}

fn function_name(object: &Object, span: Span) -> Result<Option<String>, RequestError> {
    let outer = scan_object(object.bytes(), span)?;
    let Some(function) = outer.present("function") else { return Ok(None) };
    Ok(scan_object(object.bytes(), function.value_span)?.text("name").map(Into::into))
}

fn say(settings: &MockSettings, request: &ChatRequest, prompt: &Prompt, tool: Option<String>) -> Said {
    if tool.is_some() {
        return Said { text: String::new(), tool, finish: "tool_calls" };
    }
    let text = settings.text.clone().unwrap_or_else(|| {
        let echoed: String = prompt.last_user.trim().chars().take(ECHOED_CHARACTERS).collect();
        if echoed.is_empty() { "You said nothing.".to_owned() } else { format!("You said: {echoed}") }
    });
    let allowed = request.max_output_tokens.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX));
    let words = pieces(&text);
    let finish = if words.len() > allowed { "length" } else { "stop" };
    Said { text: words.into_iter().take(allowed).collect(), tool: None, finish }
}

fn usage(request: &ChatRequest, prompt: &Prompt, said: &Said) -> Value {
    let each = if said.tool.is_some() { 1 } else { count(&said.text) };
    let completion = each * u64::from(request.choices);
    json!({"prompt_tokens": prompt.words, "completion_tokens": completion, "total_tokens": prompt.words + completion})
}

/// What an answer and all its chunks share.
struct Head {
    id: String,
    created: u64,
    model: String,
}

impl Head {
    fn tool_call(&self, choice: u32, name: &str) -> Value {
        json!({"id": format!("call_{}_{choice}", self.id.trim_start_matches("chatcmpl-")), "type": "function", "function": {"name": name, "arguments": "{}"}})
    }

    fn chunk(&self, choices: Value) -> Value {
        json!({"id": self.id, "object": "chat.completion.chunk", "created": self.created, "model": self.model, "choices": choices})
    }
}

fn whole(settings: &MockSettings, request: &ChatRequest, head: &Head, said: &Said, usage: Value) -> MockAnswer {
    let choices: Vec<Value> = (0..request.choices)
        .map(|index| {
            let message = match &said.tool {
                Some(name) => {
                    json!({"role": "assistant", "content": null, "refusal": null, "tool_calls": [head.tool_call(index, name)]})
                }
                None => json!({"role": "assistant", "content": said.text, "refusal": null}),
            };
            json!({"index": index, "message": message, "logprobs": null, "finish_reason": said.finish})
        })
        .collect();
    let body = json!({"id": head.id, "object": "chat.completion", "created": head.created, "model": head.model, "choices": choices, "usage": usage});
    MockAnswer::Whole { status: StatusCode::OK, after: settings.latency, body: body.to_string().into() }
}

fn stream(settings: &MockSettings, request: &ChatRequest, head: &Head, said: &Said, usage: &Value) -> MockAnswer {
    let mut events = Vec::new();
    let mut push = |raw| {
        let after = if events.is_empty() { settings.latency } else { settings.chunk_interval };
        events.push(MockEvent { after, raw });
    };
    let mut send = |choices: Value, usage: Option<&Value>| {
        let mut chunk = head.chunk(choices);
        if let (true, Some(members)) = (request.include_usage, chunk.as_object_mut()) {
            members.insert("usage".to_owned(), usage.cloned().unwrap_or_default());
        }
        push(data_event(chunk.to_string().as_bytes()));
    };
    for index in 0..request.choices {
        let mut delta = |delta: Value, finish: Option<&str>| {
            send(json!([{"index": index, "delta": delta, "logprobs": null, "finish_reason": finish}]), None)
        };
        delta(json!({"role": "assistant", "content": ""}), None);
        if let Some(name) = &said.tool {
            let mut tool_call = head.tool_call(index, name);
            if let Some(members) = tool_call.as_object_mut() {
                members.insert("index".to_owned(), json!(0));
            }
            delta(json!({"tool_calls": [tool_call]}), None);
        }
        for piece in pieces(&said.text) {
            delta(json!({"content": piece}), None);
        }
        delta(json!({}), Some(said.finish));
    }
    if request.include_usage {
        send(json!([]), Some(usage));
    }
    // The last event belongs to the chunk before it: nothing is computed for it.
    events.push(MockEvent { after: Millis::default(), raw: DONE.into() });
    MockAnswer::Stream(events)
}
