//! The methods there are.

use std::ops::Range;

use rhai::{FnCallExpr, Position};

use super::names::listed;
use super::{Lowering, Typed};
use crate::kinds::Kinds;
use crate::suggest::closest;
use crate::tree::{Method, Op};

struct Row {
    name: &'static str,
    method: Method,
    /// What it can be called on.
    on: Kinds,
    /// Whether it takes a text.
    takes_text: bool,
    gives: Kinds,
}

const COUNTED: Kinds = Kinds::TEXT.or(Kinds::LIST);

const METHODS: &[Row] = &[
    row("starts_with", Method::StartsWith, Kinds::TEXT, true, Kinds::BOOL),
    row("ends_with", Method::EndsWith, Kinds::TEXT, true, Kinds::BOOL),
    row("len", Method::Len, COUNTED, false, Kinds::INT),
    row("is_empty", Method::IsEmpty, COUNTED, false, Kinds::BOOL),
    row("to_lower", Method::ToLower, Kinds::TEXT, false, Kinds::TEXT),
    row("to_upper", Method::ToUpper, Kinds::TEXT, false, Kinds::TEXT),
    row("parse_int", Method::ParseInt, Kinds::TEXT, false, Kinds::INT),
    row("parse_float", Method::ParseFloat, Kinds::TEXT, false, Kinds::FLOAT),
    row("to_string", Method::ToString, Kinds::NUMBER.or(Kinds::BOOL), false, Kinds::TEXT),
];

/// `contains` is `in` the other way round, and has no row of its own.
const CONTAINS: &str = "contains";

/// What other languages call them.
const ALIASES: &[(&str, &str)] = &[
    ("startsWith", "starts_with"),
    ("startswith", "starts_with"),
    ("endsWith", "ends_with"),
    ("endswith", "ends_with"),
    ("includes", CONTAINS),
    ("has", CONTAINS),
    ("length", "len"),
    ("size", "len"),
    ("count", "len"),
    ("lower", "to_lower"),
    ("toLowerCase", "to_lower"),
    ("lowerAscii", "to_lower"),
    ("upper", "to_upper"),
    ("toUpperCase", "to_upper"),
];

const fn row(name: &'static str, method: Method, on: Kinds, takes_text: bool, gives: Kinds) -> Row {
    Row { name, method, on, takes_text, gives }
}

impl Lowering<'_, '_> {
    pub(super) fn method(
        &mut self,
        of: Typed,
        call: &FnCallExpr,
        position: Position,
        optional: bool,
        at: Range<usize>,
    ) -> Option<Typed> {
        let args: Vec<_> = call.args.iter().map(|arg| self.expr(arg)).collect();
        let args: Vec<_> = args.into_iter().collect::<Option<_>>()?;
        let name = call.name.as_str();
        let word = self.source.word_at(position);
        let row = METHODS.iter().find(|row| row.name == name);
        if row.is_none() && name != CONTAINS {
            let (message, help) = no_method(name, of.kinds);
            return self.refuse_with(word, message, help);
        }
        let wanted = usize::from(row.is_none_or(|row| row.takes_text));
        if args.len() != wanted {
            let message = format!("`{name}` takes {}, and has {}", count(wanted), count(args.len()));
            return self.refuse(word.start..at.end, message);
        }
        if of.kinds.known_to_be_missing() && !optional {
            let text = self.source.text.get(of.at.clone()).unwrap_or_default();
            let message = format!("{} may be missing, and then `{name}` would fail", self.quote(&of.at));
            let help = format!("write `{text}?.{name}(…)`, or supply a default: `({text} ?? \"\").{name}(…)`");
            return self.refuse_with(at, message, help);
        }
        let Some(row) = row else {
            let item = args.into_iter().next()?;
            return self.contains(item, of, optional, at);
        };
        if !of.kinds.has(row.on) {
            let message = format!("{} is {}, on which there is no `{name}`", self.quote(&of.at), of.kinds.describe());
            return self.refuse_with(word, message, on(of.kinds));
        }
        self.call_row(row, of, args.into_iter().next(), optional, at)
    }

    fn call_row(&mut self, row: &Row, of: Typed, arg: Option<Typed>, optional: bool, at: Range<usize>) -> Option<Typed> {
        if let Some(arg) = &arg
            && !arg.kinds.has(Kinds::TEXT)
        {
            let message = format!("{} is {}, and `{}` takes text", self.quote(&arg.at), arg.kinds.describe(), row.name);
            return self.refuse(arg.at.clone(), message);
        }
        let missing = optional && of.kinds.has(Kinds::MISSING);
        let kinds = if missing { row.gives | Kinds::MISSING } else { row.gives };
        let op = Op::Method { method: row.method, of: Box::new(of.node), arg: arg.map(|arg| Box::new(arg.node)), optional };
        self.make(op, kinds, at)
    }
}

/// Which methods there are on such a value.
pub(super) fn on(kinds: Kinds) -> String {
    let mut names: Vec<_> = METHODS.iter().filter(|row| kinds.has(row.on)).map(|row| row.name).collect();
    if kinds.has(COUNTED | Kinds::MAP) {
        names.push(CONTAINS);
    }
    if names.is_empty() {
        return "it has no methods".to_owned();
    }
    format!("it has {}", listed(&names))
}

fn no_method(name: &str, kinds: Kinds) -> (String, String) {
    let help = match meant(name) {
        Some(meant) => format!("did you mean `{meant}`"),
        None => on(kinds),
    };
    (format!("unknown method `{name}`"), help)
}

/// A function that is called by itself: there are none, but a method may be meant.
pub(super) fn no_function(name: &str) -> (String, String) {
    let help = match meant(name) {
        Some(meant) => format!("write it after the value, as in `request.path.{meant}(…)`"),
        None => "an expression calls only methods of its values".to_owned(),
    };
    (format!("unknown function `{name}`"), help)
}

fn meant(name: &str) -> Option<&'static str> {
    let alias = ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, meant)| *meant);
    alias.or_else(|| closest(name, METHODS.iter().map(|row| row.name).chain([CONTAINS])))
}

fn count(args: usize) -> String {
    match args {
        0 => "nothing".to_owned(),
        1 => "one value".to_owned(),
        n => format!("{n} values"),
    }
}
