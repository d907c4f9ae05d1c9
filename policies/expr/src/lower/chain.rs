//! Chains: a name or a value, followed by `.member`, `["key"]`, `[0]` and `.method(…)`.
//!
//! Rhai nests a chain to the right and, in places, forgets that a link was optional; the text at the link's position tells.

use std::ops::Range;

use rhai::{ASTFlags, Expr, FnCallExpr, Position};

use super::names::{Place, listed};
use super::{Lowering, Typed};
use crate::NameId;
use crate::kinds::Kinds;
use crate::tree::{Const, Node, Op, TimeField};

/// The members of a moment.
const TIME: &[(&str, TimeField)] = &[
    ("hour", TimeField::Hour),
    ("minute", TimeField::Minute),
    ("weekday", TimeField::Weekday),
    ("day", TimeField::Day),
    ("month", TimeField::Month),
    ("year", TimeField::Year),
    ("unix", TimeField::Unix),
];

/// One link of a chain.
struct Link<'e> {
    what: What<'e>,
    /// Of the `.`, `?.`, `[` or `?[`.
    position: Position,
}

enum What<'e> {
    Member(&'e str, Position),
    Method(&'e FnCallExpr, Position),
    Index(&'e Expr),
}

impl Lowering<'_, '_> {
    pub(super) fn chain(&mut self, expr: &Expr) -> Option<Typed> {
        let (root, links) = unnest(expr);
        let mut place = match root {
            Expr::Variable(name, _, position) => {
                let at = self.source.word_at(*position);
                self.root(&name.1, at.clone()).map(|place| (place, at))
            }
            other => self.expr(other).map(|value| {
                let at = value.at.clone();
                (Place::Value(value), at)
            }),
        };
        for link in links {
            place = match place {
                Some((place, at)) => self.follow(place, at, &link),
                None => {
                    self.inside(&link);
                    None
                }
            };
        }
        let (place, at) = place?;
        match place {
            Place::Value(value) => Some(value),
            Place::Group(group) => self.bare_group(group, at),
            Place::Moment(_) => {
                let message = format!("{} is a moment, not a value", self.quote(&at));
                self.refuse_with(at, message, time_members())
            }
        }
    }

    /// Looks for faults in a link whose chain is already lost.
    fn inside(&mut self, link: &Link<'_>) {
        match link.what {
            What::Member(..) => {}
            What::Method(call, _) => {
                for arg in &call.args {
                    self.expr(arg);
                }
            }
            What::Index(index) => {
                self.expr(index);
            }
        }
    }

    fn follow(&mut self, place: Place, so_far: Range<usize>, link: &Link<'_>) -> Option<(Place, Range<usize>)> {
        let optional = self.source.starts_with(link.position, "?");
        let at = so_far.start..self.end_of(link);
        let next = match (place, &link.what) {
            (Place::Group(group), What::Member(member, _)) => self.name(group, member, at.clone()),
            (Place::Group(group), _) => {
                self.inside(link);
                self.bare_group(group, so_far).map(Place::Value)
            }
            (Place::Moment(zone), What::Member(member, position)) => {
                let word = self.source.word_at(*position);
                self.time_member(zone, member, word, at.clone()).map(Place::Value)
            }
            (Place::Moment(None), What::Method(call, position)) if call.name.as_str() == "at" => {
                self.zone(call, *position).map(|zone| Place::Moment(Some(zone)))
            }
            (Place::Moment(_), _) => {
                self.inside(link);
                let message = format!("{} is a moment, not a value", self.quote(&so_far));
                self.refuse_with(at.clone(), message, time_members())
            }
            (Place::Value(value), What::Member(member, position)) => {
                let word = self.source.word_at(*position);
                self.member(value, member, word, optional, at.clone()).map(Place::Value)
            }
            (Place::Value(value), What::Index(index)) => self.index(value, index, optional, at.clone()).map(Place::Value),
            (Place::Value(value), What::Method(call, position)) => {
                self.method(value, call, *position, optional, at.clone()).map(Place::Value)
            }
        };
        next.map(|place| (place, at))
    }

    fn end_of(&self, link: &Link<'_>) -> usize {
        match link.what {
            What::Member(_, position) => self.source.word_at(position).end,
            What::Method(_, position) => self.source.closing_after(self.source.byte_at(position)),
            What::Index(_) => self.source.closing_after(self.source.byte_at(link.position)),
        }
    }

    fn time_member(
        &mut self,
        zone: Option<jiff::tz::TimeZone>,
        member: &str,
        word: Range<usize>,
        at: Range<usize>,
    ) -> Option<Typed> {
        let Some((_, field)) = TIME.iter().find(|(name, _)| *name == member) else {
            return self.refuse_with(word, format!("a moment has no `{member}`"), time_members());
        };
        Some(self.leaf(Op::Time(*field, zone), Kinds::INT, at))
    }

    /// The zone of `now.at("Zone/City")`, out of the database that is built in: no file is read.
    fn zone(&mut self, call: &FnCallExpr, position: Position) -> Option<jiff::tz::TimeZone> {
        let at = self.source.word_at(position);
        let [Expr::StringConstant(name, place)] = call.args.as_slice() else {
            for arg in &call.args {
                self.expr(arg);
            }
            let help = "write it out, as in `now.at(\"Europe/Berlin\").hour`";
            return self.refuse_with(at, "`at` takes one time zone, written out", help);
        };
        match jiff::tz::TimeZoneDatabase::bundled().get(name) {
            Ok(zone) => Some(zone),
            Err(_) => {
                let at = self.source.word_at(*place);
                let database = jiff::tz::TimeZoneDatabase::bundled();
                let zones: Vec<_> = database.available().map(|name| name.to_string()).collect();
                let help = match crate::suggest::closest(name, zones.iter().map(String::as_str)) {
                    Some(meant) => format!("did you mean `{meant}`"),
                    None => "zones are written like `Europe/Berlin`".to_owned(),
                };
                self.refuse_with(at, format!("unknown time zone `{name}`"), help)
            }
        }
    }

    fn member(&mut self, of: Typed, member: &str, word: Range<usize>, optional: bool, at: Range<usize>) -> Option<Typed> {
        if let Op::Map(name) = of.node.op {
            return Some(self.entry(name, member, at));
        }
        if !of.kinds.has(Kinds::MAP) {
            let message = format!("{} is {} and has no member `{member}`", self.quote(&of.at), of.kinds.describe());
            let help = match member {
                "length" | "len" | "size" | "count" => "write `.len()`".to_owned(),
                _ => super::methods::on(of.kinds),
            };
            return self.refuse_with(word, message, help);
        }
        let (of, key) = (Box::new(of.node), member.into());
        self.make(Op::Member { of, key, optional }, Kinds::JSON, at)
    }

    fn entry(&self, name: NameId, key: &str, at: Range<usize>) -> Typed {
        let key = match name {
            NameId::RequestHeaders => key.to_ascii_lowercase().into(),
            _ => key.into(),
        };
        self.leaf(Op::Entry(name, key), Kinds::TEXT | Kinds::MISSING, at)
    }

    fn index(&mut self, of: Typed, index: &Expr, optional: bool, at: Range<usize>) -> Option<Typed> {
        let key = self.expr(index)?;
        if !of.kinds.has(Kinds::MAP | Kinds::LIST) {
            let message = format!("{} is {}, in which nothing is looked up", self.quote(&of.at), of.kinds.describe());
            return self.refuse(at, message);
        }
        let by_text = if of.kinds.has(Kinds::MAP) { Kinds::TEXT } else { Kinds::NONE };
        let by_place = if of.kinds.has(Kinds::LIST) { Kinds::INT } else { Kinds::NONE };
        let wanted = by_text | by_place;
        if !key.kinds.has(wanted) {
            let message = format!(
                "{} is {}, and {} is looked up by {}",
                self.quote(&key.at),
                key.kinds.describe(),
                self.quote(&of.at),
                if wanted.has(Kinds::TEXT) { "a text" } else { "a whole number" },
            );
            return self.refuse(key.at, message);
        }
        Some(match (of.node.op, key.node.op) {
            (Op::Map(name), Op::Const(Const::Text(key))) => self.entry(name, &key, at),
            (Op::Map(name), op) => {
                let key = Node { op, ..key.node };
                self.leaf(Op::EntryAt(name, Box::new(key)), Kinds::TEXT | Kinds::MISSING, at)
            }
            (op, Op::Const(Const::Text(key))) => {
                let of = Box::new(Node { op, ..of.node });
                self.leaf(Op::Member { of, key, optional }, Kinds::JSON, at)
            }
            (of_op, key_op) => {
                let kinds = if of.kinds == Kinds::LIST { of.items | Kinds::MISSING } else { Kinds::JSON };
                let of = Box::new(Node { op: of_op, ..of.node });
                let key = Box::new(Node { op: key_op, ..key.node });
                return self.make(Op::Index { of, at: key, optional }, kinds, at);
            }
        })
    }
}

/// The root of a chain and its links, in the order in which they are written.
fn unnest(expr: &Expr) -> (&Expr, Vec<Link<'_>>) {
    let mut links = Vec::new();
    let (Expr::Dot(first, ..) | Expr::Index(first, ..)) = expr else {
        return (expr, links);
    };
    let mut rest = expr;
    loop {
        let (next, position, indexed) = match rest {
            Expr::Dot(pair, _, position) => (&pair.rhs, *position, false),
            Expr::Index(pair, flags, position) => {
                // Only an index may be a chain of its own; the flag says that this one ends here.
                if flags.contains(ASTFlags::BREAK) {
                    links.push(Link { what: What::Index(&pair.rhs), position: *position });
                    break;
                }
                (&pair.rhs, *position, true)
            }
            _ => break,
        };
        let (head, more) = match next {
            Expr::Dot(pair, ..) | Expr::Index(pair, ..) => (&pair.lhs, true),
            other => (other, false),
        };
        let what = match head {
            _ if indexed => What::Index(head),
            Expr::Property(name, position) => What::Member(&name.2, *position),
            Expr::MethodCall(call, position) => What::Method(call, *position),
            other => What::Index(other),
        };
        links.push(Link { what, position });
        if !more {
            break;
        }
        rest = next;
    }
    (&first.lhs, links)
}

fn time_members() -> String {
    let names: Vec<_> = TIME.iter().map(|(name, _)| *name).collect();
    format!("it has {}; `now.at(\"Europe/Berlin\")` is the same there", listed(&names))
}
