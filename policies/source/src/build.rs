//! Events to a tree: one document at a time, aliases copied in, every bound counted on the way.

use std::collections::HashMap;
use std::sync::Arc;

use crate::finding::Finding;
use crate::limits::Limits;
use crate::parse::{Event, EventKind, Fault, Properties, Shape};
use crate::rules;
use crate::sources::{FileId, Span};
use crate::tree::{Entry, Node, NodeKind, Style};

/// Builds the documents of one file; what is counted is counted over all of them.
pub(crate) struct Builder<'l> {
    file: FileId,
    tally: Tally<'l>,
    stack: Vec<Frame>,
    anchors: HashMap<usize, Anchor>,
    root: Option<Node>,
    faults: Vec<Finding>,
    broken: bool,
}

/// What one document came to.
pub(crate) struct Built {
    /// The content; `None` where there is none or it cannot be relied on.
    pub(crate) root: Option<Node>,
    pub(crate) faults: Vec<Finding>,
}

/// Why reading ends here.
pub(crate) enum Stop {
    /// The document is lost, the next may be sound.
    Document(Box<Finding>),
    /// A bound on the whole file is passed.
    File(Box<Finding>),
}

/// A collection that is not closed yet.
struct Frame {
    start: u32,
    flow: bool,
    body: Body,
}

enum Body {
    Seq(Vec<Node>),
    Map { entries: Vec<Entry>, key: Option<(String, Span)> },
}

/// Where an anchored value is.
enum Anchor {
    Scalar(Node),
    /// A collection, by the index of the child to follow in each collection from the root: nothing is copied until an
    /// alias asks for it.
    Path(Vec<usize>),
}

/// What is counted over all documents of a file.
struct Tally<'l> {
    limits: &'l Limits,
    nodes: usize,
    text_bytes: usize,
}

/// How much a value counts for.
struct Size {
    nodes: usize,
    text_bytes: usize,
    depth: usize,
}

impl<'l> Builder<'l> {
    pub(crate) fn new(file: FileId, limits: &'l Limits) -> Self {
        Self {
            file,
            tally: Tally { limits, nodes: 0, text_bytes: 0 },
            stack: Vec::new(),
            anchors: HashMap::new(),
            root: None,
            faults: Vec::new(),
            broken: false,
        }
    }

    /// Takes the finished document and makes ready for the next.
    pub(crate) fn finish(&mut self) -> Built {
        self.stack.clear();
        self.anchors.clear();
        let root = self.root.take().filter(|_| !self.broken);
        self.broken = false;
        Built { root, faults: std::mem::take(&mut self.faults) }
    }

    /// Takes one event of content.
    pub(crate) fn event(&mut self, event: Event<'_>) -> Result<(), Stop> {
        let span = Span::new(self.file, event.range.start, event.range.end);
        match event.kind {
            EventKind::Scalar { text, style, properties } => self.scalar(span, &text, style, &properties),
            EventKind::CollectionStart { shape, properties } => self.open(span, shape, &properties),
            EventKind::CollectionEnd => self.close(span),
            EventKind::Alias(anchor) => self.alias(span, anchor),
            EventKind::UnknownAlias => Err(unknown_alias(span)),
            EventKind::DocumentStart | EventKind::DocumentEnd | EventKind::Comment(_) => Ok(()),
        }
    }

    fn scalar(&mut self, span: Span, text: &str, style: Style, properties: &Properties) -> Result<(), Stop> {
        self.refuse_tag(properties);
        self.tally.add(span, self.stack.len(), &Size { nodes: 1, text_bytes: text.len(), depth: 0 })?;
        let node = || Node { span, used_at: None, kind: NodeKind::Scalar { text: Arc::from(text), style } };
        if let Some(anchor) = properties.anchor {
            self.anchors.insert(anchor, Anchor::Scalar(node()));
        }
        if self.wants_key() {
            self.key(span, text, style);
            return Ok(());
        }
        self.place(node())
    }

