//! Every text of a document.

use aigw_source::{Node, NodeKind, Span};

/// Calls `visit` with every key and scalar of a tree: its text, its place, and the key that it stands under (of a key, itself). What an alias brought is
/// looked at where it is defined.
pub(crate) fn visit_strings<'a>(node: &'a Node, under: &'a str, visit: &mut impl FnMut(&'a str, Span, &'a str)) {
    if node.used_at.is_some() {
        return;
    }
    match &node.kind {
        NodeKind::Scalar { text, .. } => visit(text, node.span, under),
        NodeKind::Seq(items) => items.iter().for_each(|item| visit_strings(item, under, visit)),
        NodeKind::Map(entries) => {
            for entry in entries {
                visit(&entry.key, entry.key_span, &entry.key);
                visit_strings(&entry.value, &entry.key, visit);
            }
        }
    }
}
