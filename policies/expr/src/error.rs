//! What can be wrong with an expression: as written (positions within its text), and while it is evaluated.

/// A fault in the text of an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExprError {
    /// What is wrong: one line, input in back-ticks.
    pub message: String,
    /// How to mend it, where that is known.
    pub help: Option<String>,
    /// First byte of the fault within the expression's text.
    pub start: u32,
    /// One past its last byte; at least `start`, at most the length of the text.
    pub end: u32,
}

/// Why an expression gave no value for this request. The caller applies the rule's safe meaning and records `when_failed`.
///
/// The text names the expression's parts and types only: no value of the request is repeated in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EvalError {
    message: String,
}

impl EvalError {
    /// A failure with this text, which must repeat nothing of the request.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}
