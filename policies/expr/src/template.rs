//! Prompt templates: minijinja, strict, without loader, bounded.

use std::collections::BTreeSet;

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

/// A compiled template.
#[derive(Debug, Clone)]
pub struct Template {}

impl Template {
    /// Compiles a template that may use these parameters.
    ///
    /// # Errors
    /// Every fault of the text that can be told apart, in the order of their positions.
    pub fn compile(_text: &str, _params: &[&str]) -> Result<Self, Vec<TemplateError>> {
        Err(Vec::new())
    }

    /// The text, where there is nothing to render.
    #[must_use]
    pub fn is_constant(&self) -> Option<&str> {
        None
    }

    /// The parameters that the template uses.
    #[must_use]
    pub fn used_variables(&self) -> &BTreeSet<String> {
        const { &BTreeSet::new() }
    }

    /// Renders with these values; parameters without a value are undefined.
    ///
    /// # Errors
    /// When a value is missing or of a type that cannot be used so, or a bound is passed.
    pub fn render(&self, _values: &[(&str, serde_json::Value)]) -> Result<String, TemplateError> {
        Ok(String::new())
    }
}
