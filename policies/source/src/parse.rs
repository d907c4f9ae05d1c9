//! YAML text to events. The only file that knows the parser crate; everything it cannot read becomes a [`Fault`].

use std::borrow::Cow;
use std::ops::Range;

use granit_parser::{ErrorKind, Event as Raw, Marker, Parser, ScalarStyle, ScanError, StrInput, StructureStyle};

use crate::finding::RuleId;
use crate::limits::Limits;
use crate::rules;
use crate::sources::saturate;
use crate::tree::Style;

/// What the parser read next, and the bytes of it.
pub(crate) struct Event<'a> {
    pub(crate) kind: EventKind<'a>,
    pub(crate) range: Range<u32>,
}

pub(crate) enum EventKind<'a> {
    DocumentStart,
    DocumentEnd,
    Comment(Cow<'a, str>),
    Scalar {
        text: Cow<'a, str>,
        style: Style,
        properties: Properties,
    },
    CollectionStart {
        shape: Shape,
        properties: Properties,
    },
    CollectionEnd,
    /// An alias of the anchor with this number.
    Alias(usize),
    /// An alias of an anchor that does not exist.
    UnknownAlias,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) map: bool,
    /// Whether it ends with a bracket, whose bytes belong to it.
    pub(crate) flow: bool,
}

/// What stands before a value: `&anchor !tag`.
pub(crate) struct Properties {
    pub(crate) anchor: Option<usize>,
    pub(crate) tag: Option<Range<u32>>,
}

/// Why a document cannot be read.
pub(crate) struct Fault {
    pub(crate) rule: RuleId,
    pub(crate) at: u32,
    pub(crate) message: String,
    pub(crate) help: Option<&'static str>,
}

/// The events of a text.
pub(crate) struct Events<'a> {
    parser: Parser<'a, StrInput<'a>>,
    text: &'a str,
}

impl<'a> Events<'a> {
    pub(crate) fn new(text: &'a str, limits: &Limits) -> Self {
        let options = granit_parser::options! {
            disallow_directives: true,
            emit_unresolved_aliases: true,
            flow_nesting_limit: limits.depth,
            block_nesting_limit: limits.depth,
            // A header of comments is as long as its author likes; the bytes of the file bound it.
            max_buffered_comment_events: limits.file_bytes,
        };
        Self { parser: Parser::new_from_str_with_options(text, options), text }
    }

    /// The next event; `None` at the end and after a fault.
    pub(crate) fn next(&mut self) -> Option<Result<Event<'a>, Fault>> {
        loop {
            let (raw, span) = match self.parser.next_event()? {
                Ok(next) => next,
                Err(error) => return Some(Err(self.fault(&error))),
            };
            if let Some(kind) = kind(raw, &span) {
                let start = self.byte(&span.start);
                let range = start..self.byte(&span.end).max(start);
                return Some(Ok(self.mend(Event { kind, range })));
            }
        }
    }

    /// Gives up on the present document; whether another follows.
    pub(crate) fn skip_document(&mut self) -> bool {
        self.parser.proceed_next_document().unwrap_or(false)
    }

    fn fault(&self, error: &ScanError) -> Fault {
        let (rule, message, help) = explain(error.kind());
        Fault { rule, at: self.byte(error.marker()), message, help }
    }

    fn byte(&self, marker: &Marker) -> u32 {
        let end = self.text.len();
        saturate(marker.byte_offset().unwrap_or(end).min(end))
    }

    /// Brings what the parser says of places in line with what [`crate::Node::span`] promises.
    fn mend(&self, mut event: Event<'a>) -> Event<'a> {
        let range = event.range.clone();
        let source = self.text.get(range.start as usize..range.end as usize).unwrap_or("");
        match &mut event.kind {
            // A value that is not there is said to be `~`, before the colon of its key.
            EventKind::Scalar { text, style: Style::Plain, .. } if source.is_empty() => {
                *text = Cow::Borrowed("");
                let colon = self.text.as_bytes().get(range.start as usize) == Some(&b':');
                let at = range.start.saturating_add(u32::from(colon));
                event.range = at..at;
            }
            // A block scalar reaches to the next token.
            EventKind::Scalar { style: Style::Literal | Style::Folded, .. } => {
                event.range.end = range.start.saturating_add(saturate(source.trim_end().len()));
            }
            // A list as far left as its key begins at the first item, behind the dash.
            EventKind::CollectionStart { shape: Shape { map: false, flow: false }, .. } => {
                event.range.start = self.dash(range.start);
            }
            _ => {}
        }
        event
    }

    /// The dash that begins a list, at or before `start`.
    fn dash(&self, start: u32) -> u32 {
        let Some(before) = self.text.get(..start as usize) else { return start };
        if self.text.as_bytes().get(start as usize) == Some(&b'-') {
            return start;
        }
        let mut end = before.len();
        for line in before.rsplit('\n') {
            let begin = end.saturating_sub(line.len());
            let content = line.trim_start();
            if content.starts_with('-') {
                return saturate(begin + line.len() - content.len());
            }
            end = begin.saturating_sub(1);
        }
        start
    }
}

