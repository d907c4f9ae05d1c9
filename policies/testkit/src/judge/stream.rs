//! Answers as streams of chat completion chunks.

use aigw_core::Millis;
use aigw_providers::sse::Splitter;
use serde_json::Value;

use super::{Came, Judge};
use crate::suite::{StreamEnds, StreamExpect};
use crate::world::{End, Exchange};

/// What the events of an answer say.
#[derive(Debug, Default)]
pub(crate) struct Events {
    text: String,
    count: usize,
    done: bool,
    error: Option<String>,
    first: Option<Millis>,
    usage: bool,
    is_stream: bool,
    cut: bool,
    left: bool,
}

impl Events {
    pub(crate) fn of(exchange: &Exchange) -> Self {
        let kind =
            exchange.headers.get(http::header::CONTENT_TYPE).map(|value| value.as_bytes().starts_with(b"text/event-stream"));
        let mut events = Self { is_stream: kind == Some(true), ..Self::default() };
        let mut splitter = Splitter::default();
        for (when, bytes) in &exchange.body {
            splitter.push(bytes.clone());
            while let Ok(Some(event)) = splitter.next_event() {
                events.take(event.data.as_deref(), *when);
            }
        }
        events.cut = matches!(exchange.end, End::Cut(_));
        events.left = exchange.end == End::Left;
        events
    }

    fn take(&mut self, data: Option<&[u8]>, when: Millis) {
        let Some(data) = data else { return };
        self.count = self.count.saturating_add(1);
        if data == b"[DONE]" {
            self.done = true;
            return;
        }
        let Ok(json) = serde_json::from_slice::<Value>(data) else { return };
        if let Some(error) = json.get("error") {
            self.error = Some(error.get("code").and_then(Value::as_str).unwrap_or_default().to_owned());
        }
        self.usage |= json.get("usage").is_some_and(|usage| !usage.is_null());
        if let Some(text) = json.pointer("/choices/0/delta/content").and_then(Value::as_str).filter(|text| !text.is_empty()) {
            self.text.push_str(text);
            self.first.get_or_insert(when);
        }
    }

    fn ends(&self) -> StreamEnds {
        match self {
            Self { left: true, .. } => StreamEnds::Left,
            Self { error: Some(_), .. } => StreamEnds::Error,
            Self { cut: true, .. } | Self { done: false, .. } => StreamEnds::Cut,
            Self { done: true, .. } => StreamEnds::Done,
        }
    }
}

impl StreamEnds {
    const fn described(self) -> &'static str {
        match self {
            Self::Done => "with `[DONE]`",
            Self::Error => "with an error",
            Self::Cut => "cut, without an end",
            Self::Left => "the client left",
        }
    }
}

impl Judge<'_> {
    pub(super) fn stream(&mut self, expected: &StreamExpect, came: &Events) {
        if !came.is_stream {
            let status = self
                .exchange
                .status
                .map_or_else(|| "no answer".to_owned(), |status| format!("an answer with {status} that is none"));
            self.differs("/stream", "the answer", "a stream".to_owned(), status);
            return;
        }
        self.one("/stream/text", "the stream's text", expected.text.as_ref(), &Came::Json(came.text.as_str().into()));
        if let Some(ends) = expected.ends.filter(|ends| *ends != came.ends()) {
            self.differs("/stream/ends", "how the stream ends", ends.described().to_owned(), came.ends().described().to_owned());
        }
        let error = came.error.as_deref().map_or(Came::Nothing, |code| Came::Json(code.into()));
        self.one("/stream/error", "the code of the stream's error", expected.error.as_ref(), &error);
        self.one("/stream/events", "the number of events", expected.events.as_ref(), &Came::Json(came.count.into()));
        let first = came.first.map_or(Came::Nothing, |when| Came::Json(when.as_millis().into()));
        self.one("/stream/first", "the time of the first content, in milliseconds", expected.first.as_ref(), &first);
        if let Some(usage) = expected.usage.filter(|usage| *usage != came.usage) {
            let words = |usage| if usage { "an event with usage" } else { "no event with usage" };
            self.differs("/stream/usage", "the stream's usage", words(usage).to_owned(), words(came.usage).to_owned());
        }
    }
}
