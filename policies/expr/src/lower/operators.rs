//! Comparing, `in`, and computing.

use rhai::{Expr, FnCallExpr, Position};

use super::{Lowering, Typed, methods};
use crate::kinds::Kinds;
use crate::tree::{Arithmetic, Comparison, Op};

impl Lowering<'_, '_> {
    /// An operator, `in`, or a function called by itself, of which there is none.
    pub(super) fn call(&mut self, call: &FnCallExpr, position: Position) -> Option<Typed> {
        let name = call.name.as_str();
        match (name, call.args.as_slice()) {
            ("contains", [of, item]) if self.source.starts_with(position, "in") => {
                let (item, of) = (self.expr(item), self.expr(of));
                let (item, of) = (item?, of?);
                let at = item.at.start..of.at.end;
                self.contains(item, of, false, at)
            }
            ("!", [inner]) if self.source.starts_with(position, "!in") => {
                let Expr::FnCall(inner, _) = inner else {
                    return None;
                };
                let [of, item] = inner.args.as_slice() else {
                    return None;
                };
                let (item, of) = (self.expr(item), self.expr(of));
                let (item, of) = (item?, of?);
                let at = item.at.start..of.at.end;
                let inside = self.contains(item, of, false, at.clone())?;
                self.make(Op::Not(Box::new(inside.node)), Kinds::BOOL, at)
            }
            ("!", [inner]) => self.not(inner, position),
            ("-" | "+", [inner]) if call.is_operator_call() => self.sign(name, inner, position),
            (_, [left, right]) if call.is_operator_call() => self.binary(name, left, right, position),
            _ => {
                for arg in &call.args {
                    self.expr(arg);
                }
                let (message, help) = methods::no_function(name);
                let at = self.source.word_at(position);
                self.refuse_with(at, message, help)
            }
        }
    }

    fn sign(&mut self, name: &str, inner: &Expr, position: Position) -> Option<Typed> {
        let part = self.expr(inner)?;
        let at = self.source.byte_at(position)..part.at.end;
        let part = self.present(part, "the sign needs a number")?;
        if !part.kinds.has(Kinds::NUMBER) {
            let message = format!("{} is {}, not a number", self.quote(&part.at), part.kinds.describe());
            return self.refuse(part.at, message);
        }
        if name == "+" {
            return self.refuse(at, "this sign does nothing");
        }
        self.make(Op::Negate(Box::new(part.node)), part.kinds.and(Kinds::NUMBER), at)
    }

    fn binary(&mut self, name: &str, left: &Expr, right: &Expr, position: Position) -> Option<Typed> {
        let (left, right) = (self.expr(left), self.expr(right));
        let (left, right) = (left?, right?);
        let comparison = match name {
            "==" => Some(Comparison::Equal),
            "!=" => Some(Comparison::NotEqual),
            "<" => Some(Comparison::Less),
            "<=" => Some(Comparison::AtMost),
            ">" => Some(Comparison::More),
            ">=" => Some(Comparison::AtLeast),
            _ => None,
        };
        if let Some(how) = comparison {
            return self.compare(how, left, right);
        }
        let how = match name {
            "+" => Arithmetic::Add,
            "-" => Arithmetic::Subtract,
            "*" => Arithmetic::Multiply,
            "/" => Arithmetic::Divide,
            "%" => Arithmetic::Remainder,
            _ => {
                let at = self.source.word_at(position);
                return self.refuse(at, format!("`{name}` is no operator of expressions"));
            }
        };
        self.compute(how, left, right)
    }

    fn compare(&mut self, how: Comparison, left: Typed, right: Typed) -> Option<Typed> {
        let at = left.at.start..right.at.end;
        let (a, b) = (left.kinds.widened(), right.kinds.widened());
        for part in [&left, &right] {
            if part.kinds.without(Kinds::LIST | Kinds::MAP | Kinds::MISSING).is_empty() && part.kinds != Kinds::MISSING {
                let message = format!("{} is {}, which cannot be compared", self.quote(&part.at), part.kinds.describe());
                return self.refuse_with(at, message, "ask what it holds, as in `\"admin\" in identity.roles`");
            }
        }
        let orders = !matches!(how, Comparison::Equal | Comparison::NotEqual);
        let common = a.and(b);
        if orders {
            if !common.has(Kinds::NUMBER | Kinds::TEXT) {
                let (message, help) = self.odd_pair(&left, &right, "so neither comes before the other");
                return self.refuse_with(at, message, help);
            }
        } else if a == Kinds::MISSING || b == Kinds::MISSING {
            if common.is_empty() {
                let sure = if a == Kinds::MISSING { &right } else { &left };
                let message = format!("{} is never missing", self.quote(&sure.at));
                return self.refuse(at, message);
            }
        } else if common.without(Kinds::MISSING).is_empty() {
            let (message, help) = self.odd_pair(&left, &right, "so they are never equal");
            return self.refuse_with(at, message, help);
        }
        let nodes = Box::new([left.node, right.node]);
        self.make(Op::Compare(how, nodes), Kinds::BOOL, at)
    }

