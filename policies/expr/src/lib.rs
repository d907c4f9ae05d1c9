//! Expressions and templates: what policies may compute, when, and from what.
//!
//! Conditions (`when:`) and value expressions (`{expr: …}`) are written in a subset of Rhai without statements; prompts are minijinja
//! templates. Both are compiled once, checked against the names that are known at that moment, and evaluated from many threads.
//! Nothing here reads a clock, a file, a random source or the environment; what an expression sees comes in through [`Names`].

mod error;
mod evaluate;
mod expression;
mod kinds;
mod lower;
mod names;
mod parse;
mod scope;
mod suggest;
mod template;
#[cfg(test)]
mod testing;
mod tree;

pub use error::{EvalError, ExprError};
pub use evaluate::{HIDDEN, Hides, MAX_SEEN_CHARS, MAX_SEEN_NAMES, Seen, cut, shown};
pub use expression::{Condition, Type, ValueExpr};
pub use names::{NAMES, Name, NameId, NameRef, NameType, Names};
pub use parse::{MAX_EXPRESSION_BYTES, MAX_EXPRESSION_DEPTH};
pub use scope::Scope;
pub use template::{MAX_RENDERED_BYTES, MAX_TEMPLATE_BYTES, TEMPLATE_FUEL, Template, TemplateError};
