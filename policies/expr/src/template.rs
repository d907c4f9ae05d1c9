//! Prompt templates: minijinja, strict, without loader, bounded.
//!
//! Whatever can be known before a request comes is refused when the template is compiled: unknown parameters, filters, tests and methods,
//! and whatever would reach outside the text. A template sees the values that it is handed and nothing else.

mod check;
mod scan;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value, value::Serde};

/// The longest template, in bytes: a prompt of some 16,000 tokens.
pub const MAX_TEMPLATE_BYTES: usize = 64 * 1024;

/// The longest text that a template may give, in bytes.
pub const MAX_RENDERED_BYTES: usize = 256 * 1024;

/// What one rendering may spend: a unit for each step and for each 64 bytes that are made, so some 3 MB and a few milliseconds.
pub const TEMPLATE_FUEL: u64 = 50_000;

/// How deep macros and recursive loops may nest; each level takes stack.
const MAX_RECURSION: usize = 16;

/// The one template of each environment.
const NAME: &str = "template";

/// A fault of a template, as written or while it is rendered. It repeats no value that was rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// What is wrong: one line, input in back-ticks.
    pub message: String,
    /// How to mend it, where that is known.
    pub help: Option<String>,
    /// First byte of the fault within the template's text.
    pub start: u32,
    /// One past its last byte.
    pub end: u32,
    /// Its line within the template, from 1.
    pub line: u32,
}

/// A compiled template. Cheap to clone and to share between threads.
#[derive(Debug, Clone)]
pub struct Template(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    environment: Environment<'static>,
    text: String,
    used: BTreeSet<String>,
    constant: Option<String>,
}

impl Template {
    /// Compiles a template that may use these parameters.
    ///
    /// As Jinja has it, one line break at the very end of the text is not part of what is rendered.
    ///
    /// # Errors
    /// Every fault of the text that can be told apart, in the order of their positions.
    pub fn compile(text: &str, params: &[&str]) -> Result<Self, Vec<TemplateError>> {
        if text.len() > MAX_TEMPLATE_BYTES {
            let message = format!("this template has {} bytes; {MAX_TEMPLATE_BYTES} are allowed", text.len());
            return Err(vec![fault(text, 0..text.len(), message, None)]);
        }
        let mut environment = environment();
        let refused = check::before(text);
        if !refused.is_empty() {
            return Err(refused);
        }
        environment.add_template_owned(NAME, text.to_owned()).map_err(|error| vec![syntax(text, &error)])?;
        let used = check::after(text, &environment, params)?;
        let mut compiled = Compiled { environment, text: text.to_owned(), used, constant: None };
        if compiled.used.is_empty() {
            compiled.constant = Some(compiled.render(&[]).map_err(|error| vec![error])?);
        }
        Ok(Self(Arc::new(compiled)))
    }

    /// The text, where no value can change it.
    #[must_use]
    pub fn is_constant(&self) -> Option<&str> {
        self.0.constant.as_deref()
    }

    /// The parameters that the template uses.
    #[must_use]
    pub fn used_variables(&self) -> &BTreeSet<String> {
        &self.0.used
    }

    /// Renders with these values, of which only those that the template uses are looked at; a parameter without a value is undefined.
    ///
    /// # Errors
    /// When a value is missing or of a type that cannot be used so, or when a bound is passed.
    pub fn render(&self, values: &[(&str, serde_json::Value)]) -> Result<String, TemplateError> {
        match &self.0.constant {
            Some(text) => Ok(text.clone()),
            None => self.0.render(values),
        }
    }

    /// The template as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.text
    }
}

impl Compiled {
    fn render(&self, values: &[(&str, serde_json::Value)]) -> Result<String, TemplateError> {
        let used = values.iter().filter(|(name, _)| self.used.contains(*name));
        let context = Value::from_pairs(used.map(|(name, value)| ((*name).to_owned(), Value::from(Serde(value)))));
        let rendered = self
            .environment
            .get_template(NAME)
            .and_then(|template| template.render(context))
            .map_err(|error| failure(&self.text, &error))?;
        if rendered.len() > MAX_RENDERED_BYTES {
            let message = format!("the rendered text is longer than {MAX_RENDERED_BYTES} bytes");
            return Err(fault(&self.text, 0..self.text.len(), message, None));
        }
        Ok(rendered)
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(TEMPLATE_FUEL));
    environment.set_recursion_limit(MAX_RECURSION);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    // Debug output repeats values, which may be prompts.
    environment.set_debug(false);
    environment.remove_global("debug");
    environment
}

/// What minijinja refused in the text. Its words repeat the text only.
fn syntax(text: &str, error: &Error) -> TemplateError {
    let message = match error.detail() {
        Some(detail) => detail.replace('\'', "`"),
        None => error.kind().to_string(),
    };
    fault(text, place(text, error), message, None)
}

/// Why the rendering failed. minijinja's words may repeat a value, so none are passed on.
fn failure(text: &str, error: &Error) -> TemplateError {
    let at = place(text, error);
    let part = text.get(at.clone()).filter(|part| !part.contains('\n'));
    let subject = match part {
        Some(part) if !part.is_empty() && part.len() <= 80 => format!("`{part}`"),
        _ => "the template".to_owned(),
    };
    let (message, help) = match error.kind() {
        ErrorKind::UndefinedError => {
            (format!("{subject} has no value"), Some("give it one, or write `| default(\"…\")`".to_owned()))
        }
        ErrorKind::OutOfFuel => (format!("{subject} takes more steps or makes more text than a template may"), None),
        kind => (format!("{subject} cannot be rendered: {kind}"), None),
    };
    fault(text, at, message, help)
}

/// The bytes that an error is about; its line where it says no more.
fn place(text: &str, error: &Error) -> Range<usize> {
    let whole = 0..text.len();
    if let Some(range) = error.range()
        && text.get(range.clone()).is_some()
    {
        return range;
    }
    let Some(line) = error.line() else {
        return whole;
    };
    let before = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let length = text.lines().nth(line - 1).map_or(0, str::len);
    before..before + length
}

fn fault(text: &str, at: Range<usize>, message: String, help: Option<String>) -> TemplateError {
    let before = text.get(..at.start).unwrap_or(text);
    let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    TemplateError {
        message,
        help,
        start: number(at.start),
        end: number(at.end),
        line: number(before.matches('\n').count().saturating_add(1)),
    }
}