fn kind<'a>(raw: Raw<'a>, span: &granit_parser::Span) -> Option<EventKind<'a>> {
    let properties = |anchor: usize, tagged: bool| Properties {
        anchor: (anchor != 0).then_some(anchor),
        tag: tagged.then(|| tag_range(span)),
    };
    Some(match raw {
        Raw::DocumentStart(..) => EventKind::DocumentStart,
        Raw::DocumentEnd => EventKind::DocumentEnd,
        Raw::Comment(text, _) => EventKind::Comment(text),
        Raw::Scalar(text, style, anchor, tag) => {
            EventKind::Scalar { text, style: self::style(style), properties: properties(anchor, tag.is_some()) }
        }
        Raw::SequenceStart(style, anchor, tag) => EventKind::CollectionStart {
            shape: Shape { map: false, flow: style == StructureStyle::Flow },
            properties: properties(anchor, tag.is_some()),
        },
        Raw::MappingStart(style, anchor, tag) => EventKind::CollectionStart {
            shape: Shape { map: true, flow: style == StructureStyle::Flow },
            properties: properties(anchor, tag.is_some()),
        },
        Raw::SequenceEnd | Raw::MappingEnd => EventKind::CollectionEnd,
        Raw::Alias(anchor) => EventKind::Alias(anchor),
        Raw::UnresolvedAlias(_) => EventKind::UnknownAlias,
        // The start and end of the stream, and whatever a later version adds that is not content.
        _ => return None,
    })
}

fn tag_range(span: &granit_parser::Span) -> Range<u32> {
    let tag = span.tag_span().unwrap_or(*span);
    let range = tag.byte_range().unwrap_or(0..0);
    saturate(range.start)..saturate(range.end)
}

fn style(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::Single,
        ScalarStyle::DoubleQuoted => Style::Double,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
    }
}

const TABS: &str = "indent with spaces; YAML does not allow tabs there";
const COLON: &str = "put the value in quotes if the `: ` belongs to it, or indent the key as its neighbours are";
const INDENT: &str = "line the keys of a mapping and the `-` of a list up with their neighbours";

/// The parser's reason in our words, with help where there is a usual cause.
fn explain(kind: &ErrorKind) -> (RuleId, String, Option<&'static str>) {
    let syntax = |message: &str, help| (rules::YAML_SYNTAX, message.to_owned(), help);
    match kind {
        ErrorKind::RecursionLimitExceeded => (
            rules::TOO_DEEP,
            "collections are nested too deep".to_owned(),
            Some("split the value up, or keep it in a file of its own"),
        ),
        ErrorKind::UndeclaredTagHandle => {
            (rules::YAML_TAG, "tags are not part of the policy language".to_owned(), Some("remove the tag"))
        }
        ErrorKind::DirectiveDisallowed => {
            syntax("directives are not part of the policy language", Some("remove the line that begins with `%`"))
        }
        ErrorKind::UnclosedQuotedScalar => syntax("this quoted value is never closed", Some("add the missing quote")),
        ErrorKind::UnclosedFlowCollection { open } => {
            (rules::YAML_SYNTAX, format!("this `{open}` is never closed"), Some("add the missing bracket"))
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            (rules::YAML_SYNTAX, format!("`{close}` does not close `{open}`"), None)
        }
        ErrorKind::MisplacedFlowCollectionEnd => syntax("this bracket closes nothing", None),
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => syntax("a tab where only spaces are allowed", Some(TABS)),
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => syntax("`:` is not allowed here", Some(COLON)),
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            syntax("a key without its `:`", Some("write `key: value`; a key stands on one line"))
        }
        ErrorKind::ExpectedBlockMappingKey => syntax("expected a key of the mapping", Some(INDENT)),
        ErrorKind::ExpectedBlockSequenceEntry => syntax("expected a `-` of the list", Some(INDENT)),
        ErrorKind::InvalidIndentation => syntax("the indentation fits nothing above", Some(INDENT)),
        ErrorKind::ExpectedFlowMappingSeparator => syntax("expected `,` or `}`", None),
        ErrorKind::ExpectedFlowSequenceSeparator => syntax("expected `,` or `]`", None),
        ErrorKind::BlockSequenceEntryNotAllowed => {
            syntax("a list cannot begin here", Some("begin it on a line of its own, or write it as `[a, b]`"))
        }
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            syntax("text after the closing quote", Some("put the whole value in one pair of quotes"))
        }
        ErrorKind::UnknownQuotedScalarEscape => {
            syntax("unknown escape in a quoted value", Some("write `\\\\` for a backslash, or use single quotes"))
        }
        ErrorKind::UnexpectedCharacter { character } => (
            rules::YAML_SYNTAX,
            format!("a value cannot begin with `{}`", character.escape_default()),
            Some("put the value in quotes"),
        ),
        other => (rules::YAML_SYNTAX, other.to_string().trim_end_matches('.').to_lowercase(), None),
    }
}
