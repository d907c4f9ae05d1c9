//! The two things that policies write: a condition (`when:`) and a value (`{expr: …}`).

use std::borrow::Cow;

use crate::{EvalError, ExprError, NameRef, Names, Scope};

/// What a value expression must give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Text.
    String,
    /// A whole or floating number.
    Number,
    /// Anything.
    Any,
}

/// A compiled `when:`.
#[derive(Debug, Clone)]
pub struct Condition {}

impl Condition {
    /// Compiles a condition for the moment at which it will be evaluated.
    ///
    /// # Errors
    /// Every fault of the text that can be told apart, in the order of their positions.
    pub fn compile(_text: &str, _scope: Scope) -> Result<Self, Vec<ExprError>> {
        Err(Vec::new())
    }

    /// Whether the condition holds for this request.
    ///
    /// # Errors
    /// When it cannot be told: a number overflowed, or a member of the body has another type. The caller applies the rule's safe meaning.
    pub fn evaluate(&self, _names: &dyn Names) -> Result<bool, EvalError> {
        Err(EvalError::new("not compiled"))
    }

    /// The outcome, where it is the same for every request.
    #[must_use]
    pub fn always(&self) -> Option<bool> {
        None
    }

    /// What the condition looks at, sorted, each once.
    #[must_use]
    pub fn reads(&self) -> &[NameRef] {
        &[]
    }
}

/// A compiled `{expr: …}`.
#[derive(Debug, Clone)]
pub struct ValueExpr {}

impl ValueExpr {
    /// Compiles a value expression that must give `want`.
    ///
    /// # Errors
    /// Every fault of the text that can be told apart, in the order of their positions.
    pub fn compile(_text: &str, _scope: Scope, _want: Type) -> Result<Self, Vec<ExprError>> {
        Err(Vec::new())
    }

    /// The value as JSON; `None` where it is missing.
    ///
    /// # Errors
    /// When it cannot be computed, or has another type than was asked for.
    pub fn evaluate(&self, _names: &dyn Names) -> Result<Option<serde_json::Value>, EvalError> {
        Err(EvalError::new("not compiled"))
    }

    /// The value as text, borrowed where it can be; `None` where it is missing.
    ///
    /// # Errors
    /// When it cannot be computed, or is not text.
    pub fn text<'a>(&'a self, _names: &'a dyn Names) -> Result<Option<Cow<'a, str>>, EvalError> {
        Err(EvalError::new("not compiled"))
    }

    /// What the expression looks at, sorted, each once.
    #[must_use]
    pub fn reads(&self) -> &[NameRef] {
        &[]
    }
}
