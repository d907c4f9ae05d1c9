//! Edits to the list of messages, which several policies may make one after another.

use super::ChatRequest;
use crate::dialect::errors::RequestError;
use crate::json::{Object, Splice, push_quoted};
use bytes::Bytes;

/// A message of that role with that text, as JSON.
pub fn message(role: &str, text: &str) -> Bytes {
    let mut out = Vec::with_capacity(text.len() + 32);
    out.extend_from_slice(b"{\"role\":");
    push_quoted(&mut out, role);
    out.extend_from_slice(b",\"content\":");
    push_quoted(&mut out, text);
    out.push(b'}');
    out.into()
}

/// Messages to stand before and behind the caller's own, which stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageEdits {
    before: Vec<Bytes>,
    after: Vec<Bytes>,
}

impl MessageEdits {
    /// Puts messages around all that are there by now: a later policy's stand outside an earlier one's.
    pub fn wrap(&mut self, before: impl IntoIterator<Item = Bytes>, after: impl IntoIterator<Item = Bytes>) {
        self.before.splice(0..0, before);
        self.after.extend(after);
    }

    /// True when nothing was added.
    pub fn is_empty(&self) -> bool {
        self.before.is_empty() && self.after.is_empty()
    }

    /// Writes them into the array of messages. To be called once for one splice.
    pub fn write(&self, request: &ChatRequest, object: &Object, splice: &mut Splice) -> Result<(), RequestError> {
        let empty = request.messages(object)?.is_empty();
        let mut first = Vec::new();
        for raw in &self.before {
            first.extend_from_slice(raw);
            first.push(b',');
        }
        let mut last = Vec::new();
        for raw in &self.after {
            last.push(b',');
            last.extend_from_slice(raw);
        }
        if empty {
            match last.is_empty() {
                true => first.truncate(first.len().saturating_sub(1)),
                false if first.is_empty() => drop(last.drain(..1)),
                false => first.truncate(first.len().saturating_sub(1)),
            }
        }
        for (offset, raw) in [(request.messages.start + 1, first), (request.messages.end - 1, last)] {
            if !raw.is_empty() {
                splice.insert_at(offset, raw);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
