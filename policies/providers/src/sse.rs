//! Server-sent events as bytes: cut at their ends, passed on as they came.
//!
//! The splitter takes chunks cut anywhere and gives each event as soon as its blank line is there, with its exact bytes. It knows the
//! field syntax (WHATWG HTML, "Server-sent events") and nothing of what an event means.

use bytes::{Bytes, BytesMut};

/// The largest event by default, 16 MiB: an image as base64 in one chunk, and a bound on what an upstream can make us hold.
pub const MAX_EVENT_BYTES: usize = 16 << 20;

/// The event that ends a stream of OpenAI's dialect.
pub const DONE: &[u8] = b"data: [DONE]\n\n";

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// An event, or a run of comments, up to and including its blank line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Exactly what came: a slice of the chunk if the event lay within one. All of them together are the stream.
    pub raw: Bytes,
    /// The value of `event:`, the last one.
    pub name: Option<Bytes>,
    /// The value of `data:`, several joined by a line feed; none if there was no such line.
    pub data: Option<Bytes>,
}

/// Why a stream cannot be split further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event of more than {limit} bytes")]
pub struct EventTooLarge {
    /// The bound.
    pub limit: usize,
}

/// Splits a stream into events. Push a chunk, take events until there are none; at the end of the stream call [`Splitter::finish`].
#[derive(Debug)]
pub struct Splitter {
    limit: usize,
    /// What has been pushed and not been looked at.
    input: Bytes,
    /// The beginning of an event whose end has not come.
    partial: BytesMut,
    /// True if the current line holds nothing so far.
    line_empty: bool,
    /// True if the last byte was a carriage return, so that a line feed would only complete it.
    after_return: bool,
    /// True until the first event has been given: only there can a byte order mark stand.
    first: bool,
}

impl Default for Splitter {
    fn default() -> Self {
        Self::new(MAX_EVENT_BYTES)
    }
}

impl Splitter {
    /// A splitter that refuses events of more than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, input: Bytes::new(), partial: BytesMut::new(), line_empty: true, after_return: false, first: true }
    }

    /// Adds what has arrived. Take all events before pushing again; what is left over is then copied.
    pub fn push(&mut self, chunk: Bytes) {
        if self.input.is_empty() {
            self.input = chunk;
        } else {
            let mut joined = BytesMut::with_capacity(self.input.len() + chunk.len());
            joined.extend_from_slice(&self.input);
            joined.extend_from_slice(&chunk);
            self.input = joined.freeze();
        }
    }

    /// The next complete event, if its end has arrived.
    pub fn next_event(&mut self) -> Result<Option<Event>, EventTooLarge> {
        let end = self.boundary();
        let held = self.partial.len() + end.unwrap_or(self.input.len());
        if held > self.limit {
            return Err(EventTooLarge { limit: self.limit });
        }
        let Some(end) = end else {
            self.partial.extend_from_slice(&self.input);
            self.input.clear();
            return Ok(None);
        };
        let tail = self.input.split_to(end);
        let raw = if self.partial.is_empty() {
            tail
        } else {
            self.partial.extend_from_slice(&tail);
            self.partial.split().freeze()
        };
        Ok(Some(self.parse(raw)))
    }

    /// At the end of the stream: the last event, if it has data and its blank line is missing. The missing line ends are added to it.
    pub fn finish(&mut self) -> Option<Event> {
        let mut raw = self.partial.split();
        raw.extend_from_slice(&self.input);
        self.input.clear();
        raw.extend_from_slice(if self.line_empty { b"\n" } else { b"\n\n" });
        Some(self.parse(raw.freeze())).filter(|event| event.data.is_some())
    }

    /// Behind the first blank line of the input, keeping track of where in a line the input ends.
    fn boundary(&mut self) -> Option<usize> {
        let bytes = &self.input;
        let mut at = usize::from(self.after_return && bytes.first() == Some(&b'\n'));
        if !bytes.is_empty() {
            self.after_return = false;
        }
        loop {
            let line = bytes.get(at..).unwrap_or_default();
            let Some(length) = memchr::memchr2(b'\n', b'\r', line) else {
                self.line_empty &= line.is_empty();
                return None;
            };
            let empty = self.line_empty && length == 0;
            let ending = line.get(length..).unwrap_or_default();
            self.after_return = ending == b"\r";
            self.line_empty = true;
            at += length + if ending.starts_with(b"\r\n") { 2 } else { 1 };
            if empty {
                return Some(at);
            }
        }
    }

    fn parse(&mut self, raw: Bytes) -> Event {
        let marked = std::mem::take(&mut self.first) && raw.starts_with(BYTE_ORDER_MARK);
        let mut at = if marked { BYTE_ORDER_MARK.len() } else { 0 };
        let mut name = None;
        let mut data = Data::default();
        while let Some(rest) = raw.get(at..).filter(|rest| !rest.is_empty()) {
            let length = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
            if let Some((field, start)) = field(rest.get(..length).unwrap_or_default()) {
                let value = at + start..at + length;
                match field {
                    b"data" => data.add(raw.slice(value)),
                    b"event" => name = Some(raw.slice(value)),
                    _ => {}
                }
            }
            at += length + 1;
        }
        Event { raw, name, data: data.joined() }
    }
}

/// The `data:` lines of an event. Copied only where there are several.
#[derive(Default)]
struct Data {
    first: Option<Bytes>,
    all: BytesMut,
}

impl Data {
    fn add(&mut self, line: Bytes) {
        let Some(first) = &self.first else {
            self.first = Some(line);
            return;
        };
        if self.all.is_empty() {
            self.all.extend_from_slice(first);
        }
        self.all.extend_from_slice(b"\n");
        self.all.extend_from_slice(&line);
    }

    fn joined(self) -> Option<Bytes> {
        if self.all.is_empty() { self.first } else { Some(self.all.freeze()) }
    }
}

/// A line's field name, and where its value begins; none for an empty line or a comment.
fn field(line: &[u8]) -> Option<(&[u8], usize)> {
    if line.is_empty() {
        return None;
    }
    let Some(colon) = memchr::memchr(b':', line) else { return Some((line, line.len())) };
    let (name, value) = line.split_at_checked(colon)?;
    let space = usize::from(value.get(1) == Some(&b' '));
    (!name.is_empty()).then_some((name, colon + 1 + space))
}

/// A JSON text, or any text without line ends, as one event.
pub fn data_event(data: &[u8]) -> Bytes {
    [b"data: ", data, b"\n\n"].concat().into()
}

#[cfg(test)]
mod tests;
