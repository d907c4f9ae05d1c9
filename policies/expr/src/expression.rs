//! The two things that policies write: a condition (`when:`) and a value (`{expr: …}`).

#[cfg(test)]
#[expect(clippy::string_slice, reason = "tests")]
mod faults;
#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "tests")]
mod oracle;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::Arc;

use crate::evaluate::{Hides, Look, Onlooker, Run, Seen, Unseen, Value};
use crate::kinds::Kinds;
use crate::lower::{Lowering, Typed};
use crate::parse::{Source, parse};
use crate::tree::Node;
use crate::{EvalError, ExprError, NameRef, Names, Scope};

/// What a value expression must give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Text.
    String,
    /// A whole or floating number.
    Number,
    /// Anything that JSON can hold.
    Any,
}

/// A compiled `when:`. Cheap to clone and to share between threads.
#[derive(Debug, Clone)]
pub struct Condition(Arc<Compiled>);

/// A compiled `{expr: …}`. Cheap to clone and to share between threads.
#[derive(Debug, Clone)]
pub struct ValueExpr {
    compiled: Arc<Compiled>,
    want: Type,
}

#[derive(Debug)]
struct Compiled {
    tree: Node,
    text: Box<str>,
    reads: Vec<NameRef>,
}

impl Condition {
    /// Compiles a condition for the moment at which it will be evaluated.
    ///
    /// # Errors
    /// Every fault of the text that can be told apart, in the order of their positions.
    pub fn compile(text: &str, scope: Scope) -> Result<Self, Vec<ExprError>> {
        let compiled = compile(text, scope, |lowering, typed| {
            if !typed.kinds.has(Kinds::BOOL) {
                let message = format!("{} is {}, not a condition", lowering.quote(&typed.at), typed.kinds.describe());
                lowering.push(typed.at.clone(), message, "compare it, as in `request.path == \"/x\"`");
            }
        })?;
        Ok(Self(Arc::new(compiled)))
    }

    /// Whether the condition holds for this request. What is missing equals nothing, stands before nothing, and does not hold.
    ///
    /// # Errors
    /// When it cannot be told: a number overflowed, or a member of the body has another type. The caller applies the rule's safe meaning.
    pub fn evaluate(&self, names: &dyn Names) -> Result<bool, EvalError> {
        let Compiled { tree, text, .. } = self.0.as_ref();
        Run { names, text, look: Unseen }.holds(tree)
    }

    /// As [`Condition::evaluate`], telling also what was looked at; `hides` says what is never shown. Several times as slow.
    ///
    /// # Errors
    /// As [`Condition::evaluate`].
    pub fn evaluate_seeing(&self, names: &dyn Names, hides: &Hides<'_>) -> (Result<bool, EvalError>, Seen) {
        let Compiled { tree, text, .. } = self.0.as_ref();
        let look = Onlooker::new(hides);
        (Run { names, text, look: &look }.holds(tree), look.seen(text))
    }

    /// The outcome, where it is the same for every request that gets one.
    #[must_use]
    pub fn always(&self) -> Option<bool> {
        self.0.tree.always()
    }

    /// What the condition looks at, sorted, each once.
    #[must_use]
    pub fn reads(&self) -> &[NameRef] {
        &self.0.reads
    }

    /// The condition as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.text
    }
}

impl ValueExpr {
    /// Compiles a value expression that must give `want`, or be missing.
    ///
    /// # Errors
    /// Every fault of the text that can be told apart, in the order of their positions.
    pub fn compile(text: &str, scope: Scope, want: Type) -> Result<Self, Vec<ExprError>> {
        let compiled = compile(text, scope, |lowering, typed| check_want(lowering, typed, want))?;
        Ok(Self { compiled: Arc::new(compiled), want })
    }

    /// The value as JSON; `None` where it is missing.
    ///
    /// # Errors
    /// When it cannot be computed, or has another type than was asked for.
    pub fn evaluate(&self, names: &dyn Names) -> Result<Option<serde_json::Value>, EvalError> {
        self.run(names, Unseen)
    }

    /// As [`ValueExpr::evaluate`], telling also what was looked at; `hides` says what is never shown. Several times as slow.
    ///
    /// # Errors
    /// As [`ValueExpr::evaluate`].
    pub fn evaluate_seeing(&self, names: &dyn Names, hides: &Hides<'_>) -> (Result<Option<serde_json::Value>, EvalError>, Seen) {
        let look = Onlooker::new(hides);
        (self.run(names, &look), look.seen(&self.compiled.text))
    }

    fn run<L: Look>(&self, names: &dyn Names, look: L) -> Result<Option<serde_json::Value>, EvalError> {
        let Compiled { tree, text, .. } = self.compiled.as_ref();
        let run = Run { names, text, look };
        let value = run.value(tree)?;
        match (self.want, &value) {
            (Type::Any, _)
            | (_, Value::Missing)
            | (Type::String, Value::Text(_))
            | (Type::Number, Value::Int(_) | Value::Float(_)) => run.json(tree, value),
            (Type::String, _) => Err(run.wrong(tree, &value, "text")),
            (Type::Number, _) => Err(run.wrong(tree, &value, "a number")),
        }
    }

    /// The value as text, borrowed where it can be; `None` where it is missing.
    ///
    /// # Errors
    /// When it cannot be computed, or is not text.
    pub fn text<'a>(&'a self, names: &'a dyn Names) -> Result<Option<Cow<'a, str>>, EvalError> {
        let Compiled { tree, text, .. } = self.compiled.as_ref();
        let run = Run { names, text, look: Unseen };
        match run.value(tree)? {
            Value::Text(text) => Ok(Some(text)),
            Value::Missing => Ok(None),
            other => Err(run.wrong(tree, &other, "text")),
        }
    }

    /// Whether the value is the same for every request.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        self.compiled.tree.is_constant()
    }

    /// What the expression looks at, sorted, each once.
    #[must_use]
    pub fn reads(&self) -> &[NameRef] {
        &self.compiled.reads
    }

    /// The expression as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.compiled.text
    }
}

fn compile(text: &str, scope: Scope, check: impl FnOnce(&mut Lowering<'_, '_>, &Typed)) -> Result<Compiled, Vec<ExprError>> {
    let source = Source::read(text)?;
    let typed = parse(&source, |expr| Lowering::run(&source, scope, expr, check))??;
    let mut reads = Vec::new();
    typed.node.collect_reads(&mut reads);
    reads.sort();
    reads.dedup();
    Ok(Compiled { tree: typed.node, text: text.into(), reads })
}

fn check_want(lowering: &mut Lowering<'_, '_>, typed: &Typed, want: Type) {
    let (wanted, words, help) = match want {
        Type::String => (Kinds::TEXT, "text", "`.to_string()` makes text of a number"),
        Type::Number => (Kinds::NUMBER, "a number", "`.parse_int()` makes a number of text"),
        Type::Any => (
            Kinds::JSON.without(Kinds::MAP | Kinds::MISSING),
            "a value",
            "look up one entry, as in `request.headers[\"x-team\"]`",
        ),
    };
    if !typed.kinds.has(wanted) {
        let message = format!("{} is {}, not {words}", lowering.quote(&typed.at), typed.kinds.describe());
        lowering.push(typed.at.clone(), message, help);
    }
}
