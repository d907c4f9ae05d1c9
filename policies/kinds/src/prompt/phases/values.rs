//! The values of a prompt's parameters for one request.

use aigw_core::ErrorCode;
use serde_json::Value;

use super::PromptInput;
use super::ready::{Parameter, Prompt, Source};
use crate::Refusal;

/// Names and values, as templates take them; parameters without a value are left out.
pub(super) struct Values<'p>(Vec<(&'p str, Value)>);

impl<'p> Values<'p> {
    /// Those that are the same for every request.
    pub(super) fn fixed(parameters: &'p [Parameter]) -> Self {
        let fixed = parameters.iter().filter_map(|parameter| match &parameter.source {
            Source::Fixed(Some(value)) => Some((parameter.name.as_str(), value.clone())),
            _ => None,
        });
        Self(fixed.collect())
    }

    /// All of them. Where nothing is computed no template waits for a value, and none is copied.
    pub(super) fn of(prompt: &'p Prompt, input: &PromptInput<'_, '_>) -> Result<Self, Refusal> {
        let computed = |parameter: &Parameter| matches!(parameter.source, Source::Computed(..));
        if !prompt.parameters.iter().any(computed) {
            return Ok(Self(Vec::new()));
        }
        let mut values = Vec::with_capacity(prompt.parameters.len());
        for parameter in &prompt.parameters {
            if let Some(value) = value(parameter, input)? {
                values.push((parameter.name.as_str(), value));
            }
        }
        Ok(Self(values))
    }

    pub(super) fn pairs(&self) -> &[(&'p str, Value)] {
        &self.0
    }
}

/// A value that cannot be computed is missing.
fn value(parameter: &Parameter, input: &PromptInput<'_, '_>) -> Result<Option<Value>, Refusal> {
    let (id, default) = match &parameter.source {
        Source::Fixed(value) => return Ok(value.clone()),
        Source::Computed(id, default) => (*id, default),
    };
    let computed = input.expressions.json(id, input.facts).ok().flatten().filter(|value| !value.is_null());
    let refusal = |message: String| Refusal::new(ErrorCode::PromptParameterInvalid, message);
    match computed {
        Some(value) => match parameter.kind.judge(&value) {
            Some(judged) => Ok(Some(judged)),
            None => {
                Err(refusal(format!("the value for the prompt's `{}` must be {}", parameter.name, parameter.kind.describe())))
            }
        },
        None if parameter.required && default.is_none() => {
            Err(refusal(format!("the request gives no value for the prompt's `{}`", parameter.name)))
        }
        None => Ok(default.clone()),
    }
}
