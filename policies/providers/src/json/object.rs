//! Scanned objects and arrays: where each member and element lies.

use super::scanner::Scanner;
use super::{MAX_DEPTH, ScanError, ScanLimits, string_value};
use bytes::Bytes;
use std::borrow::Cow;

/// How many members are compared pair by pair; above it their names are sorted.
const PAIRWISE_MEMBERS: usize = 24;
/// How much of a duplicate's name an error repeats, in characters.
const NAME_IN_ERROR: usize = 64;

/// A range of bytes in the scanned document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte behind the last.
    pub end: usize,
}

impl Span {
    /// The bytes it covers; empty where it does not lie within them.
    pub fn of(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.start..self.end).unwrap_or_default()
    }
}

/// What a JSON value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number, as text.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl Kind {
    /// The word for people, with its article.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}

/// One member of a scanned object.
#[derive(Clone, Debug)]
pub struct Member {
    /// Where the name lies, quotes included.
    pub name_span: Span,
    /// Where the value lies, without the space around it.
    pub value_span: Span,
    /// What the value is.
    pub kind: Kind,
    /// The name, where it was written with escapes.
    unescaped: Option<Box<str>>,
}

/// An object whose members have been found. Owns a handle on the document's bytes, so it can be kept beside them.
#[derive(Clone, Debug)]
pub struct Object {
    bytes: Bytes,
    span: Span,
    members: Vec<Member>,
}

impl Object {
    /// The whole document, of which the object may be a part.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Where the object lies, braces included.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Its members, in the order in which they were written.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The name of one of its members, escapes resolved.
    pub fn name<'a>(&'a self, member: &'a Member) -> &'a str {
        std::str::from_utf8(self.name_bytes(member)).unwrap_or_default()
    }

    /// The member of that name, escapes resolved; `null` is a value like any other.
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| self.name_bytes(member) == name.as_bytes())
    }

    /// The member of that name unless it is `null`, which the dialects take for absent.
    pub fn present(&self, name: &str) -> Option<&Member> {
        self.member(name).filter(|member| member.kind != Kind::Null)
    }

    /// A member's value as written.
    pub fn raw(&self, member: &Member) -> &[u8] {
        member.value_span.of(&self.bytes)
    }

    /// The text of a string member; none if it is absent or something else.
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        let member = self.member(name).filter(|member| member.kind == Kind::String)?;
        string_value(&self.bytes, member.value_span)
    }

    fn name_bytes<'a>(&'a self, member: &'a Member) -> &'a [u8] {
        match &member.unescaped {
            Some(name) => name.as_bytes(),
            None => Span { start: member.name_span.start + 1, end: member.name_span.end - 1 }.of(&self.bytes),
        }
    }

    fn refuse_duplicates(self) -> Result<Self, ScanError> {
        let repeated = if self.members.len() <= PAIRWISE_MEMBERS {
            self.members.iter().enumerate().find(|(at, member)| {
                self.members.iter().take(*at).any(|earlier| self.name_bytes(earlier) == self.name_bytes(member))
            })
        } else {
            let mut sorted: Vec<(usize, &Member)> = self.members.iter().enumerate().collect();
            sorted.sort_by_key(|(at, member)| (self.name_bytes(member), *at));
            let repeats = sorted.windows(2).filter_map(|pair| match pair {
                [(_, first), second] if self.name_bytes(first) == self.name_bytes(second.1) => Some(*second),
                _ => None,
            });
            repeats.min_by_key(|(at, _)| *at)
        };
        match repeated {
            None => Ok(self),
            Some((_, member)) => Err(ScanError::DuplicateMember {
                name: self.name(member).chars().take(NAME_IN_ERROR).collect(),
                offset: member.name_span.start,
            }),
        }
    }
}

/// Validates a whole document (RFC 8259, UTF-8, no half surrogates) and lists the members of its object.
///
/// One pass; allocates the list of members and nothing else. Refuses a name that occurs twice in the top-level object.
pub fn scan(bytes: &Bytes, limits: ScanLimits) -> Result<Object, ScanError> {
    utf8(bytes)?;
    let mut scanner = Scanner::new(bytes, 0, limits.depth);
    scanner.space();
    let object = object(bytes, &mut scanner, limits)?;
    scanner.space();
    if scanner.peek().is_some() {
        return Err(ScanError::TrailingBytes { offset: scanner.at() });
    }
    object.refuse_duplicates()
}

/// Validates a whole document of any kind, as [`scan`] does, at most `depth` containers deep. Looks for no name that occurs twice.
///
/// # Errors
/// The first thing that is not JSON, or too deep.
pub fn check(bytes: &[u8], depth: u16) -> Result<(), ScanError> {
    utf8(bytes)?;
    let mut scanner = Scanner::new(bytes, 0, depth);
    scanner.space();
    scanner.value(0)?;
    scanner.space();
    if scanner.peek().is_some() { Err(ScanError::TrailingBytes { offset: scanner.at() }) } else { Ok(()) }
}

