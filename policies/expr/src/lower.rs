//! Rhai's tree → ours: names are resolved, kinds are checked, constants are folded, and every fault is collected.

mod chain;
mod logic;
mod methods;
mod names;
mod operators;

use std::ops::Range;

use rhai::{Expr, Stmt, StmtBlock};

use crate::evaluate::{Run, Unseen, Value};
use crate::kinds::Kinds;
use crate::parse::Source;
use crate::tree::{Const, Node, Op};
use crate::{ExprError, NameId, Names, Scope};
pub(crate) use names::listed;

/// A checked part with what is known about it.
#[derive(Debug)]
pub(crate) struct Typed {
    pub(crate) node: Node,
    pub(crate) kinds: Kinds,
    /// What the items are, where it is a list.
    pub(crate) items: Kinds,
    pub(crate) at: Range<usize>,
}

/// One pass over one expression.
pub(crate) struct Lowering<'s, 't> {
    source: &'s Source<'t>,
    scope: Scope,
    errors: Vec<ExprError>,
}

impl<'s, 't> Lowering<'s, 't> {
    /// Lowers a whole expression. `check` sees the finished tree and may refuse it.
    pub(crate) fn run(
        source: &'s Source<'t>,
        scope: Scope,
        expr: &Expr,
        check: impl FnOnce(&mut Self, &Typed),
    ) -> Result<Typed, Vec<ExprError>> {
        let mut lowering = Self { source, scope, errors: Vec::new() };
        let typed = lowering.expr(expr);
        if let Some(typed) = &typed {
            check(&mut lowering, typed);
        }
        let mut errors = lowering.errors;
        errors.sort_by_key(|error| (error.start, error.end));
        match typed {
            Some(typed) if errors.is_empty() => Ok(typed),
            _ => Err(errors),
        }
    }

    fn expr(&mut self, expr: &Expr) -> Option<Typed> {
        let literal = |value, kinds, position| self.literal(value, kinds, position);
        match expr {
            Expr::BoolConstant(value, at) => literal(Const::Bool(*value), Kinds::BOOL, *at),
            Expr::IntegerConstant(value, at) => literal(Const::Int(*value), Kinds::INT, *at),
            Expr::FloatConstant(value, at) => literal(Const::Float(**value), Kinds::FLOAT, *at),
            Expr::StringConstant(value, at) => literal(Const::Text(value.as_str().into()), Kinds::TEXT, *at),
            Expr::Unit(at) => {
                let start = self.source.byte_at(*at);
                let at = start..self.source.closing_after(start);
                Some(self.leaf(Op::Const(Const::Missing), Kinds::MISSING, at))
            }
            Expr::Array(items, at) => self.list(items, self.source.byte_at(*at)),
            Expr::Variable(..) | Expr::Dot(..) | Expr::Index(..) => self.chain(expr),
            Expr::And(parts, _) => self.all(parts),
            Expr::Or(parts, _) => self.any(parts),
            Expr::Coalesce(parts, at) => self.coalesce(parts, *at),
            Expr::FnCall(call, at) => self.call(call, *at),
            Expr::Stmt(block) => self.choice(block),
            other => {
                let at = self.source.word_at(other.position());
                self.refuse(at, "this cannot stand in an expression")
            }
        }
    }

    fn literal(&self, value: Const, kinds: Kinds, position: rhai::Position) -> Option<Typed> {
        let at = self.source.literal_at(position);
        Some(self.leaf(Op::Const(value), kinds, at))
    }

    fn list(&mut self, items: &[Expr], start: usize) -> Option<Typed> {
        let at = start..self.source.closing_after(start);
        let lowered: Vec<_> = items.iter().map(|item| self.expr(item)).collect();
        let lowered: Vec<_> = lowered.into_iter().collect::<Option<_>>()?;
        let mut kinds = Kinds::NONE;
        for item in &lowered {
            if item.kinds.without(Kinds::LIST | Kinds::MAP).is_empty() {
                let message = format!("{} cannot be an item of a list", item.kinds.describe());
                return self.refuse(item.at.clone(), message);
            }
            kinds = kinds | item.kinds;
        }
        let nodes = lowered.into_iter().map(|item| item.node).collect();
        let mut list = self.leaf(Op::Items(nodes), Kinds::LIST, at);
        list.items = kinds;
        Some(list)
    }

