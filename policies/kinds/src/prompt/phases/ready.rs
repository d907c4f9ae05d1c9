//! A prompt made ready: its values judged, its templates compiled, and what is the same for every request rendered.

use std::sync::Arc;

use aigw_expr::Template;
use aigw_providers::dialect::openai::{LogicalParameter, logical_parameter, message};
use bytes::Bytes;
use regex::Regex;
use serde_json::{Number, Value};

use super::values::Values;
use crate::prompt::{PromptMessage, PromptParameter, PromptParameterKind, PromptPlan, PromptUse, PromptValue};
use crate::{ExpressionId, Mode, ParameterValues, Program, PromptId, Refusal};

/// Largest compiled pattern in bytes, as for routes.
const MAX_PATTERN_BYTES: usize = 1 << 20;

/// A prompt as one route uses it, ready.
#[derive(Clone, Debug)]
pub struct Prompt {
    id: PromptId,
    shadow: bool,
    pub(super) parameters: Vec<Parameter>,
    versions: Vec<(u32, Version)>,
    pub(super) set: Vec<(&'static LogicalParameter, Value)>,
    pub(super) default: Vec<(&'static LogicalParameter, Value)>,
    pub(super) cap: Vec<(&'static LogicalParameter, Number)>,
}

/// A use of a prompt that cannot work in this environment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("prompt `{prompt}`: {message}")]
pub struct PromptFault {
    prompt: String,
    message: String,
}

/// A declared parameter and where its value comes from.
#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) kind: ReadyKind,
    pub(super) required: bool,
    pub(super) source: Source,
}

#[derive(Clone, Debug)]
pub(super) enum Source {
    /// The same for every request; `None` where there is no value.
    Fixed(Option<Value>),
    /// From the request, or else the default.
    Computed(ExpressionId, Option<Value>),
}

#[derive(Clone, Debug)]
pub(super) enum ReadyKind {
    String { max_length: usize, one_of: Vec<String>, pattern: Option<Arc<Regex>> },
    Integer { min: i64, max: i64 },
    Boolean,
}

#[derive(Clone, Debug)]
pub(super) struct Version {
    pub(super) before: Vec<Message>,
    pub(super) after: Vec<Message>,
}

#[derive(Clone, Debug)]
pub(super) enum Message {
    Rendered(Bytes),
    Template { role: String, template: Template },
}

impl Prompt {
    /// Makes a use of a prompt ready.
    ///
    /// # Errors
    /// A value that breaks the prompt's declared parameters, or a part of it that does not compile.
    pub fn new(used: &PromptUse, program: &Program, environment: &ParameterValues) -> Result<Self, PromptFault> {
        let Some(plan) = used.prompt.of(program) else {
            return Err(PromptFault { prompt: used.prompt.0.to_string(), message: "the program has no such prompt".to_owned() });
        };
        let fault = |message: String| PromptFault { prompt: plan.origin.name.to_string(), message };
        let parameters = plan.parameters.iter().map(|parameter| Parameter::new(parameter, used, environment));
        let parameters = parameters.collect::<Result<Vec<_>, _>>().map_err(fault)?;
        let logical = |name: &str| logical_parameter(name).ok_or_else(|| fault(format!("`{name}` is no parameter")));
        let named = |pairs: &[(String, Value)]| {
            pairs.iter().map(|(name, value)| Ok((logical(name)?, value.clone()))).collect::<Result<Vec<_>, PromptFault>>()
        };
        Ok(Self {
            id: used.prompt,
            shadow: plan.mode == Mode::Shadow,
            versions: versions(plan, &parameters).map_err(fault)?,
            set: named(&plan.set)?,
            default: named(&plan.default)?,
            cap: plan.cap.iter().map(|(name, most)| Ok((logical(name)?, most.clone()))).collect::<Result<_, PromptFault>>()?,
            parameters,
        })
    }

    /// Which prompt it is.
    pub fn id(&self) -> PromptId {
        self.id
    }

    /// Whether it only shows what it would do.
    pub fn shadow(&self) -> bool {
        self.shadow
    }

    /// The version that this random number falls on, by the shares; `None` where it has no messages.
    pub(super) fn version(&self, random: u64) -> Option<(u16, &Version)> {
        let total: u64 = self.versions.iter().map(|(share, _)| u64::from(*share)).sum();
        let mut point = random.checked_rem(total)?;
        (0_u16..).zip(&self.versions).find_map(|(index, (share, version))| match point.checked_sub(u64::from(*share)) {
            None => Some((index, version)),
            Some(rest) => {
                point = rest;
                None
            }
        })
    }
}

fn versions(plan: &PromptPlan, parameters: &[Parameter]) -> Result<Vec<(u32, Version)>, String> {
    let fixed = Values::fixed(parameters);
    let mut versions = Vec::with_capacity(plan.versions.len());
    for version in &plan.versions {
        let (mut before, mut after, mut own) = (Vec::new(), Vec::new(), false);
        for message in &version.messages {
            match message {
                PromptMessage::Request if own => {
                    return Err(format!("version `{}` has the caller's messages twice", version.name));
                }
                PromptMessage::Request => own = true,
                PromptMessage::Template { role, text, .. } => {
                    let side = if own { &mut after } else { &mut before };
                    side.push(Message::new(role, text, parameters, &fixed)?);
                }
            }
        }
        if !own {
            return Err(format!("version `{}` leaves out the caller's messages", version.name));
        }
        versions.push((version.share.as_ppm(), Version { before, after }));
    }
    Ok(versions)
}

impl Message {
    fn new(role: &str, text: &str, parameters: &[Parameter], fixed: &Values<'_>) -> Result<Self, String> {
        let names: Vec<&str> = parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        let template = Template::compile(text, &names)
            .map_err(|faults| faults.first().map_or_else(String::new, |fault| format!("a template does not compile: {fault}")))?;
        if let Some(text) = template.is_constant() {
            return Ok(Self::Rendered(message(role, text)));
        }
        let computed =
            |name: &String| parameters.iter().any(|known| known.name == *name && matches!(known.source, Source::Computed(..)));
        if template.used_variables().iter().any(computed) {
            return Ok(Self::Template { role: role.to_owned(), template });
        }
        let text = template.render(fixed.pairs()).map_err(|fault| format!("a template cannot be rendered: {fault}"))?;
        Ok(Self::Rendered(message(role, &text)))
    }

    pub(super) fn render(&self, values: &Values<'_>) -> Result<Bytes, Refusal> {
        match self {
            Self::Rendered(bytes) => Ok(bytes.clone()),
            Self::Template { role, template } => match template.render(values.pairs()) {
                Ok(text) => Ok(message(role, &text)),
                Err(_) => Err(Refusal::new(
                    aigw_core::ErrorCode::PromptFailed,
                    "a prompt of this route cannot be rendered for this request",
                )),
            },
        }
    }
}

impl Parameter {
    fn new(plan: &PromptParameter, used: &PromptUse, environment: &ParameterValues) -> Result<Self, String> {
        let kind =
            ReadyKind::new(&plan.kind).ok_or_else(|| format!("the pattern of parameter `{}` does not compile", plan.name))?;
        let judged = |value: &Value| {
            kind.judge(value).ok_or_else(|| format!("the value of parameter `{}` must be {}", plan.name, kind.describe()))
        };
        let default = plan.default.as_ref().map(judged).transpose()?;
        let source = match used.with.iter().find(|(name, _)| *name == plan.name).map(|(_, value)| value) {
            None => Source::Fixed(default),
            Some(PromptValue::Value(value)) => Source::Fixed(Some(judged(value)?)),
            Some(PromptValue::Param(id)) => {
                let text = environment.0.get(id.index()).ok_or_else(|| format!("parameter `{}` has no value", plan.name))?;
                Source::Fixed(Some(judged(&Value::String(text.clone()))?))
            }
            Some(PromptValue::Expr(id)) => Source::Computed(*id, default),
        };
        if plan.required && matches!(source, Source::Fixed(None)) {
            return Err(format!("the required parameter `{}` has no value", plan.name));
        }
        Ok(Self { name: plan.name.clone(), kind, required: plan.required, source })
    }
}

impl ReadyKind {
    fn new(plan: &PromptParameterKind) -> Option<Self> {
        Some(match plan {
            PromptParameterKind::String { max_length, one_of, pattern } => {
                let whole =
                    |text: &String| regex::RegexBuilder::new(&format!("^(?:{text})$")).size_limit(MAX_PATTERN_BYTES).build();
                let pattern = pattern.as_ref().map(whole).transpose().ok()?.map(Arc::new);
                Self::String { max_length: usize::try_from(*max_length).unwrap_or(usize::MAX), one_of: one_of.clone(), pattern }
            }
            PromptParameterKind::Integer { min, max } => Self::Integer { min: *min, max: *max },
            PromptParameterKind::Boolean => Self::Boolean,
        })
    }

    /// The value as the template gets it. Headers and environments know only text, so a text that writes a number or a boolean is one.
    pub(super) fn judge(&self, value: &Value) -> Option<Value> {
        match self {
            Self::String { max_length, one_of, pattern } => {
                let text = value.as_str()?;
                let known = one_of.is_empty() || one_of.iter().any(|known| known == text);
                let fits =
                    known && text.chars().count() <= *max_length && pattern.as_ref().is_none_or(|pattern| pattern.is_match(text));
                fits.then(|| value.clone())
            }
            Self::Integer { min, max } => {
                let number = value.as_i64().or_else(|| value.as_str()?.parse().ok())?;
                (*min..=*max).contains(&number).then(|| Value::from(number))
            }
            Self::Boolean => value.as_bool().or_else(|| value.as_str()?.parse().ok()).map(Value::from),
        }
    }

    /// What it may be, in words that follow `must be`.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::String { one_of, .. } if !one_of.is_empty() => {
                format!("one of {}", one_of.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "))
            }
            Self::String { max_length, pattern: None, .. } => format!("a text of at most {max_length} characters"),
            Self::String { max_length, .. } => format!("a text of at most {max_length} characters in the declared form"),
            Self::Integer { min: i64::MIN, max: i64::MAX } => "a whole number".to_owned(),
            Self::Integer { min, max } => format!("a whole number from {min} to {max}"),
            Self::Boolean => "`true` or `false`".to_owned(),
        }
    }
}
