//! `&&`, `||`, `??`, `!`.

use rhai::{Expr, Position};

use super::{Lowering, Typed};
use crate::kinds::Kinds;
use crate::tree::{Node, Op};

impl Lowering<'_, '_> {
    pub(super) fn all(&mut self, parts: &[Expr]) -> Option<Typed> {
        self.joined(parts, Op::All)
    }

    pub(super) fn any(&mut self, parts: &[Expr]) -> Option<Typed> {
        self.joined(parts, Op::Any)
    }

    fn joined(&mut self, parts: &[Expr], op: fn(Box<[Node]>) -> Op) -> Option<Typed> {
        let lowered: Vec<_> = parts.iter().map(|part| self.expr(part).and_then(|part| self.condition(part))).collect();
        let lowered: Vec<_> = lowered.into_iter().collect::<Option<_>>()?;
        let at = lowered.first()?.at.start..lowered.last()?.at.end;
        let nodes = lowered.into_iter().map(|part| part.node).collect();
        self.make(op(nodes), Kinds::BOOL, at)
    }

    pub(super) fn not(&mut self, inner: &Expr, position: Position) -> Option<Typed> {
        let part = self.expr(inner).and_then(|part| self.condition(part))?;
        let at = self.source.byte_at(position)..part.at.end;
        self.make(Op::Not(Box::new(part.node)), Kinds::BOOL, at)
    }

    pub(super) fn coalesce(&mut self, parts: &[Expr], position: Position) -> Option<Typed> {
        let lowered: Vec<_> = parts.iter().map(|part| self.expr(part)).collect();
        let lowered: Vec<_> = lowered.into_iter().collect::<Option<_>>()?;
        let (last, defaulted) = lowered.split_last()?;
        if let Some(sure) = defaulted.iter().find(|part| !part.kinds.has(Kinds::MISSING)) {
            let message = format!("{} is never missing, so `??` does nothing", self.quote(&sure.at));
            return self.refuse(self.source.word_at(position), message);
        }
        let at = defaulted.first()?.at.start..last.at.end;
        let mut kinds = last.kinds;
        let mut items = last.items;
        for part in defaulted {
            kinds = kinds | part.kinds.without(Kinds::MISSING);
            items = items | part.items;
        }
        let nodes = lowered.into_iter().map(|part| part.node).collect();
        let mut typed = self.make(Op::Coalesce(nodes), kinds, at)?;
        typed.items = items;
        Some(typed)
    }
}
