//! The prompt phase: the platform's messages and parameters, as edits to the bytes that the client sent.
//!
//! The caller's own messages are never parsed, changed or copied here. What needs no value of the request is rendered when the program is loaded.

mod ready;
mod values;

use std::fmt::Write as _;

use aigw_core::{Phase, Verdict};
use aigw_providers::dialect::errors::RequestError;
use aigw_providers::dialect::openai::{ChatRequest, MessageEdits};
use aigw_providers::json::{Object, Splice};

use crate::facts::Facts;
use crate::{Decider, Decision, Expressions, Refusal};

pub use ready::{Prompt, PromptFault};

use self::values::Values;

/// What the prompts of a route work on.
#[derive(Clone, Copy, Debug)]
pub struct PromptInput<'f, 'a> {
    /// What was read of the client's request.
    pub request: &'f ChatRequest,
    /// The body it was read from.
    pub object: &'f Object,
    /// The request and who sent it.
    pub facts: &'f Facts<'a>,
    /// The program's expressions.
    pub expressions: &'f Expressions,
    /// Chooses versions by their shares.
    pub random: u64,
}

/// What prompts did to a request.
#[derive(Clone, Debug, Default)]
struct Edits {
    splice: Splice,
    messages: MessageEdits,
}

/// What one prompt did, for people.
#[derive(Debug, Default)]
struct Done {
    version: Option<u16>,
    messages: usize,
    parameters: Vec<&'static str>,
}

/// Applies prompts in their order; the messages of a later one stand outside those of an earlier one. Prompts in shadow are applied to a copy, and
/// the difference is noted.
///
/// # Errors
/// 400 where a value breaks a prompt's declared parameters, or the request's own parameters cannot be capped.
pub fn apply_prompts<'p>(
    prompts: impl Iterator<Item = &'p Prompt>,
    input: &PromptInput<'_, '_>,
    decisions: &mut Vec<Decision>,
) -> Result<Splice, Refusal> {
    let mut edits = Edits::default();
    for (index, prompt) in prompts.enumerate() {
        let random = spread(input.random, index);
        if prompt.shadow() {
            decisions.push(shadow_decision(prompt, input, random, edits.clone()));
            continue;
        }
        match prompt.apply(input, random, &mut edits) {
            Ok(done) => decisions.push(done.decision(prompt)),
            Err(refusal) => {
                decisions.push(Decision::new(Decider::Prompt(prompt.id(), None), Phase::Prompt, Verdict::Refused));
                return Err(refusal);
            }
        }
    }
    if !edits.messages.is_empty() {
        edits.messages.write(input.request, input.object, &mut edits.splice)?;
    }
    Ok(edits.splice)
}

/// Another number for each prompt of a request, so that the versions of two prompts are chosen apart (the finaliser of SplitMix64).
fn spread(random: u64, index: usize) -> u64 {
    let step = u64::try_from(index).unwrap_or_default().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = random.wrapping_add(step);
    let mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

fn shadow_decision(prompt: &Prompt, input: &PromptInput<'_, '_>, random: u64, mut copy: Edits) -> Decision {
    match prompt.apply(input, random, &mut copy) {
        Ok(done) => {
            let note = done.describe();
            done.decision(prompt).in_shadow(true).noting(note)
        }
        Err(refusal) => {
            let by = Decider::Prompt(prompt.id(), None);
            Decision::new(by, Phase::Prompt, Verdict::Refused)
                .in_shadow(true)
                .noting(format!("would refuse: {}", refusal.code.as_str()))
        }
    }
}

impl Prompt {
    fn apply(&self, input: &PromptInput<'_, '_>, random: u64, edits: &mut Edits) -> Result<Done, Refusal> {
        let values = Values::of(self, input)?;
        let mut done = Done::default();
        if let Some((index, version)) = self.version(random) {
            let before = version.before.iter().map(|message| message.render(&values)).collect::<Result<Vec<_>, _>>()?;
            let after = version.after.iter().map(|message| message.render(&values)).collect::<Result<Vec<_>, _>>()?;
            done.version = Some(index);
            done.messages = before.len() + after.len();
            edits.messages.wrap(before, after);
        }
        for (parameter, value) in &self.set {
            parameter.set(input.object, &mut edits.splice, value);
            done.parameters.push(parameter.logical);
        }
        for (parameter, value) in &self.default {
            if parameter.set_default(input.object, &mut edits.splice, value) {
                done.parameters.push(parameter.logical);
            }
        }
        for (parameter, most) in &self.cap {
            if parameter.cap(input.object, &mut edits.splice, most)? {
                done.parameters.push(parameter.logical);
            }
        }
        Ok(done)
    }
}

impl Done {
    fn decision(self, prompt: &Prompt) -> Decision {
        let changed = self.messages > 0 || !self.parameters.is_empty();
        let verdict = if changed { Verdict::Changed } else { Verdict::Passed };
        Decision::new(Decider::Prompt(prompt.id(), self.version), Phase::Prompt, verdict)
    }

    /// What it would have changed; names only, no value of anything.
    fn describe(&self) -> String {
        let mut text = match self.messages {
            0 => "would add no message".to_owned(),
            1 => "would add 1 message".to_owned(),
            more => format!("would add {more} messages"),
        };
        for (index, name) in self.parameters.iter().enumerate() {
            let lead = if index == 0 { " and write" } else { "," };
            // Writing to a text cannot fail.
            write!(text, "{lead} {name}").unwrap_or_default();
        }
        text
    }
}

impl From<RequestError> for Refusal {
    fn from(error: RequestError) -> Self {
        Self { code: error.code, message: error.message.into(), param: error.param.map(Into::into), retry_after: None }
    }
}

#[cfg(test)]
mod tests;
