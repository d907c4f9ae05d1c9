//! Reads a chat stream of OpenAI's dialect event by event: what to pass on, what it holds, and whether the end was an end.
//!
//! Sans-IO: fed events of [`crate::sse`], it answers with what to do and keeps only counts. It never changes an event.

use crate::sse::Event;
use crate::usage::Usage;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The most choices of one answer that are followed, which is the most that OpenAI lets a request ask for.
const MAX_CHOICES: usize = 128;

/// What the client asked for, as far as a stream's meaning depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamExpectation {
    /// True if the client itself asked for the usage chunk; otherwise that chunk is swallowed.
    pub include_usage: bool,
    /// How many choices were asked for.
    pub choices: u32,
}

/// What an event turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// True if the event's bytes go to the client as they are; false if they are swallowed.
    pub forward: bool,
    /// What it says.
    pub signal: Signal,
}

/// What an event says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Nothing that a client waits for: a comment, the role, a filter result, usage. A failure can still go to another target.
    Quiet,
    /// Text, a tool call, a refusal or a finish: from here on the answer has begun.
    Content,
    /// The provider reports a failure in the stream. The bytes are swallowed; the error object is the event's.
    Error(InBandError),
    /// The event could not be read and is dropped.
    Unreadable {
        /// True if text of the answer may have been lost with it, so that the stream must end with the error.
        may_hold_content: bool,
    },
    /// `[DONE]`. Passed on only if the answer is complete; see [`ChatStream::end`].
    Done,
}

/// An error object found in a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InBandError {
    /// The whole data of the event, for the error classes of the wire.
    pub body: Bytes,
}

/// What the end of the stream means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamEnd {
    /// Every choice has its finish reason, and `[DONE]` came.
    Complete,
    /// Every choice has its finish reason; `[DONE]` did not come and is to be supplied ([`crate::sse::DONE`]).
    DoneMissing,
    /// Some choice has no finish reason: an error, never a success.
    Truncated,
}

/// The state of one stream.
#[derive(Debug)]
pub struct ChatStream {
    expectation: StreamExpectation,
    /// Choices seen, and whether each has its finish reason.
    choices: BTreeMap<u64, bool>,
    usage: Option<Usage>,
    unreadable: u32,
    done: bool,
}

impl ChatStream {
    /// A stream of which nothing has come.
    pub fn new(expectation: StreamExpectation) -> Self {
        Self { expectation, choices: BTreeMap::new(), usage: None, unreadable: 0, done: false }
    }

    /// Reads the next event. After `[DONE]` everything is swallowed.
    pub fn read(&mut self, event: &Event) -> Reading {
        if self.done {
            return Reading { forward: false, signal: Signal::Quiet };
        }
        let Some(data) = event.data.as_ref().filter(|data| !data.trim_ascii().is_empty()) else {
            return Reading { forward: true, signal: Signal::Quiet };
        };
        if data.trim_ascii() == b"[DONE]" {
            self.done = true;
            return Reading { forward: self.finished(), signal: Signal::Done };
        }
        match serde_json::from_slice::<Chunk<'_>>(data) {
            Ok(chunk) if chunk.is_error() => {
                Reading { forward: false, signal: Signal::Error(InBandError { body: data.clone() }) }
            }
            Ok(chunk) => self.chunk(&chunk).unwrap_or_else(|| self.unreadable(true)),
            // A chunk is always an object, so what does not even begin like one held none of the answer.
            Err(_) => self.unreadable(data.trim_ascii_start().starts_with(b"{")),
        }
    }

    /// What it means that the stream ends here. Also right after `[DONE]`.
    pub fn end(&self) -> StreamEnd {
        match (self.finished(), self.done) {
            (true, true) => StreamEnd::Complete,
            (true, false) => StreamEnd::DoneMissing,
            (false, _) => StreamEnd::Truncated,
        }
    }

    /// The usage reported so far.
    pub fn usage(&self) -> Option<Usage> {
        self.usage
    }

    /// How many events could not be read.
    pub fn unreadable_events(&self) -> u32 {
        self.unreadable
    }

    fn finished(&self) -> bool {
        self.choices.len() >= self.expectation.choices.max(1) as usize && self.choices.values().all(|finished| *finished)
    }

    fn unreadable(&mut self, may_hold_content: bool) -> Reading {
        self.unreadable = self.unreadable.saturating_add(1);
        Reading { forward: false, signal: Signal::Unreadable { may_hold_content } }
    }

    /// None if the chunk has more choices than a request can ask for.
    fn chunk(&mut self, chunk: &Chunk<'_>) -> Option<Reading> {
        let usage = chunk.usage.and_then(Usage::of_object);
        if let Some(usage) = usage {
            self.usage.get_or_insert_default().merge(usage);
        }
        let mut content = false;
        for choice in chunk.choices.iter().flatten() {
            let finished = choice.finish_reason.is_some_and(holds_something);
            let seen = self.choices.entry(choice.index.unwrap_or(0)).or_default();
            *seen |= finished;
            if self.choices.len() > MAX_CHOICES {
                return None;
            }
            content |= finished || choice.delta.as_ref().is_some_and(Delta::has_content);
        }
        let unasked_usage =
            usage.is_some() && chunk.choices.as_ref().is_none_or(Vec::is_empty) && !self.expectation.include_usage;
        Some(Reading { forward: !unasked_usage, signal: if content { Signal::Content } else { Signal::Quiet } })
    }
}

/// A chunk, as far as it is read. Members are raw where another type than expected must not make the chunk unreadable.
#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    choices: Option<Vec<Choice<'a>>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    object: Option<&'a RawValue>,
}

impl Chunk<'_> {
    /// OpenAI's shape has `error`; vLLM's older one is an object of type `error`.
    fn is_error(&self) -> bool {
        self.error.is_some_and(holds_something) || self.object.is_some_and(|object| object.get() == "\"error\"")
    }
}

#[derive(Deserialize)]
struct Choice<'a> {
    index: Option<u64>,
    #[serde(borrow)]
    delta: Option<Delta<'a>>,
    #[serde(borrow)]
    finish_reason: Option<&'a RawValue>,
}

/// `reasoning_content` (DeepSeek, vLLM) and `reasoning` (OpenRouter, newer vLLM) are text that clients show.
#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    refusal: Option<&'a RawValue>,
    #[serde(borrow)]
    tool_calls: Option<&'a RawValue>,
    #[serde(borrow)]
    function_call: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning_content: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning: Option<&'a RawValue>,
    #[serde(borrow)]
    audio: Option<&'a RawValue>,
}

impl Delta<'_> {
    fn has_content(&self) -> bool {
        let members =
            [self.content, self.refusal, self.tool_calls, self.function_call, self.reasoning_content, self.reasoning, self.audio];
        members.into_iter().flatten().any(holds_something)
    }
}

/// False for `null` and for an empty string, array or object.
fn holds_something(raw: &RawValue) -> bool {
    !matches!(raw.get(), "null" | "\"\"" | "[]" | "{}")
}

#[cfg(test)]
mod tests;
