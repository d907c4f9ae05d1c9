//! Names: which there are, which are known by now, and what was probably meant.

use std::ops::Range;

use super::{Lowering, Typed};
use crate::kinds::Kinds;
use crate::names::{LATER, Name, NameType};
use crate::suggest::closest;
use crate::tree::Op;
use crate::{NAMES, NameId};

/// What a chain has come to so far.
pub(super) enum Place {
    /// The first part of names: `request`, of which members are asked.
    Group(&'static str),
    /// A moment in a zone: `now`, `now.at("…")`.
    Moment(Option<jiff::tz::TimeZone>),
    /// A value.
    Value(Typed),
}

impl Lowering<'_, '_> {
    /// The first word of a chain.
    pub(super) fn root(&mut self, word: &str, at: Range<usize>) -> Option<Place> {
        if let Some((_, why)) = LATER.iter().find(|(group, _)| *group == word) {
            let message = format!("`{word}` is not known when {}: {why}", self.scope.moment());
            return self.refuse(at, message);
        }
        if word == "now" {
            return Some(Place::Moment(None));
        }
        if let Some(group) = groups().find(|group| *group == word) {
            return Some(Place::Group(group));
        }
        let help = match closest(word, groups().chain(["now"])) {
            Some(meant) => format!("did you mean `{meant}`"),
            None => self.hyphen(&at).unwrap_or_else(|| self.all_names()),
        };
        self.refuse_with(at, format!("unknown name `{word}`"), help)
    }

    /// A member of a group: a name, known by now or not.
    pub(super) fn name(&mut self, group: &str, member: &str, at: Range<usize>) -> Option<Place> {
        let path = format!("{group}.{member}");
        let Some(row) = NAMES.iter().find(|row| row.path == path) else {
            let known: Vec<_> = members(group).collect();
            let help = match closest(member, known.iter().copied()) {
                Some(meant) => format!("did you mean `{group}.{meant}`"),
                None => format!("`{group}` has {}", listed(&known)),
            };
            return self.refuse_with(at, format!("unknown name `{path}`"), help);
        };
        if self.scope < row.since {
            let message = format!(
                "`{path}` is {} when {}; it is known {}",
                if row.id == NameId::RequestBody { "not read yet" } else { "not known yet" },
                self.scope.moment(),
                row.known,
            );
            return self.refuse(at, message);
        }
        Some(Place::Value(self.named(row, at)))
    }

    fn named(&self, row: &Name, at: Range<usize>) -> Typed {
        match row.kind {
            NameType::Text => self.leaf(Op::Text(row.id), Kinds::TEXT, at),
            NameType::MaybeText => self.leaf(Op::Text(row.id), Kinds::TEXT | Kinds::MISSING, at),
            NameType::TextMap => self.leaf(Op::Map(row.id), Kinds::MAP, at),
            NameType::Json | NameType::Time => self.leaf(Op::Json(row.id), Kinds::JSON, at),
            NameType::Texts => {
                let mut list = self.leaf(Op::Texts(row.id), Kinds::LIST, at);
                list.items = Kinds::TEXT;
                list
            }
        }
    }

    /// A group that nothing was asked of.
    pub(super) fn bare_group(&mut self, group: &str, at: Range<usize>) -> Option<Typed> {
        let known: Vec<_> = members(group).collect();
        let help = format!("it has {}", listed(&known));
        self.refuse_with(at, format!("`{group}` alone is no value"), help)
    }

    /// `headers.x-team` reads as `headers.x` minus `team`.
    fn hyphen(&self, at: &Range<usize>) -> Option<String> {
        let before = self.source.text.get(..at.start)?;
        before.ends_with('-').then(|| "a key with `-` stands in brackets, as in `request.headers[\"x-team\"]`".to_owned())
    }

    fn all_names(&self) -> String {
        let mut known: Vec<_> = groups()
            .filter(|group| {
                let mut rows = NAMES.iter().filter(|row| row.path.starts_with(group));
                rows.any(|row| row.since <= self.scope)
            })
            .collect();
        known.push("now");
        format!("names begin with {}", listed(&known))
    }
}

fn groups() -> impl Iterator<Item = &'static str> {
    let mut last = "";
    NAMES
        .iter()
        .filter_map(|row| row.path.split_once('.'))
        .map(|(group, _)| group)
        .filter(move |group| std::mem::replace(&mut last, group) != *group)
}

fn members(group: &str) -> impl Iterator<Item = &'static str> {
    NAMES.iter().filter_map(|row| row.path.split_once('.')).filter(move |(of, _)| *of == group).map(|(_, member)| member)
}

/// `a`, `b` and `c`, in back-ticks.
pub(crate) fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => format!("`{only}`"),
        [first @ .., last] => {
            let first: Vec<_> = first.iter().map(|word| format!("`{word}`")).collect();
            format!("{} and `{last}`", first.join(", "))
        }
    }
}
