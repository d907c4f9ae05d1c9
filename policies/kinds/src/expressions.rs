//! The expressions of a program, compiled: one table by id, so that what was checked when the policies were compiled is what runs.

use std::borrow::Cow;

use aigw_expr::{Condition, EvalError, ExprError, Names, Scope, Type, ValueExpr};

use crate::{ExpressionId, ExpressionPlan, ExpressionScope, ExpressionType, Program};

/// Every expression of a program, ready to be evaluated.
#[derive(Clone, Debug, Default)]
pub struct Expressions(Vec<CompiledExpression>);

/// An expression, ready to be evaluated.
#[derive(Clone, Debug)]
pub enum CompiledExpression {
    /// Gives a boolean.
    Condition(Condition),
    /// Gives a text or any JSON value.
    Value(ValueExpr),
}

/// An expression of a program that does not compile; its text was changed, or another version of the compiler wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expression {index}, `{text}`: {message}", index = id.0)]
pub struct ExpressionFault {
    id: ExpressionId,
    text: String,
    message: String,
}

/// What every lookup by an id that is not there gives; [`Program::check_ids`] refuses such programs before they run.
fn absent() -> EvalError {
    EvalError::new("the program has no such expression of this type")
}

impl ExpressionPlan {
    /// Compiles it for its scope and type.
    ///
    /// # Errors
    /// Every fault of its text.
    pub fn compile(&self) -> Result<CompiledExpression, Vec<ExprError>> {
        let scope = self.scope.scope();
        match self.gives {
            ExpressionType::Bool => Condition::compile(&self.text, scope).map(CompiledExpression::Condition),
            ExpressionType::Text | ExpressionType::Json => {
                ValueExpr::compile(&self.text, scope, Type::Any).map(CompiledExpression::Value)
            }
        }
    }
}

impl ExpressionScope {
    /// The expression crate's scope of this name.
    pub const fn scope(self) -> Scope {
        match self {
            Self::Match => Scope::Match,
            Self::Admit => Scope::Admit,
            Self::Resolve => Scope::Resolve,
        }
    }
}

impl Expressions {
    /// Compiles all expressions of a program.
    ///
    /// # Errors
    /// The first that does not compile.
    pub fn compile(program: &Program) -> Result<Self, ExpressionFault> {
        let compiled = (0_u32..).zip(&program.expressions).map(|(index, plan)| {
            plan.compile().map_err(|faults| ExpressionFault {
                id: ExpressionId(index),
                text: plan.text.clone(),
                message: faults.first().map_or_else(String::new, ToString::to_string),
            })
        });
        compiled.collect::<Result<_, _>>().map(Self)
    }

    /// Whether a condition holds.
    ///
    /// # Errors
    /// When it cannot be told; the caller applies the rule's safe meaning.
    pub fn holds(&self, id: ExpressionId, names: &dyn Names) -> Result<bool, EvalError> {
        match self.0.get(id.index()) {
            Some(CompiledExpression::Condition(condition)) => condition.evaluate(names),
            _ => Err(absent()),
        }
    }

    /// Whether a condition holds, and `true` where there is none.
    ///
    /// # Errors
    /// As [`Expressions::holds`].
    pub fn holds_if_any(&self, id: Option<ExpressionId>, names: &dyn Names) -> Result<bool, EvalError> {
        id.map_or(Ok(true), |id| self.holds(id, names))
    }

    /// A value as text: numbers and booleans are written out, other values as JSON; `None` where it is missing or `null`.
    ///
    /// # Errors
    /// When it cannot be computed.
    pub fn text<'a>(&'a self, id: ExpressionId, names: &'a dyn Names) -> Result<Option<Cow<'a, str>>, EvalError> {
        let Some(CompiledExpression::Value(value)) = self.0.get(id.index()) else { return Err(absent()) };
        if let Ok(text) = value.text(names) {
            return Ok(text);
        }
        Ok(match value.evaluate(names)? {
            None | Some(serde_json::Value::Null) => None,
            Some(serde_json::Value::String(text)) => Some(Cow::Owned(text)),
            Some(other) => Some(Cow::Owned(other.to_string())),
        })
    }

    /// A value as JSON; `None` where it is missing.
    ///
    /// # Errors
    /// When it cannot be computed.
    pub fn json(&self, id: ExpressionId, names: &dyn Names) -> Result<Option<serde_json::Value>, EvalError> {
        match self.0.get(id.index()) {
            Some(CompiledExpression::Value(value)) => value.evaluate(names),
            _ => Err(absent()),
        }
    }
}

#[cfg(test)]
mod tests;
