//! The span tree: what a YAML text says, and where each part of it stands.

use std::sync::Arc;

use crate::sources::{FileId, Span};

/// One YAML document of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The file.
    pub file: FileId,
    /// Which document of the file this is, from 0; empty documents are not counted.
    pub index: u32,
    /// The content.
    pub root: Node,
    /// All comments from the end of the document before to the end of this one, in order.
    pub comments: Vec<Comment>,
}

/// A comment of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// From the `#` to the end of the line.
    pub span: Span,
    /// What follows the `#`, trimmed.
    pub text: String,
}

/// A value and the bytes it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The bytes of the value: of a scalar with its quotes, of a block scalar without its header (`|`) and the blank lines
    /// after it, of a collection from its first to its last part, of a value that is not there the point after its
    /// `:` or `-`. A value that came from an alias has the span of its definition.
    pub span: Span,
    /// Where the alias stands that brought this value here; set on the aliased value itself, not on what it holds.
    pub used_at: Option<Span>,
    /// The value.
    pub kind: NodeKind,
}

/// What a node is. Scalars keep their text: what it means is decided by who reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeKind {
    /// A scalar, after escapes and folding.
    Scalar {
        /// Its text.
        text: Arc<str>,
        /// How it was written; only [`Style::Plain`] can be a number, a boolean or null.
        style: Style,
    },
    /// A sequence.
    Seq(Vec<Node>),
    /// A mapping in the order written; keys are unique, and `<<` merges are applied.
    Map(Vec<Entry>),
}

/// How a scalar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In `'`.
    Single,
    /// In `"`.
    Double,
    /// After `|`.
    Literal,
    /// After `>`.
    Folded,
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key's text.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

impl Entry {
    /// From the key to the end of the value or of the alias that stands for it.
    #[must_use]
    pub fn span(&self) -> Span {
        // An alias follows the definition of its value, so a value behind its key is not aliased here: where it has
        // `used_at` nevertheless, `<<` brought the whole entry.
        let behind = self.value.span.start >= self.key_span.end;
        let end = if behind { self.value.span } else { self.value.used_at.unwrap_or(self.key_span) };
        self.key_span.to(end)
    }
}

impl Node {
    /// The value of a key; `None` for what is not a mapping.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry of a key; `None` for what is not a mapping.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The entries of a mapping; none for what is not one.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        match &self.kind {
            NodeKind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a sequence; none for what is not one.
    #[must_use]
    pub fn items(&self) -> &[Node] {
        match &self.kind {
            NodeKind::Seq(items) => items,
            _ => &[],
        }
    }

    /// The text of a scalar of any style.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Whether this is a scalar without quotes.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        matches!(self.kind, NodeKind::Scalar { style: Style::Plain, .. })
    }

    /// Whether this is a mapping.
    #[must_use]
    pub fn is_map(&self) -> bool {
        matches!(self.kind, NodeKind::Map(_))
    }

    /// Whether this is a sequence.
    #[must_use]
    pub fn is_seq(&self) -> bool {
        matches!(self.kind, NodeKind::Seq(_))
    }

    /// The node at a JSON Pointer (RFC 6901) such as `/spec/limits/0/tokens`; `""` is this node.
    #[must_use]
    pub fn at(&self, pointer: &str) -> Option<&Node> {
        steps(pointer)?.try_fold(self, |node, step| node.child(&step))
    }

    /// The span of the key at a JSON Pointer; of an item, the span of the item.
    #[must_use]
    pub fn key_span_at(&self, pointer: &str) -> Option<Span> {
        let (parent, last) = pointer.rsplit_once('/')?;
        let parent = self.at(parent)?;
        let last = unescape(last);
        match parent.entry(&last) {
            Some(entry) => Some(entry.key_span),
            None => parent.child(&last).map(|item| item.span),
        }
    }

    fn child(&self, step: &str) -> Option<&Node> {
        match &self.kind {
            NodeKind::Map(_) => self.get(step),
            NodeKind::Seq(items) => items.get(index(step)?),
            NodeKind::Scalar { .. } => None,
        }
    }
}

impl Document {
    /// The node at a JSON Pointer; `""` is the root.
    #[must_use]
    pub fn at(&self, pointer: &str) -> Option<&Node> {
        self.root.at(pointer)
    }

    /// The span of the value at a JSON Pointer, as a schema checker names places; of the nearest parent that exists
    /// where the pointer leads nowhere.
    #[must_use]
    pub fn locate(&self, pointer: &str) -> Span {
        let mut node = &self.root;
        for step in steps(pointer).into_iter().flatten() {
            let Some(child) = node.child(&step) else { break };
            node = child;
        }
        node.used_at.unwrap_or(node.span)
    }

    /// The span of the key at a JSON Pointer; where there is none, what [`Document::locate`] says.
    #[must_use]
    pub fn locate_key(&self, pointer: &str) -> Span {
        self.root.key_span_at(pointer).unwrap_or_else(|| self.locate(pointer))
    }
}

/// The steps of a pointer; `None` where it does not begin with `/`.
fn steps(pointer: &str) -> Option<impl Iterator<Item = String>> {
    let rest = if pointer.is_empty() { None } else { Some(pointer.strip_prefix('/')?) };
    Some(rest.into_iter().flat_map(|rest| rest.split('/')).map(unescape))
}

fn unescape(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

/// An index as RFC 6901 section 4 writes it: no sign, no leading zero.
fn index(step: &str) -> Option<usize> {
    let digits = step.bytes().all(|b| b.is_ascii_digit());
    (digits && (step == "0" || !step.starts_with('0'))).then(|| step.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;
