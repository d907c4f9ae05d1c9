//! The compiled form: a small typed tree, checked, with constants folded. It is what is evaluated; Rhai is gone by then.

use jiff::tz::TimeZone;

use crate::{NameId, NameRef};

/// A part of an expression and the bytes it came from.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) op: Op,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// A value that stands in the text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Const {
    Missing,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Box<str>),
}

#[derive(Debug, Clone)]
pub(crate) enum Op {
    Const(Const),
    /// A text by name.
    Text(NameId),
    /// One entry of a map by name; header keys in small letters.
    Entry(NameId, Box<str>),
    /// One entry whose key the request tells.
    EntryAt(NameId, Box<Node>),
    /// A map by name, to ask what it holds.
    Map(NameId),
    /// A list by name.
    Texts(NameId),
    /// A list that stands in the text.
    Items(Box<[Node]>),
    /// A JSON value by name.
    Json(NameId),
    Member {
        of: Box<Node>,
        key: Box<str>,
        optional: bool,
    },
    Index {
        of: Box<Node>,
        at: Box<Node>,
        optional: bool,
    },
    Time(TimeField, Option<TimeZone>),
    Not(Box<Node>),
    All(Box<[Node]>),
    Any(Box<[Node]>),
    Coalesce(Box<[Node]>),
    Compare(Comparison, Box<[Node; 2]>),
    In {
        item: Box<Node>,
        of: Box<Node>,
        optional: bool,
    },
    Method {
        method: Method,
        of: Box<Node>,
        arg: Option<Box<Node>>,
        optional: bool,
    },
    Compute(Arithmetic, Box<[Node; 2]>),
    Negate(Box<Node>),
    If(Box<[Node; 3]>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeField {
    Hour,
    Minute,
    Weekday,
    Day,
    Month,
    Year,
    Unix,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    AtMost,
    More,
    AtLeast,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    StartsWith,
    EndsWith,
    Len,
    IsEmpty,
    ToLower,
    ToUpper,
    ParseInt,
    ParseFloat,
    ToString,
}

impl Node {
    pub(crate) fn constant(&self) -> Option<&Const> {
        match &self.op {
            Op::Const(value) => Some(value),
            _ => None,
        }
    }

    /// The parts, in the order in which they stand in the tree.
    pub(crate) fn children(&self) -> Vec<&Node> {
        match &self.op {
            Op::Const(_) | Op::Text(_) | Op::Entry(..) | Op::Map(_) | Op::Texts(_) | Op::Json(_) | Op::Time(..) => Vec::new(),
            Op::EntryAt(_, node) | Op::Not(node) | Op::Negate(node) => vec![node],
            Op::Items(nodes) | Op::All(nodes) | Op::Any(nodes) | Op::Coalesce(nodes) => nodes.iter().collect(),
            Op::Compare(_, nodes) | Op::Compute(_, nodes) => nodes.iter().collect(),
            Op::If(nodes) => nodes.iter().collect(),
            Op::Member { of, .. } => vec![of],
            Op::Index { of, at, .. } => vec![of, at],
            Op::In { item, of, .. } => vec![item, of],
            Op::Method { of, arg, .. } => std::iter::once(of.as_ref()).chain(arg.as_deref()).collect(),
        }
    }

    /// Whether nothing of the request is looked at.
    pub(crate) fn is_constant(&self) -> bool {
        let reads = matches!(
            self.op,
            Op::Text(_) | Op::Entry(..) | Op::EntryAt(..) | Op::Map(_) | Op::Texts(_) | Op::Json(_) | Op::Time(..)
        );
        !reads && self.children().into_iter().all(Node::is_constant)
    }

    /// The outcome that every request gets, as far as the shape tells: `x && false` too.
    pub(crate) fn always(&self) -> Option<bool> {
        match &self.op {
            Op::Const(Const::Bool(value)) => Some(*value),
            Op::Const(Const::Missing) => Some(false),
            Op::Not(node) => node.always().map(|value| !value),
            Op::All(nodes) => settled(nodes, false),
            Op::Any(nodes) => settled(nodes, true),
            Op::If(nodes) => {
                let [when, then, otherwise] = nodes.as_ref();
                match when.always() {
                    Some(true) => then.always(),
                    Some(false) => otherwise.always(),
                    None => then.always().filter(|value| otherwise.always() == Some(*value)),
                }
            }
            _ => None,
        }
    }

    /// Adds every name that is looked at.
    pub(crate) fn collect_reads(&self, reads: &mut Vec<NameRef>) {
        let read = |name, key: Option<&str>| NameRef { name, key: key.map(str::to_owned) };
        match &self.op {
            Op::Text(name) | Op::Texts(name) | Op::Map(name) | Op::EntryAt(name, _) => {
                reads.push(read(*name, None));
            }
            Op::Entry(name, key) => reads.push(read(*name, Some(key))),
            Op::Time(..) => reads.push(read(NameId::Now, None)),
            Op::Json(name) => reads.push(read(*name, None)),
            Op::Member { of, key, .. } if let Op::Json(name) = of.op => {
                reads.push(read(name, Some(key)));
                return;
            }
            Op::In { item, of, .. } => {
                if let (Op::Map(name), Some(Const::Text(key))) = (&of.op, item.constant()) {
                    reads.push(read(*name, Some(key)));
                    return;
                }
            }
            _ => {}
        }
        for child in self.children() {
            child.collect_reads(reads);
        }
    }
}

/// One part that is `decisive` settles all; all parts being the opposite settles it too.
fn settled(nodes: &[Node], decisive: bool) -> Option<bool> {
    if nodes.iter().any(|node| node.always() == Some(decisive)) {
        return Some(decisive);
    }
    nodes.iter().all(|node| node.always() == Some(!decisive)).then_some(!decisive)
}
