//! Looking on while an expression is evaluated, to tell people why it came out as it did.
//!
//! An evaluation is compiled once for each kind of onlooker: without one, nothing of this is in the code that runs.

use std::cell::{Cell, RefCell};
use std::io::Write;

use super::{Run, Value, map_key};
use crate::NameId;
use crate::tree::{Node, Op};

/// Most names that one evaluation shows; more than anyone reads, and few expressions have ten.
pub const MAX_SEEN_NAMES: usize = 32;
/// Longest value shown, in characters.
pub const MAX_SEEN_CHARS: usize = 200;
/// What stands for a value that is not to be shown.
pub const HIDDEN: &str = "<hidden>";

/// What one evaluation looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Each name with its path as the expression writes it, and its value: JSON of at most [`MAX_SEEN_CHARS`], `missing`, or [`HIDDEN`]. In the
    /// order of first use, each once, at most [`MAX_SEEN_NAMES`].
    pub names: Vec<(String, String)>,
    /// True where a value was hidden: what was computed from it must be hidden too.
    pub hidden: bool,
}

/// Whether the entry of a map (`request.headers`, `request.query`) is never to be shown.
pub type Hides<'h> = dyn Fn(NameId, &str) -> bool + 'h;

/// JSON of at most [`MAX_SEEN_CHARS`]; `…` stands for the rest.
#[must_use]
pub fn shown(value: &serde_json::Value) -> String {
    // A character has at most four bytes, so that this is never too short, and a body of any size costs no more.
    let mut out = Bounded(Vec::new(), 4 * (MAX_SEEN_CHARS + 1));
    // What does not fit fails to be written, which is the aim.
    let _: Result<(), serde_json::Error> = serde_json::to_writer(&mut out, value);
    cut(&String::from_utf8_lossy(&out.0))
}

/// At most [`MAX_SEEN_CHARS`] of a text; `…` stands for the rest.
#[must_use]
pub fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_SEEN_CHARS) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned() + "…",
        None => text.to_owned(),
    }
}

/// Is told of every part whose value was worked out.
pub(crate) trait Look: Copy {
    fn saw<'a>(self, run: Run<'a, Self>, node: &'a Node, value: &Value<'a>);
}

/// Nobody looks on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unseen;

impl Look for Unseen {
    #[inline]
    fn saw<'a>(self, _: Run<'a, Self>, _: &'a Node, _: &Value<'a>) {}
}

/// Notes the names of one evaluation.
pub(crate) struct Onlooker<'h> {
    hides: &'h Hides<'h>,
    notes: RefCell<Vec<Note>>,
    hidden: Cell<bool>,
}

/// A name, by the bytes that write it.
struct Note {
    start: u32,
    end: u32,
    value: String,
}

impl<'h> Onlooker<'h> {
    pub(crate) fn new(hides: &'h Hides<'h>) -> Self {
        Self { hides, notes: RefCell::default(), hidden: Cell::new(false) }
    }

    /// The notes on an expression of this text.
    pub(crate) fn seen(self, text: &str) -> Seen {
        let mut names: Vec<(String, String)> = Vec::new();
        for Note { start, end, value } in self.notes.into_inner() {
            let path = usize::try_from(start).ok().zip(usize::try_from(end).ok()).and_then(|(start, end)| text.get(start..end));
            let path = path.unwrap_or(text);
            if names.len() < MAX_SEEN_NAMES && names.iter().all(|(other, _)| other != path) {
                names.push((path.to_owned(), value));
            }
        }
        Seen { names, hidden: self.hidden.get() }
    }

    fn hides(&self, run: Run<'_, Unseen>, node: &Node) -> bool {
        match &node.op {
            Op::Entry(name, key) => (self.hides)(*name, key),
            // A key that cannot be told has no entry.
            Op::EntryAt(name, key) => match run.value(key) {
                Ok(Value::Text(key)) => (self.hides)(*name, &map_key(*name, &key)),
                _ => true,
            },
            _ => false,
        }
    }

    /// The longest path stands for those that lead to it.
    fn note(&self, node: &Node, value: String) {
        let mut notes = self.notes.borrow_mut();
        if let Op::Member { of, .. } | Op::Index { of, .. } = &node.op {
            notes.retain(|note| (note.start, note.end) != (of.start, of.end));
        }
        notes.push(Note { start: node.start, end: node.end, value });
    }
}

impl Look for &Onlooker<'_> {
    fn saw<'a>(self, run: Run<'a, Self>, node: &'a Node, value: &Value<'a>) {
        if !is_name(node) {
            return;
        }
        let plain = Run { names: run.names, text: run.text, look: Unseen };
        if !matches!(value, Value::Missing) && self.hides(plain, node) {
            self.hidden.set(true);
            return self.note(node, HIDDEN.to_owned());
        }
        let text = match value {
            // Not cloned: it may be the whole body.
            Value::Json(json) => shown(json),
            value => match plain.json(node, value.clone()) {
                Ok(Some(json)) => shown(&json),
                _ => "missing".to_owned(),
            },
        };
        self.note(node, text);
    }
}

/// Whether a part is a name, a path within one, or asks a map for a key.
fn is_name(node: &Node) -> bool {
    match &node.op {
        Op::Text(_) | Op::Entry(..) | Op::EntryAt(..) | Op::Texts(_) | Op::Json(_) | Op::Time(..) => true,
        Op::Member { of, .. } | Op::Index { of, .. } => is_name(of),
        Op::In { of, .. } => matches!(of.op, Op::Map(_)),
        _ => false,
    }
}

/// Takes so many bytes and no more.
struct Bounded(Vec<u8>, usize);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let room = self.1.saturating_sub(self.0.len());
        let fitting = bytes.get(..room).unwrap_or(bytes);
        self.0.extend_from_slice(fitting);
        Ok(fitting.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
