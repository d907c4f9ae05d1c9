//! Lines that changed, and which points they belong to.

use std::collections::BTreeMap;

use aigw_kinds::{Doc, Repository};
use aigw_source::{Node, Sources, Span};

/// What changed in a repository: lines of its files, and how far what begins at a place reaches.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    lines: BTreeMap<String, Vec<(u32, u32)>>,
    /// First and last line of what a place stands for; a place that is not here stands for its line.
    reach: BTreeMap<(String, u32, u32), (u32, u32)>,
}

impl Changes {
    /// Changed lines by file, as first and last line, from 1. A policy is more than the line of its name, a rule more than its first line: what begins
    /// at a place reaches to its end, and the name of a document stands for all of it.
    pub fn new(lines: BTreeMap<String, Vec<(u32, u32)>>, repository: &Repository, sources: &Sources) -> Self {
        let mut changes = Self { lines, reach: BTreeMap::new() };
        for doc in &repository.documents {
            changes.take_node(sources, &doc.node.root);
            changes.take_document(sources, doc);
        }
        for (path, file) in &repository.files {
            changes.reach.insert((path.clone(), 1, 1), (1, sources.file(*file).line_count()));
        }
        changes
    }

    /// Whether what stands at a place changed.
    pub(super) fn touch(&self, file: &str, line: u32, column: u32) -> bool {
        let Some(lines) = self.lines.get(file) else { return false };
        let (first, last) = self.reach.get(&(file.to_owned(), line, column)).copied().unwrap_or((line, line));
        lines.iter().any(|(from, to)| *from <= last && first <= *to)
    }

    fn take_document(&mut self, sources: &Sources, doc: &Doc) {
        let (name, whole) = (doc.name_span(), doc.node.root.span);
        let reach = (sources.position(whole.file, whole.start).line, last_line(sources, whole));
        self.reach.insert(place(sources, name), reach);
    }

    fn take_node(&mut self, sources: &Sources, node: &Node) {
        let at = place(sources, node.span);
        let (first, last) = (at.1, last_line(sources, node.span));
        // A mapping begins where its first key does; whoever begins there reaches as far as the longest.
        let reach = self.reach.entry(at).or_insert((first, last));
        reach.1 = reach.1.max(last);
        node.entries().iter().for_each(|entry| self.take_node(sources, &entry.value));
        node.items().iter().for_each(|item| self.take_node(sources, item));
    }
}

fn place(sources: &Sources, span: Span) -> (String, u32, u32) {
    let file = sources.file(span.file);
    let at = file.position(span.start);
    (file.path.clone(), at.line, at.column)
}

/// The line of the last byte: a span that ends with a line break does not reach the next line.
fn last_line(sources: &Sources, span: Span) -> u32 {
    sources.position(span.file, span.end.saturating_sub(1).max(span.start)).line
}