    /// `if A { x } else { y }`, the only block there is.
    fn choice(&mut self, block: &StmtBlock) -> Option<Typed> {
        let [Stmt::If(parts, position)] = block.statements() else {
            let at = self.source.word_at(block.position());
            return self.refuse(at, "an expression is one value, without statements");
        };
        let at = self.source.word_at(*position);
        let when = self.expr(&parts.expr).and_then(|when| self.condition(when));
        let then = self.branch(&parts.body);
        let otherwise = match parts.branch.statements() {
            [] | [Stmt::Noop(_)] => {
                self.errors.push(
                    self.source
                        .error(at.clone(), "this `if` has no `else`, and so no value when it does not hold")
                        .with_help("add `else { … }`"),
                );
                None
            }
            _ => self.branch(&parts.branch),
        };
        let (when, then, otherwise) = (when?, then?, otherwise?);
        let end = self.source.closing_after(otherwise.at.end).max(otherwise.at.end);
        let kinds = then.kinds | otherwise.kinds;
        let items = then.items | otherwise.items;
        let nodes = Box::new([when.node, then.node, otherwise.node]);
        let mut typed = self.make(Op::If(nodes), kinds, at.start..end)?;
        typed.items = items;
        Some(typed)
    }

    fn branch(&mut self, block: &StmtBlock) -> Option<Typed> {
        match block.statements() {
            [Stmt::Expr(expr)] => self.expr(expr),
            [Stmt::FnCall(call, at)] => self.call(call, *at),
            [Stmt::Block(inner)] => self.branch(inner),
            [Stmt::If(..)] => self.choice(block),
            _ => {
                let at = self.source.word_at(block.position());
                self.refuse(at, "a branch is one value, without statements")
            }
        }
    }

    /// A part that holds or does not; anything else is refused.
    fn condition(&mut self, part: Typed) -> Option<Typed> {
        if part.kinds.has(Kinds::BOOL) {
            return Some(part);
        }
        let message = format!("{} is {}, not a condition", self.quote(&part.at), part.kinds.describe());
        let help =
            if part.kinds.has(Kinds::TEXT) { "compare it, as in `… == \"value\"`" } else { "compare it, as in `… == 1`" };
        let error = self.source.error(part.at, message).with_help(help);
        self.errors.push(error);
        None
    }

    fn leaf(&self, op: Op, kinds: Kinds, at: Range<usize>) -> Typed {
        let at = self.source.balanced(at);
        let place = self.source.error(at.clone(), "");
        let node = Node { op, start: place.start, end: place.end };
        Typed { node, kinds, items: Kinds::NONE, at }
    }

    /// A part made of others. Where all of them are constant it is computed now, and what would always fail is refused.
    fn make(&mut self, op: Op, kinds: Kinds, at: Range<usize>) -> Option<Typed> {
        let mut typed = self.leaf(op, kinds, at);
        if !typed.node.is_constant() {
            return Some(typed);
        }
        let run = Run { names: &Nothing, text: self.source.text, look: Unseen };
        let folded = match run.value(&typed.node) {
            Ok(Value::Missing) => Const::Missing,
            Ok(Value::Bool(value)) => Const::Bool(value),
            Ok(Value::Int(value)) => Const::Int(value),
            Ok(Value::Float(value)) => Const::Float(value),
            Ok(Value::Text(text)) => Const::Text(text.as_ref().into()),
            Ok(_) => return Some(typed),
            Err(why) => return self.refuse(typed.at, format!("this always fails: {why}")),
        };
        typed.node.op = Op::Const(folded);
        Some(typed)
    }

    fn refuse<T>(&mut self, at: Range<usize>, message: impl Into<String>) -> Option<T> {
        self.errors.push(self.source.error(at, message));
        None
    }

    fn refuse_with<T>(&mut self, at: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Option<T> {
        self.errors.push(self.source.error(at, message).with_help(help));
        None
    }

    pub(crate) fn push(&mut self, at: Range<usize>, message: String, help: &str) {
        self.errors.push(self.source.error(at, message).with_help(help));
    }

    /// A part of the text in back-ticks, shortened where it is long.
    pub(crate) fn quote(&self, at: &Range<usize>) -> String {
        const MAX: usize = 48;
        let text = self.source.text.get(at.clone()).unwrap_or_default();
        match text.char_indices().nth(MAX) {
            Some((cut, _)) => format!("`{}…`", text.get(..cut).unwrap_or_default()),
            None => format!("`{text}`"),
        }
    }
}

/// What constants are computed against: they look at nothing.
struct Nothing;

impl Names for Nothing {
    fn text(&self, _: NameId) -> Option<std::borrow::Cow<'_, str>> {
        None
    }

    fn entry(&self, _: NameId, _: &str) -> Option<std::borrow::Cow<'_, str>> {
        None
    }

    fn item(&self, _: NameId, _: usize) -> Option<std::borrow::Cow<'_, str>> {
        None
    }

    fn json(&self, _: NameId) -> Option<&serde_json::Value> {
        None
    }

    fn now_unix_ms(&self) -> i64 {
        0
    }
}