    fn open(&mut self, span: Span, shape: Shape, properties: &Properties) -> Result<(), Stop> {
        self.refuse_tag(properties);
        self.tally.add(span, self.stack.len(), &Size { nodes: 1, text_bytes: 0, depth: 1 })?;
        if let Some(anchor) = properties.anchor {
            let path = self.stack.iter().map(|frame| frame.body.len()).collect();
            self.anchors.insert(anchor, Anchor::Path(path));
        }
        let body = if shape.map { Body::Map { entries: Vec::new(), key: None } } else { Body::Seq(Vec::new()) };
        self.stack.push(Frame { start: span.start, flow: shape.flow, body });
        Ok(())
    }

    fn close(&mut self, end: Span) -> Result<(), Stop> {
        let Some(frame) = self.stack.pop() else { return Ok(()) };
        let end = if frame.flow { end.end } else { frame.body.end() };
        let span = Span::new(self.file, frame.start, end.max(frame.start));
        let kind = match frame.body {
            Body::Seq(items) => NodeKind::Seq(items),
            Body::Map { entries, .. } => NodeKind::Map(entries),
        };
        self.place(Node { span, used_at: None, kind })
    }

    fn alias(&mut self, span: Span, anchor: usize) -> Result<(), Stop> {
        let Some(node) = resolve(&self.anchors, &self.stack, anchor) else {
            let finding =
                Finding::error(rules::BAD_ALIAS, span, "this alias stands inside the value it names").help("write the value out");
            return Err(Stop::Document(Box::new(finding)));
        };
        // Counted before it is copied: a bomb is refused while it is small.
        let size = self.tally.measure(node);
        self.tally.add(span, self.stack.len(), &size)?;
        let copy = Node { used_at: Some(span), ..node.clone() };
        if !self.wants_key() {
            return self.place(copy);
        }
        let NodeKind::Scalar { text, style } = copy.kind else { return Err(collection_as_key(span)) };
        self.key(span, &text, style);
        Ok(())
    }

    fn wants_key(&self) -> bool {
        matches!(self.stack.last(), Some(Frame { body: Body::Map { key: None, .. }, .. }))
    }

    fn key(&mut self, span: Span, text: &str, style: Style) {
        if text.is_empty() && style == Style::Plain {
            let finding = Finding::error(rules::YAML_SYNTAX, span, "a key is missing before `:`");
            self.faults.push(finding);
            self.broken = true;
        }
        if let Some(Frame { body: Body::Map { key, .. }, .. }) = self.stack.last_mut() {
            *key = Some((text.to_owned(), span));
        }
    }

    /// Puts a finished value where it belongs.
    fn place(&mut self, node: Node) -> Result<(), Stop> {
        match self.stack.last_mut().map(|frame| &mut frame.body) {
            None => self.root = Some(node),
            Some(Body::Seq(items)) => items.push(node),
            Some(Body::Map { entries, key }) => match key.take() {
                Some((key, key_span)) => entries.push(Entry { key, key_span, value: node }),
                None => return Err(collection_as_key(node.span)),
            },
        }
        Ok(())
    }

    fn refuse_tag(&mut self, properties: &Properties) {
        if let Some(tag) = &properties.tag {
            let span = Span::new(self.file, tag.start, tag.end);
            let finding = Finding::error(rules::YAML_TAG, span, "tags are not part of the policy language")
                .help("remove the tag; a value in quotes is text, a plain number is a number");
            self.faults.push(finding);
        }
    }
}

impl Tally<'_> {
    /// Counts a value that begins below `depth` open collections.
    fn add(&mut self, span: Span, depth: usize, size: &Size) -> Result<(), Stop> {
        let limits = self.limits;
        self.nodes = self.nodes.saturating_add(size.nodes);
        self.text_bytes = self.text_bytes.saturating_add(size.text_bytes);
        if self.nodes > limits.nodes {
            return Err(too_many(span, "values", limits.nodes));
        }
        if self.text_bytes > limits.text_bytes {
            return Err(too_many(span, "bytes of text", limits.text_bytes));
        }
        if depth.saturating_add(size.depth) > limits.depth {
            return Err(too_deep(span, limits.depth));
        }
        Ok(())
    }

    /// The size of a value, or of as much of it as shows that there is no room for it.
    fn measure(&self, node: &Node) -> Size {
        let mut size = Size { nodes: 0, text_bytes: 0, depth: 0 };
        measure(node, 0, self.limits.nodes.saturating_sub(self.nodes), &mut size);
        size
    }
}