    fn odd_pair(&self, left: &Typed, right: &Typed, so: &str) -> (String, String) {
        let message = format!(
            "{} is {} and {} is {}, {so}",
            self.quote(&left.at),
            left.kinds.describe(),
            self.quote(&right.at),
            right.kinds.describe(),
        );
        (message, self.mend(left, right))
    }

    /// How a text and a number can be brought together.
    fn mend(&self, left: &Typed, right: &Typed) -> String {
        let (text, other) = if left.kinds.has(Kinds::TEXT) { (left, right) } else { (right, left) };
        let number = other.kinds.has(Kinds::NUMBER);
        match text.node.constant() {
            Some(crate::tree::Const::Text(text)) if number && text.parse::<f64>().is_ok() => {
                format!("write `{text}` without quotes")
            }
            None if number && text.kinds.has(Kinds::TEXT) => {
                let call = if text.kinds.has(Kinds::MISSING) { "?.parse_int()" } else { ".parse_int()" };
                format!("`{}{call}` makes a number of it", self.source.text.get(text.at.clone()).unwrap_or_default())
            }
            _ => "compare values of one kind".to_owned(),
        }
    }

    /// `item in of`, and `of.contains(item)`.
    pub(super) fn contains(&mut self, item: Typed, of: Typed, optional: bool, at: std::ops::Range<usize>) -> Option<Typed> {
        let holders = Kinds::LIST | Kinds::MAP | Kinds::TEXT;
        if !of.kinds.has(holders) {
            let message = format!("{} is {}, which holds nothing", self.quote(&of.at), of.kinds.describe());
            return self.refuse_with(of.at, message, "look in a list, a map or a text");
        }
        let mut fits = Kinds::NONE;
        if of.kinds.has(Kinds::LIST) {
            fits = fits | if of.kinds == Kinds::JSON { Kinds::JSON } else { of.items };
        }
        if of.kinds.has(Kinds::MAP | Kinds::TEXT) {
            fits = fits | Kinds::TEXT;
        }
        if !fits.widened().has(item.kinds.without(Kinds::MISSING).widened()) && !fits.and(item.kinds).has(Kinds::MISSING) {
            let message = format!("{} is {}, and {} holds none", self.quote(&item.at), item.kinds.describe(), self.quote(&of.at));
            return self.refuse_with(item.at, message, "compare values of one kind");
        }
        let mut item = item;
        if let (Op::Map(crate::NameId::RequestHeaders), Op::Const(crate::tree::Const::Text(key))) =
            (&of.node.op, &mut item.node.op)
        {
            *key = key.to_ascii_lowercase().into();
        }
        let kinds = if optional { Kinds::BOOL | Kinds::MISSING } else { Kinds::BOOL };
        let (item, of) = (Box::new(item.node), Box::new(of.node));
        self.make(Op::In { item, of, optional }, kinds, at)
    }

    fn compute(&mut self, how: Arithmetic, left: Typed, right: Typed) -> Option<Typed> {
        let at = left.at.start..right.at.end;
        let left = self.present(left, "so this could not be computed");
        let right = self.present(right, "so this could not be computed");
        let (left, right) = (left?, right?);
        let (a, b) = (left.kinds, right.kinds);
        let mut kinds = Kinds::NONE;
        if a.has(Kinds::NUMBER) && b.has(Kinds::NUMBER) {
            kinds = (a | b).and(Kinds::FLOAT) | a.and(b).and(Kinds::INT);
        }
        if how == Arithmetic::Add && a.has(Kinds::TEXT) && b.has(Kinds::TEXT) {
            kinds = kinds | Kinds::TEXT;
        }
        if kinds.is_empty() {
            let message = format!(
                "{} is {} and {} is {}: these cannot be computed with",
                self.quote(&left.at),
                a.describe(),
                self.quote(&right.at),
                b.describe(),
            );
            let help = if how == Arithmetic::Add && (a | b).has(Kinds::TEXT) {
                "`.to_string()` makes text of a number".to_owned()
            } else {
                self.mend(&left, &right)
            };
            return self.refuse_with(at, message, help);
        }
        self.make(Op::Compute(how, Box::new([left.node, right.node])), kinds, at)
    }

    /// Refuses what is known to be missing at times, where that would fail.
    pub(super) fn present(&mut self, part: Typed, so: &str) -> Option<Typed> {
        if !part.kinds.known_to_be_missing() {
            return Some(part);
        }
        let message = format!("{} may be missing, {so}", self.quote(&part.at));
        let text = self.source.text.get(part.at.clone()).unwrap_or_default();
        let help = format!("supply a default, as in `({text} ?? \"\")`");
        self.refuse_with(part.at, message, help)
    }
}
