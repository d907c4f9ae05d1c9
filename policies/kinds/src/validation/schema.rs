//! JSON Schemas for bodies: compiled where policies are, and again where they are loaded. Nothing is fetched, ever.
//!
//! What is accepted is judged: a keyword that would do nothing is refused, as everywhere in policies. What a body can cost is bounded before any comes:
//! patterns take linear time, references that never get on are refused, and so is a schema whose work multiplies with every level of the body.

mod walk;
mod work;

use std::fmt;
use std::sync::Arc;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

use walk::Places;

pub(super) use work::MAX_LEVELS;

/// Memory that one compiled pattern may take, in bytes; a schema has at most [`walk::MAX_PATTERNS`].
const MAX_PATTERN_BYTES: usize = 1 << 18;
/// How many faults an answer names.
const FAULTS_TOLD: usize = 3;
/// Bodies up to this many bytes are told several faults. Of a longer one, the first: listing all of them could take more memory than the body.
const MANY_FAULTS_UP_TO: usize = 16 << 10;
/// How much of a pointer or a name an answer repeats, in characters.
const MAX_SHOWN: usize = 120;

/// What bodies must be like, ready.
#[derive(Clone)]
pub(super) struct BodySchema(Arc<Validator>);

/// Why a schema is none that can be judged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SchemaFault {
    /// Where in the schema, as a JSON Pointer.
    pub at: String,
    /// What is wrong, for people.
    pub message: String,
}

/// How a body does not fit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    /// For the caller: where, and what is broken; holds names of members and no value.
    pub(super) message: String,
    /// Where the first one is, as a JSON Pointer.
    pub(super) at: String,
    /// For the record: the keywords that are broken.
    pub(super) keywords: String,
}

impl SchemaFault {
    pub(super) fn new(at: impl Into<String>, message: impl Into<String>) -> Self {
        Self { at: at.into(), message: message.into() }
    }
}

impl fmt::Debug for BodySchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BodySchema")
    }
}

impl BodySchema {
    /// Compiles a schema.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub(super) fn new(schema: &Value) -> Result<Self, SchemaFault> {
        let places = Places::of(schema)?;
        work::check(&places)?;
        let patterns = PatternOptions::regex().size_limit(MAX_PATTERN_BYTES).dfa_size_limit(MAX_PATTERN_BYTES);
        let options = jsonschema::options().offline().with_pattern_options(patterns);
        let built = options.should_validate_formats(true).should_ignore_unknown_formats(false).build(schema);
        let validator = built.map_err(|error| {
            let message = error.to_string().chars().take(300).collect::<String>();
            SchemaFault::new(error.instance_path().as_str(), message)
        })?;
        Ok(Self(Arc::new(validator)))
    }

    /// How a body of so many bytes does not fit; `None` where it does.
    pub(super) fn misfit(&self, body: &Value, bytes: usize) -> Option<Misfit> {
        if self.0.is_valid(body) {
            return None;
        }
        let mut faults = Vec::new();
        if bytes <= MANY_FAULTS_UP_TO {
            faults.extend(self.0.iter_errors(body).take(FAULTS_TOLD.saturating_add(1)));
        } else {
            faults.extend(self.0.validate(body).err());
        }
        let told = faults.iter().take(FAULTS_TOLD);
        let mut texts: Vec<String> =
            told.clone().map(|fault| format!("{} {}", place(fault.instance_path().as_str()), broken(fault.kind()))).collect();
        if faults.len() > FAULTS_TOLD {
            texts.push("and more".to_owned());
        }
        let mut keywords: Vec<&str> = told.map(|fault| fault.kind().keyword()).collect();
        keywords.dedup();
        let at = faults.first().map(|fault| clipped(fault.instance_path().as_str())).unwrap_or_default();
        Some(Misfit { message: texts.join("; "), at, keywords: keywords.join(", ") })
    }
}

fn place(pointer: &str) -> String {
    if pointer.is_empty() { "the body".to_owned() } else { format!("`{}`", clipped(pointer)) }
}

/// What is broken. Names of members may stand there, values never: a caller's own words are not repeated, and an answer is no way to read a policy.
fn broken(kind: &ValidationErrorKind) -> String {
    match kind {
        ValidationErrorKind::Required { property } => {
            format!("lacks the member `{}`", clipped(property.as_str().unwrap_or_default()))
        }
        ValidationErrorKind::AdditionalProperties { unexpected } | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            match unexpected.first() {
                Some(name) => format!("has the member `{}`, which is not taken", clipped(name)),
                None => "has a member that is not taken".to_owned(),
            }
        }
        ValidationErrorKind::Type { .. } => "has the wrong type".to_owned(),
        ValidationErrorKind::Enum { .. } | ValidationErrorKind::Constant { .. } => "has a value that is not taken".to_owned(),
        ValidationErrorKind::FalseSchema => "must not be there".to_owned(),
        kind => format!("breaks `{}`", kind.keyword()),
    }
}

fn clipped(text: &str) -> String {
    let mut short: String = text.chars().take(MAX_SHOWN).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests;
