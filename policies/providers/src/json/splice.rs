//! Edits against a scanned object, written into the original bytes in one go.

use super::{Object, Span, push_quoted};
use bytes::Bytes;

/// An edit by span that touches what another edit by span already replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("two edits overlap at byte {}", .0.start)]
pub struct Overlap(pub Span);

/// A list of edits to one scanned object. What no edit names survives byte for byte: order, space, numbers, escapes.
///
/// Edits of members are by name and the last one wins. An edit by span that lies in a member which is also set or removed by
/// name goes with the old value. Cheap to clone, so that each attempt can add its own edits to those of the policies.
#[derive(Clone, Debug, Default)]
pub struct Splice {
    members: Vec<MemberEdit>,
    spans: Vec<SpanEdit>,
}

#[derive(Clone, Debug)]
struct MemberEdit {
    name: String,
    /// The new value; none removes the member.
    raw: Option<Bytes>,
}

#[derive(Clone, Debug)]
struct SpanEdit {
    span: Span,
    raw: Bytes,
}

impl Splice {
    /// No edits.
    pub fn new() -> Self {
        Self::default()
    }

    /// True when applying changes nothing.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty() && self.spans.is_empty()
    }

    /// Gives a member this value, a JSON text: in place where it exists, else behind the last one.
    pub fn set_member(&mut self, name: &str, raw: impl Into<Bytes>) {
        self.edit_member(name, Some(raw.into()));
    }

    /// Takes a member away, if it exists.
    pub fn remove_member(&mut self, name: &str) {
        self.edit_member(name, None);
    }

    /// Lets a member that an earlier [`Splice::set_member`] gave be another one instead.
    pub(crate) fn rename_set(&mut self, name: &str, new: &str) {
        let Some(at) = self.members.iter().position(|edit| edit.name == name && edit.raw.is_some()) else { return };
        if let Some(raw) = self.members.remove(at).raw {
            self.set_member(new, raw);
        }
    }

    /// Replaces a range of the original bytes. Refused where it overlaps an earlier edit by span.
    pub fn replace(&mut self, span: Span, raw: impl Into<Bytes>) -> Result<(), Overlap> {
        if self.spans.iter().any(|other| overlap(other.span, span)) {
            return Err(Overlap(span));
        }
        self.spans.push(SpanEdit { span, raw: raw.into() });
        Ok(())
    }

    /// Inserts before the byte at `offset` of the original; several at one place follow each other in the order of the calls.
    /// Inside a range that is replaced it goes with what stood there.
    pub fn insert_at(&mut self, offset: usize, raw: impl Into<Bytes>) {
        self.spans.push(SpanEdit { span: Span { start: offset, end: offset }, raw: raw.into() });
    }

    /// A member's value as it stands after the edits by name; none if it is absent or removed.
    pub fn current<'a>(&'a self, object: &'a Object, name: &str) -> Option<&'a [u8]> {
        match self.member_edit(name) {
            Some(edit) => edit.raw.as_deref(),
            None => object.member(name).map(|member| object.raw(member)),
        }
    }

    /// The document with all edits made. Without any, the same bytes and no copy.
    pub fn apply(&self, object: &Object) -> Bytes {
        if self.is_empty() {
            return object.bytes().clone();
        }
        let mut edits = self.member_spans(object);
        let kept: Vec<SpanEdit> =
            self.spans.iter().filter(|edit| !edits.iter().any(|other| overlap(other.span, edit.span))).cloned().collect();
        edits.extend(kept);
        edits.sort_by_key(|edit| edit.span);
        write(object.bytes(), &edits)
    }

    fn edit_member(&mut self, name: &str, raw: Option<Bytes>) {
        match self.members.iter_mut().find(|edit| edit.name == name) {
            Some(edit) => edit.raw = raw,
            None => self.members.push(MemberEdit { name: name.to_owned(), raw }),
        }
    }

    fn member_edit(&self, name: &str) -> Option<&MemberEdit> {
        self.members.iter().find(|edit| edit.name == name)
    }

    /// The edits by name as edits by span.
    fn member_spans(&self, object: &Object) -> Vec<SpanEdit> {
        let members = object.members();
        let removed = |name: &str| self.member_edit(name).is_some_and(|edit| edit.raw.is_none());
        let first_kept = members.iter().position(|member| !removed(object.name(member)));
        let mut edits = Vec::new();
        for (at, member) in members.iter().enumerate() {
            let Some(edit) = self.member_edit(object.name(member)) else { continue };
            match &edit.raw {
                Some(raw) => edits.push(SpanEdit { span: member.value_span, raw: raw.clone() }),
                // A member behind a kept one goes with the comma before it, one before the first kept with the comma after it.
                None if first_kept.is_some_and(|first| first < at) => {
                    let before = at.checked_sub(1).and_then(|before| members.get(before));
                    let start = before.map_or(member.name_span.start, |before| before.value_span.end);
                    edits.push(SpanEdit { span: Span { start, end: member.value_span.end }, raw: Bytes::new() });
                }
                None => {
                    let end = members.get(at + 1).map_or(member.value_span.end, |next| next.name_span.start);
                    edits.push(SpanEdit { span: Span { start: member.name_span.start, end }, raw: Bytes::new() });
                }
            }
        }
        edits.extend(self.inserted(object, first_kept.is_some()));
        edits
    }

    /// The members that the object does not have yet, behind its last one.
    fn inserted(&self, object: &Object, follows: bool) -> Option<SpanEdit> {
        let mut raw = Vec::new();
        for edit in &self.members {
            let Some(value) = &edit.raw else { continue };
            if object.member(&edit.name).is_some() {
                continue;
            }
            if follows || !raw.is_empty() {
                raw.push(b',');
            }
            push_quoted(&mut raw, &edit.name);
            raw.push(b':');
            raw.extend_from_slice(value);
        }
        let at = object.members().last().map_or(object.span().start + 1, |last| last.value_span.end);
        (!raw.is_empty()).then(|| SpanEdit { span: Span { start: at, end: at }, raw: raw.into() })
    }
}

/// True if one range reaches into the other; an empty one only if it lies strictly inside.
fn overlap(one: Span, other: Span) -> bool {
    one.start < other.end && other.start < one.end
}

/// The original with sorted edits made; one that begins inside an earlier one's range is that one's loss.
fn write(original: &[u8], edits: &[SpanEdit]) -> Bytes {
    let added: usize = edits.iter().map(|edit| edit.raw.len()).sum();
    let mut out = Vec::with_capacity(original.len() + added);
    let mut at = 0;
    for edit in edits {
        if edit.span.start < at {
            continue;
        }
        out.extend_from_slice(Span { start: at, end: edit.span.start }.of(original));
        out.extend_from_slice(&edit.raw);
        at = at.max(edit.span.end);
    }
    out.extend_from_slice(original.get(at..).unwrap_or_default());
    out.into()
}
