//! What phases give back: refusals for clients, and decisions for the record.
//!
//! Decisions are small and name everything by id, since nearly every request makes some; texts are made once, when the record is written.

use std::borrow::Cow;

use aigw_core::{ErrorCode, Millis, Phase, Verdict};
use aigw_expr::EvalError;

use crate::{AuthenticationId, AuthorizationId, LimitId, PromptId, ValidationId};

/// Why a request is refused. It tells the client what to mend and nothing of the policies behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The stable code; its status stands in the engine's table.
    pub code: ErrorCode,
    /// For people.
    pub message: Cow<'static, str>,
    /// The member of the request that it is about.
    pub param: Option<Cow<'static, str>>,
    /// When asking again can succeed.
    pub retry_after: Option<Millis>,
}

/// What one policy decided about one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Which policy, and which part of it.
    pub by: Decider,
    /// In which phase.
    pub phase: Phase,
    /// What.
    pub verdict: Verdict,
    /// True where it is in shadow: this is what it would have done.
    pub shadow: bool,
    /// What else there is to know; holds nothing of any body, header or credential.
    pub note: Option<Box<str>>,
}

/// A policy, or the part of one, that decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decider {
    /// A row of the match table, by its index.
    Row(u32),
    /// An authentication policy.
    Authentication(AuthenticationId),
    /// An authorization policy as a whole: none of its rules allowed.
    Authorization(AuthorizationId),
    /// A rule of an authorization policy, by its index.
    AuthorizationRule(AuthorizationId, u16),
    /// A validation as a whole: nothing was wrong.
    Validation(ValidationId),
    /// A check of a validation, by its index.
    ValidationCheck(ValidationId, u16),
    /// A rule of a limit, by its index.
    LimitRule(LimitId, u16),
    /// A prompt, and the index of the version that was used.
    Prompt(PromptId, Option<u16>),
}

impl Refusal {
    /// A refusal with this code and message.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), param: None, retry_after: None }
    }

    /// The same, about this member of the request.
    #[must_use]
    pub fn about(mut self, param: impl Into<Cow<'static, str>>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// The same, with the time after which asking again can succeed.
    #[must_use]
    pub fn retry_after(mut self, delay: Option<Millis>) -> Self {
        self.retry_after = delay;
        self
    }
}

impl Decision {
    /// A decision that counts, without a note.
    pub fn new(by: Decider, phase: Phase, verdict: Verdict) -> Self {
        Self { by, phase, verdict, shadow: false, note: None }
    }

    /// The same, in shadow or not.
    #[must_use]
    pub fn in_shadow(mut self, shadow: bool) -> Self {
        self.shadow = shadow;
        self
    }

    /// The same, with a note.
    #[must_use]
    pub fn noting(mut self, note: impl Into<Box<str>>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// The same, noting that its `when` failed and why.
    #[must_use]
    pub fn when_failed(self, error: Option<&EvalError>) -> Self {
        match error {
            Some(error) => self.noting(format!("when_failed: {error}")),
            None => self,
        }
    }
}
