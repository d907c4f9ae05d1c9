//! Text → Rhai's tree. Rhai is the grammar here and nothing more: no engine of it ever evaluates anything.
//!
//! [`scan`] looks at the words first, refuses what would not be an expression, several at once, and remembers where each word
//! stands; Rhai then sees only what an expression may hold. Rhai's positions are a line and a character; [`Source`] makes bytes of them.

mod refuse;
mod scan;

use rhai::{Engine, Expr, LexError, OptimizationLevel, ParseErrorType, Position, Stmt};

use crate::ExprError;
pub(crate) use scan::Source;

/// The longest expression, in bytes: one that is longer belongs into a policy of its own.
pub const MAX_EXPRESSION_BYTES: usize = 4 * 1024;

/// How deep an expression may nest, and how many operators may stand in one row: what the stack of a small thread bears in a debug build.
pub const MAX_EXPRESSION_DEPTH: usize = 100;

/// How deep brackets may nest; each costs Rhai's parser several levels of its own.
pub(crate) const MAX_BRACKETS: usize = 24;

/// Parses one expression and hands its tree to `read`.
pub(crate) fn parse<T>(source: &Source<'_>, read: impl FnOnce(&Expr) -> T) -> Result<T, Vec<ExprError>> {
    let tree =
        engine().compile_expression(source.text).map_err(|error| vec![syntax(source, error.err_type(), error.position())])?;
    match tree.statements() {
        [Stmt::Expr(expr)] => Ok(read(expr)),
        _ => Err(vec![source.error(0..source.text.len(), "this is no expression")]),
    }
}

/// An engine with nothing registered, every limit written out: Rhai's defaults differ between debug and release builds.
fn engine() -> Engine {
    let mut engine = Engine::new_raw();
    engine
        .set_optimization_level(OptimizationLevel::None)
        .set_max_strings_interned(0)
        .set_max_expr_depths(MAX_EXPRESSION_DEPTH, 0)
        .set_max_operations(1)
        .set_max_call_levels(0)
        .set_max_functions(0)
        .set_max_modules(0)
        .set_max_variables(0)
        .set_max_string_size(MAX_EXPRESSION_BYTES)
        .set_max_array_size(MAX_EXPRESSION_BYTES)
        .set_max_map_size(1)
        .set_strict_variables(false)
        .set_allow_looping(false)
        .set_allow_loop_expressions(false)
        .set_allow_anonymous_fn(false)
        .set_allow_switch_expression(false)
        .set_allow_statement_expression(false);
    engine
}

/// Says what Rhai refused, at the word where it did.
fn syntax(source: &Source<'_>, kind: &ParseErrorType, position: Position) -> ExprError {
    let at = source.word_at(position);
    let word = source.text.get(at.clone()).unwrap_or_default();
    match kind {
        ParseErrorType::ExprTooDeep => source
            .error(
                0..source.text.len(),
                format!("this nests deeper, or strings more operators together, than {MAX_EXPRESSION_DEPTH} levels"),
            )
            .with_help("compare with a list, as in `route.name in [\"a\", \"b\"]`, or split the rule"),
        ParseErrorType::UnexpectedEOF => source.error(at, "the expression ends too early"),
        ParseErrorType::MissingToken(token, _) if word.is_empty() => source.error(at, format!("`{token}` is missing at the end")),
        ParseErrorType::MissingToken(token, _) => source.error(at, format!("`{token}` is missing before `{word}`")),
        ParseErrorType::MismatchedType(_, found) => source.error(at, format!("a condition is needed here, and this is {found}")),
        ParseErrorType::PropertyExpected => source.error(at, "a name is missing after the dot"),
        ParseErrorType::BadInput(LexError::MalformedNumber(_)) => source.error(at, format!("`{word}` is no number")),
        ParseErrorType::BadInput(error) => source.error(at, refuse::decapitalised(&error.to_string())),
        ParseErrorType::Reserved(word) => source.error(at, format!("`{word}` cannot be used in an expression")),
        _ if word.is_empty() => source.error(at, "the expression ends too early"),
        _ => source.error(at, format!("`{word}` does not fit here")),
    }
}