/// Lists the members of an object inside a document, as [`scan`] does for the outermost; `span` is that of a scanned value.
pub fn scan_object(bytes: &Bytes, span: Span) -> Result<Object, ScanError> {
    utf8(span.of(bytes))?;
    let within = bytes.get(..span.end).unwrap_or(bytes);
    let mut scanner = Scanner::new(within, span.start, MAX_DEPTH);
    object(bytes, &mut scanner, ScanLimits { depth: MAX_DEPTH, ..ScanLimits::default() })?.refuse_duplicates()
}

fn utf8(bytes: &[u8]) -> Result<(), ScanError> {
    std::str::from_utf8(bytes).map(|_| ()).map_err(|fault| ScanError::InvalidUtf8 { offset: fault.valid_up_to() })
}

/// Reads one object, the cursor on its opening brace.
fn object(bytes: &Bytes, scanner: &mut Scanner<'_>, limits: ScanLimits) -> Result<Object, ScanError> {
    let start = scanner.at();
    if scanner.peek() != Some(b'{') {
        return Err(ScanError::NotAnObject { offset: start });
    }
    if limits.depth == 0 {
        return Err(ScanError::TooDeep { offset: start, limit: 0 });
    }
    scanner.bump();
    scanner.space();
    let mut members = Vec::new();
    if scanner.peek() == Some(b'}') {
        scanner.bump();
    } else {
        loop {
            if members.len() >= limits.members {
                return Err(ScanError::TooManyMembers { offset: scanner.at(), limit: limits.members });
            }
            members.push(member(bytes, scanner)?);
            scanner.space();
            if scanner.peek() == Some(b',') {
                scanner.bump();
                scanner.space();
                continue;
            }
            scanner.expect(b'}', "`,` or `}`")?;
            break;
        }
    }
    Ok(Object { bytes: bytes.clone(), span: Span { start, end: scanner.at() }, members })
}

fn member(bytes: &Bytes, scanner: &mut Scanner<'_>) -> Result<Member, ScanError> {
    let start = scanner.at();
    if scanner.peek() != Some(b'"') {
        return Err(scanner.unexpected("a member name"));
    }
    let escaped = scanner.string()?;
    let name_span = Span { start, end: scanner.at() };
    scanner.space();
    scanner.expect(b':', "`:`")?;
    scanner.space();
    let value_start = scanner.at();
    let kind = scanner.value(1)?;
    let value_span = Span { start: value_start, end: scanner.at() };
    let unescaped = if escaped { string_value(bytes, name_span).map(|name| name.into_owned().into_boxed_str()) } else { None };
    Ok(Member { name_span, value_span, kind, unescaped })
}

/// One element of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element {
    /// Where it lies.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// The elements of an array, found one by one.
pub struct Elements<'a> {
    scanner: Scanner<'a>,
    state: ElementState,
}

enum ElementState {
    First,
    Later,
    Over,
}

/// Walks the array that `span`, the span of a scanned value, covers. Allocates nothing.
pub fn elements(bytes: &[u8], span: Span) -> Result<Elements<'_>, ScanError> {
    let within = bytes.get(..span.end).unwrap_or(bytes);
    let mut scanner = Scanner::new(within, span.start, MAX_DEPTH);
    if scanner.peek() != Some(b'[') {
        return Err(ScanError::NotAnArray { offset: span.start });
    }
    scanner.bump();
    Ok(Elements { scanner, state: ElementState::First })
}

impl Elements<'_> {
    /// Whether there is none. To be asked before the first; looks at no element.
    pub fn is_empty(&mut self) -> bool {
        self.scanner.space();
        self.scanner.peek() == Some(b']')
    }

    fn step(&mut self) -> Result<Option<Element>, ScanError> {
        self.scanner.space();
        if self.scanner.peek() == Some(b']') {
            return Ok(None);
        }
        if matches!(self.state, ElementState::Later) {
            self.scanner.expect(b',', "`,` or `]`")?;
            self.scanner.space();
        }
        self.state = ElementState::Later;
        let start = self.scanner.at();
        let kind = self.scanner.value(1)?;
        Ok(Some(Element { span: Span { start, end: self.scanner.at() }, kind }))
    }
}

impl Iterator for Elements<'_> {
    type Item = Result<Element, ScanError>;

    fn next(&mut self) -> Option<Self::Item> {
        if matches!(self.state, ElementState::Over) {
            return None;
        }
        let step = self.step();
        if !matches!(step, Ok(Some(_))) {
            self.state = ElementState::Over;
        }
        step.transpose()
    }
}