/// The node an anchor names; `None` while it is not closed.
fn resolve<'n>(anchors: &'n HashMap<usize, Anchor>, stack: &'n [Frame], anchor: usize) -> Option<&'n Node> {
    let path = match anchors.get(&anchor)? {
        Anchor::Scalar(node) => return Some(node),
        Anchor::Path(path) => path,
    };
    let mut steps = path.iter();
    for frame in stack {
        if let Some(child) = frame.body.child(*steps.next()?) {
            return steps.try_fold(child, |node, &step| match &node.kind {
                NodeKind::Seq(items) => items.get(step),
                NodeKind::Map(entries) => entries.get(step).map(|entry| &entry.value),
                NodeKind::Scalar { .. } => None,
            });
        }
    }
    None
}

impl Body {
    fn len(&self) -> usize {
        match self {
            Self::Seq(items) => items.len(),
            Self::Map { entries, .. } => entries.len(),
        }
    }

    fn child(&self, index: usize) -> Option<&Node> {
        match self {
            Self::Seq(items) => items.get(index),
            Self::Map { entries, .. } => entries.get(index).map(|entry| &entry.value),
        }
    }

    /// Where the last child ends, in this file's order: a block has no closing bracket.
    fn end(&self) -> u32 {
        match self {
            Self::Seq(items) => items.last().map_or(0, end),
            Self::Map { entries, .. } => entries.last().map_or(0, |entry| end(&entry.value).max(entry.key_span.end)),
        }
    }
}

fn end(node: &Node) -> u32 {
    node.used_at.unwrap_or(node.span).end
}

/// Adds up a value, and stops soon after it is known to be too much.
fn measure(node: &Node, depth: usize, room: usize, size: &mut Size) {
    size.nodes += 1;
    if size.nodes > room {
        return;
    }
    match &node.kind {
        NodeKind::Scalar { text, .. } => size.text_bytes = size.text_bytes.saturating_add(text.len()),
        NodeKind::Seq(items) => {
            size.depth = size.depth.max(depth + 1);
            items.iter().for_each(|item| measure(item, depth + 1, room, size));
        }
        NodeKind::Map(entries) => {
            size.depth = size.depth.max(depth + 1);
            for entry in entries {
                size.nodes += 1;
                size.text_bytes = size.text_bytes.saturating_add(entry.key.len());
                measure(&entry.value, depth + 1, room, size);
            }
        }
    }
}

fn unknown_alias(span: Span) -> Stop {
    let finding = Finding::error(rules::BAD_ALIAS, span, "this alias names no anchor before it in the document")
        .help("a value that begins with `*` needs quotes");
    Stop::Document(Box::new(finding))
}

fn collection_as_key(span: Span) -> Stop {
    let finding = Finding::error(rules::YAML_SYNTAX, span, "a key must be a scalar, not a list or a mapping")
        .help("put the key in quotes if it begins with `[` or `{`");
    Stop::Document(Box::new(finding))
}

fn too_many(span: Span, what: &str, limit: usize) -> Stop {
    let message = format!("more than {limit} {what} in one file");
    let finding = Finding::error(rules::TOO_MANY_NODES, span, message)
        .note("aliases count as often as they are used")
        .help("split the file");
    Stop::File(Box::new(finding))
}

fn too_deep(span: Span, limit: usize) -> Stop {
    let message = format!("collections are nested deeper than {limit}");
    let finding = Finding::error(rules::TOO_DEEP, span, message).help("split the value up, or keep it in a file of its own");
    Stop::Document(Box::new(finding))
}

impl Stop {
    pub(crate) fn from_fault(file: FileId, text: &str, fault: Fault) -> Self {
        let at = fault.at as usize;
        let width = text.get(at..).and_then(|rest| rest.chars().next()).filter(|c| !c.is_control());
        let end = fault.at.saturating_add(crate::sources::saturate(width.map_or(0, char::len_utf8)));
        let mut finding = Finding::error(fault.rule, Span::new(file, fault.at, end), fault.message);
        finding.help = fault.help.map(str::to_owned);
        Self::Document(Box::new(finding))
    }
}
