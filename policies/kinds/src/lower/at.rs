//! A place in a document, as a path that grows while a spec is walked.

use aigw_source::{Node, Span};

use crate::Doc;

/// A value of a document, named by its JSON Pointer.
#[derive(Clone, Debug)]
pub(crate) struct At<'a> {
    /// The document.
    pub(crate) doc: &'a Doc,
    pointer: String,
}

impl<'a> At<'a> {
    /// The document's `spec`.
    pub(crate) fn spec(doc: &'a Doc) -> Self {
        Self { doc, pointer: "/spec".to_owned() }
    }

    /// The document's name.
    pub(crate) fn name(doc: &'a Doc) -> Self {
        Self { doc, pointer: "/metadata/name".to_owned() }
    }

    /// A member of this mapping.
    pub(crate) fn key(&self, key: &str) -> Self {
        let mut pointer = self.pointer.clone();
        pointer.push('/');
        if key.contains(['~', '/']) {
            pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
        } else {
            pointer.push_str(key);
        }
        Self { doc: self.doc, pointer }
    }

    /// An item of this list.
    pub(crate) fn item(&self, index: usize) -> Self {
        Self { doc: self.doc, pointer: format!("{}/{index}", self.pointer) }
    }

    /// What a pointer below this one leads to.
    pub(crate) fn below(&self, pointer: &str) -> Self {
        Self { doc: self.doc, pointer: format!("{}{pointer}", self.pointer) }
    }

    /// The place of the value.
    pub(crate) fn span(&self) -> Span {
        self.doc.locate(&self.pointer)
    }

    /// The place of its key.
    pub(crate) fn key_span(&self) -> Span {
        self.doc.locate_key(&self.pointer)
    }

    /// The value, where it is written.
    pub(crate) fn node(&self) -> Option<&'a Node> {
        self.doc.node.at(&self.pointer)
    }
}
