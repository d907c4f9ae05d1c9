//! The validate phase: whether the input is acceptable, first by its head, then by its body.
//!
//! Nothing is read or parsed here that somebody else has not read anyway; what a request does not have is not judged.

mod fields;
mod head;
mod json;

use std::sync::Arc;

use aigw_core::{ErrorCode, Operation, Phase, Verdict};
use aigw_providers::dialect::openai::ChatRequest;
use aigw_providers::json::Object;

use crate::facts::Facts;
use crate::gateway::BoundsPlan;
use crate::validation::schema::BodySchema;
use crate::validation::signatures::Signatures;
use crate::validation::{CheckKind, SchemaFault, ValidationPlan};
use crate::{Decider, Decision, Mode, Refusal, ValidationId};

/// A validation, ready.
#[derive(Clone, Debug)]
pub struct Validation {
    id: ValidationId,
    shadow: bool,
    checks: Vec<Check>,
}

/// One thing that is judged, ready.
#[derive(Clone, Debug)]
enum Check {
    Plain(CheckKind),
    Schema(BodySchema),
    Signatures(Signatures),
}

/// A validation that cannot be made ready.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ValidationFault {
    /// A schema that is none, or that cannot be judged.
    #[error("the schema `{0}` cannot be judged: {1}")]
    Schema(String, SchemaFault),
    /// The built-in signatures do not compile.
    #[error("the signatures do not compile: {0}")]
    Signatures(#[from] regex::Error),
}

/// A request whose body is still to come.
#[derive(Clone, Copy, Debug)]
pub struct Head<'f, 'a> {
    /// Its head and who sent it.
    pub facts: &'f Facts<'a>,
    /// What is to be done.
    pub operation: Operation,
    /// Whether a body follows.
    pub has_body: bool,
}

/// A request with its body, which is within the bounds by now.
#[derive(Clone, Copy, Debug)]
pub struct Input<'f, 'a> {
    /// What is to be done.
    pub operation: Operation,
    /// The request and who sent it; its body is known.
    pub facts: &'f Facts<'a>,
    /// The body as it came; empty where there is none.
    pub body: &'f [u8],
    /// The body as it was scanned, where the operation has a dialect.
    pub object: Option<&'f Object>,
    /// What was read of it, where it is a chat request.
    pub chat: Option<&'f ChatRequest>,
}

/// The least bounds of the gateway and of every validation in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputBounds {
    /// Longest body, in bytes.
    pub body: usize,
    /// Deepest nesting of JSON.
    pub json_depth: u16,
}

/// What a check found: the answer that it gives where it is in force, and what its record notes.
struct Fault {
    refusal: Refusal,
    note: Option<Box<str>>,
}

impl Validation {
    /// Makes a plan ready.
    ///
    /// # Errors
    /// A schema in it that cannot be judged.
    pub fn new(id: ValidationId, plan: &ValidationPlan) -> Result<Self, ValidationFault> {
        let checks = plan.checks.iter().map(|check| Check::new(&check.what)).collect::<Result<_, _>>()?;
        Ok(Self { id, shadow: plan.mode == Mode::Shadow, checks })
    }

    /// Which one it is.
    pub const fn id(&self) -> ValidationId {
        self.id
    }

    /// Its checks by their indices, as far as requests for this operation have what they judge.
    fn checks(&self, operation: Operation) -> impl Iterator<Item = (u16, &Check)> {
        (0_u16..).zip(&self.checks).filter(move |(_, check)| check.concerns(operation))
    }

    fn refused(&self, index: u16, note: Option<Box<str>>) -> Decision {
        let by = Decider::ValidationCheck(self.id, index);
        Decision { note, ..Decision::new(by, Phase::Validate, Verdict::Refused).in_shadow(self.shadow) }
    }

    /// Records what a check found. Where it is in force, that is the answer.
    fn found(&self, index: u16, fault: Option<Fault>, decisions: &mut Vec<Decision>) -> Result<(), Refusal> {
        let Some(Fault { refusal, note }) = fault else { return Ok(()) };
        decisions.push(self.refused(index, note));
        if self.shadow { Ok(()) } else { Err(refusal) }
    }
}

impl Check {
    fn new(what: &CheckKind) -> Result<Self, ValidationFault> {
        Ok(match what {
            CheckKind::Schema { file, schema } => {
                Self::Schema(BodySchema::new(schema).map_err(|fault| ValidationFault::Schema(file.clone(), fault))?)
            }
            CheckKind::Signatures(classes) => Self::Signatures(Signatures::new(classes)?),
            plain => Self::Plain(plain.clone()),
        })
    }

    /// As [`CheckKind::concerns`].
    fn concerns(&self, operation: Operation) -> bool {
        match self {
            Self::Plain(kind) => kind.concerns(operation),
            Self::Schema(_) => operation != Operation::Models,
            Self::Signatures(_) => true,
        }
    }
}

impl Fault {
    fn new(code: ErrorCode, message: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self { refusal: Refusal::new(code, message), note: None }
    }
}

