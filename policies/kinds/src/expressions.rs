//! The expressions of a program, compiled: one table by id, so that what was checked when the policies were compiled is what runs.

mod watch;

use std::borrow::Cow;
use std::sync::Arc;

use aigw_expr::{Condition, EvalError, ExprError, Names, Scope, Type, ValueExpr};

use self::watch::Watched;
use crate::{ExpressionId, ExpressionPlan, ExpressionScope, ExpressionType, Program};

pub use watch::{Evaluation, Given, Judged, Watch};

/// Every expression of a program, ready to be evaluated.
#[derive(Clone, Debug, Default)]
pub struct Expressions {
    compiled: Vec<CompiledExpression>,
    /// Set in tests of policies only.
    watched: Option<Arc<Watched>>,
}

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
        Ok(Self { compiled: compiled.collect::<Result<_, _>>()?, watched: None })
    }

    /// The same, each evaluation seen by `watch`. What these headers and query parameters hold, and common headers of credentials, is hidden from it.
    #[must_use]
    pub fn watched<'s>(self, watch: Arc<dyn Watch>, secrets: impl IntoIterator<Item = &'s str>) -> Self {
        Self { watched: Some(Arc::new(Watched::new(watch, secrets))), ..self }
    }

    /// Whether a condition holds.
    ///
    /// # Errors
    /// When it cannot be told; the caller applies the rule's safe meaning.
    pub fn holds(&self, id: ExpressionId, names: &dyn Names) -> Result<bool, EvalError> {
        let Some(CompiledExpression::Condition(condition)) = self.compiled.get(id.index()) else { return Err(absent()) };
        match &self.watched {
            None => condition.evaluate(names),
            Some(watched) => watched.holds(id, condition, names),
        }
    }

    /// Whether a condition holds, and `true` where there is none.
    ///
    /// # Errors
    /// As [`Expressions::holds`].
    pub fn holds_if_any(&self, id: Option<ExpressionId>, names: &dyn Names) -> Result<bool, EvalError> {
        id.map_or(Ok(true), |id| self.holds(id, names))
    }

    /// Tells a watch what a rule of an authorization policy said.
    pub(crate) fn judged(&self, judged: Judged) {
        if let Some(watched) = &self.watched {
            watched.judged(judged);
        }
    }

    /// A value as text: numbers and booleans are written out, other values as JSON; `None` where it is missing or `null`.
    ///
    /// # Errors
    /// When it cannot be computed.
    pub fn text<'a>(&'a self, id: ExpressionId, names: &'a dyn Names) -> Result<Option<Cow<'a, str>>, EvalError> {
        let Some(CompiledExpression::Value(value)) = self.compiled.get(id.index()) else { return Err(absent()) };
        if let Some(watched) = &self.watched {
            return Ok(watched.text(id, value, names)?.map(Cow::Owned));
        }
        if let Ok(text) = value.text(names) {
            return Ok(text);
        }
        Ok(value.evaluate(names)?.and_then(written_out).map(Cow::Owned))
    }

    /// A value as JSON; `None` where it is missing.
    ///
    /// # Errors
    /// When it cannot be computed.
    pub fn json(&self, id: ExpressionId, names: &dyn Names) -> Result<Option<serde_json::Value>, EvalError> {
        let Some(CompiledExpression::Value(value)) = self.compiled.get(id.index()) else { return Err(absent()) };
        match &self.watched {
            None => value.evaluate(names),
            Some(watched) => watched.json(id, value, names),
        }
    }
}

/// A value as text; `None` where it is `null`.
fn written_out(value: serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests;
