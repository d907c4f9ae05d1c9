//! The account of a verification: every step in order, how far it got, and what stopped it.

use serde::Serialize;

use crate::{Reason, Refusal};

macro_rules! stages {
    ($($variant:ident = $name:literal,)+) => {
        /// The steps of verification.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Stage {
            $($variant,)+
        }

        impl Stage {
            const ALL: &'static [Self] = &[$(Self::$variant,)+];

            const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

stages! {
    Size = "size",
    Container = "container",
    Envelope = "envelope",
    Signatures = "signatures",
    Statement = "statement",
    Name = "name",
    Channel = "channel",
    Validity = "validity",
    Sequence = "sequence",
    Runtime = "minimum runtime",
    Provenance = "provenance",
    Gates = "gates",
    Compressed = "compressed digest",
    Inflated = "decompression",
    Content = "content digest",
    Members = "members",
}

/// How a verification went, step by step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// All steps in order, those that were not reached too.
    pub steps: Vec<Step>,
}

/// One step of a verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What was looked at.
    pub name: &'static str,
    /// How it went.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// How a step went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// In order.
    Passed {
        /// What was found.
        detail: String,
    },
    /// Not in order: the bundle is refused here.
    Refused {
        /// The stable code.
        code: Reason,
        /// What was met.
        message: String,
        /// What to do about it.
        help: &'static str,
    },
    /// A step before was not in order.
    NotReached,
}

/// Collects the steps while they are walked.
#[derive(Default)]
pub(super) struct Trail {
    passed: Vec<(Stage, String)>,
}

impl Trail {
    pub(super) fn passed(&mut self, stage: Stage, detail: String) {
        self.passed.push((stage, detail));
    }

    /// The account. What stopped the walk is the first step that did not pass.
    pub(super) fn finish(self, mut refusal: Option<&Refusal>) -> Explanation {
        let mut passed = self.passed.into_iter().peekable();
        let mut steps = Vec::with_capacity(Stage::ALL.len());
        for stage in Stage::ALL {
            let outcome = match passed.next_if(|(reached, _)| reached == stage) {
                Some((_, detail)) => Outcome::Passed { detail },
                None => refusal.take().map_or(Outcome::NotReached, Outcome::refused),
            };
            steps.push(Step { name: stage.name(), outcome });
        }
        Explanation { steps }
    }
}

impl Outcome {
    fn refused(refusal: &Refusal) -> Self {
        Self::Refused { code: refusal.reason(), message: refusal.message().to_owned(), help: refusal.help() }
    }
}