impl InputBounds {
    /// What this operation's bodies are held to.
    pub fn of<'v>(gateway: &BoundsPlan, validations: impl Iterator<Item = &'v Arc<Validation>>, operation: Operation) -> Self {
        let mut bounds = Self { body: gateway.body.as_len(), json_depth: gateway.json_depth };
        for validation in validations.filter(|validation| !validation.shadow) {
            for (_, check) in validation.checks(operation) {
                match check {
                    Check::Plain(CheckKind::Body(most)) => bounds.body = bounds.body.min(most.as_len()),
                    Check::Plain(CheckKind::JsonDepth(most)) => bounds.json_depth = bounds.json_depth.min(*most),
                    _ => {}
                }
            }
        }
        bounds
    }

    /// Records whose bound a body has passed, where it was refused for that: the first that is as low, and every shadow that is. Hands the
    /// refusal back.
    #[must_use]
    pub fn blame<'v>(
        self,
        refusal: Refusal,
        validations: impl Iterator<Item = &'v Arc<Validation>>,
        operation: Operation,
        decisions: &mut Vec<Decision>,
    ) -> Refusal {
        let mut decided = false;
        for validation in validations {
            for (index, check) in validation.checks(operation) {
                let passed = match (refusal.code, check) {
                    (ErrorCode::BodyTooLarge, Check::Plain(CheckKind::Body(most))) => most.as_len() <= self.body,
                    (ErrorCode::JsonTooDeep, Check::Plain(CheckKind::JsonDepth(most))) => *most <= self.json_depth,
                    _ => false,
                };
                if passed && (validation.shadow || !decided) {
                    decided |= !validation.shadow;
                    decisions.push(validation.refused(index, None));
                }
            }
        }
        refusal
    }
}

/// Judges a request by its head: the addresses of all validations first.
///
/// # Errors
/// 403 for the caller's address, 415 for the content type, 400 for what looks like an attack.
pub fn judge_head<'v>(
    validations: impl Iterator<Item = &'v Arc<Validation>> + Clone,
    head: &Head<'_, '_>,
    decisions: &mut Vec<Decision>,
) -> Result<(), Refusal> {
    let stages: [fn(&Check, &Head<'_, '_>) -> Option<Fault>; 3] = [head::address, head::content_type, head::signatures];
    for judge in stages {
        for validation in validations.clone() {
            for (index, check) in validation.checks(head.operation) {
                validation.found(index, judge(check, head), decisions)?;
            }
        }
    }
    Ok(())
}

/// Judges a request by its body, and records who found nothing wrong with it.
///
/// # Errors
/// 400 for too many messages, JSON that nests too deep or does not fit a schema, and what looks like an attack; 415 for what should be JSON and is not.
pub fn judge_body<'v>(
    validations: impl Iterator<Item = &'v Arc<Validation>> + Clone,
    input: &Input<'_, '_>,
    bounds: InputBounds,
    decisions: &mut Vec<Decision>,
) -> Result<(), Refusal> {
    json::of_any_service(validations.clone(), input, bounds)
        .map_err(|refusal| bounds.blame(refusal, validations.clone(), input.operation, decisions))?;
    for validation in validations {
        for (index, check) in validation.checks(input.operation) {
            let fault = match check {
                Check::Plain(CheckKind::Messages(most)) => messages(input, *most),
                Check::Plain(bound) if validation.shadow => shadow_bound(input, bound),
                Check::Plain(_) => None,
                Check::Schema(schema) => json::schema(input, schema),
                Check::Signatures(signatures) => fields::signatures(input, signatures),
            };
            validation.found(index, fault, decisions)?;
        }
        let concerned = validation.checks(input.operation).next().is_some();
        let is_own = |decision: &Decision| matches!(decision.by, Decider::ValidationCheck(id, _) if id == validation.id);
        if concerned && !decisions.iter().any(is_own) {
            decisions.push(
                Decision::new(Decider::Validation(validation.id), Phase::Validate, Verdict::Passed).in_shadow(validation.shadow),
            );
        }
    }
    Ok(())
}

fn messages(input: &Input<'_, '_>, most: u32) -> Option<Fault> {
    let messages = input.chat?.messages(input.object?).ok()?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    if messages.take(most.saturating_add(1)).count() <= most {
        return None;
    }
    let mut fault =
        Fault::new(ErrorCode::TooManyMessages, format!("the request has more than the {most} messages that are taken"));
    fault.refusal = fault.refusal.about("messages");
    Some(fault)
}

/// What a bound in shadow would have said: nothing has held the body to it.
fn shadow_bound(input: &Input<'_, '_>, check: &CheckKind) -> Option<Fault> {
    match check {
        CheckKind::Body(most) if input.body.len() > most.as_len() => Some(Fault::new(ErrorCode::BodyTooLarge, "")),
        CheckKind::JsonDepth(depth) => json::is_too_deep(input, *depth).then(|| Fault::new(ErrorCode::JsonTooDeep, "")),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
