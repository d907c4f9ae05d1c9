//! Kinds of mutants, with their words.

use schemars::JsonSchema;
use serde::Serialize;

/// What kind of change a mutant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MutantKind {
    /// A rule of an Authorization or a Limit, or a check of a Validation, is gone.
    DropRule,
    /// A policy does not apply to a route.
    DropPolicy,
    /// A rule of an Authorization, a rule's or target's condition, or a check of a Validation asks less.
    WidenRule,
    /// A match of a route asks less.
    WidenMatch,
    /// A condition means its opposite.
    NegateCondition,
    /// A limit allows twice as much.
    DoubleLimit,
    /// A Validation takes twice as much.
    DoubleInput,
    /// A limit counts over twice the time, or lets requests wait twice as long.
    DoubleWindow,
    /// A time of a provider or of retries is twice as long, or a number of attempts twice as high.
    DoubleBound,
    /// A target is gone.
    DropTarget,
    /// Two targets, or two versions of a prompt, have each other's share.
    FlipWeights,
    /// Targets of two priorities change places.
    SwapPriorities,
    /// Nothing is tried again.
    DisableRetry,
    /// Something that a retry answers to is gone.
    DropRetry,
    /// A fallback is gone.
    DropFallback,
    /// A message of a prompt is gone.
    DropMessage,
    /// Two messages of a prompt change places.
    ReorderMessages,
    /// A parameter that a prompt sets, defaults or caps is left alone.
    DropParameter,
}

impl MutantKind {
    /// Every kind.
    pub const ALL: [Self; 18] = [
        Self::DropRule,
        Self::DropPolicy,
        Self::WidenRule,
        Self::WidenMatch,
        Self::NegateCondition,
        Self::DoubleLimit,
        Self::DoubleInput,
        Self::DoubleWindow,
        Self::DoubleBound,
        Self::DropTarget,
        Self::FlipWeights,
        Self::SwapPriorities,
        Self::DisableRetry,
        Self::DropRetry,
        Self::DropFallback,
        Self::DropMessage,
        Self::ReorderMessages,
        Self::DropParameter,
    ];

    /// As reports for machines name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DropRule => "drop-rule",
            Self::DropPolicy => "drop-policy",
            Self::WidenRule => "widen-rule",
            Self::WidenMatch => "widen-match",
            Self::NegateCondition => "negate-condition",
            Self::DoubleLimit => "double-limit",
            Self::DoubleInput => "double-input",
            Self::DoubleWindow => "double-window",
            Self::DoubleBound => "double-bound",
            Self::DropTarget => "drop-target",
            Self::FlipWeights => "flip-weights",
            Self::SwapPriorities => "swap-priorities",
            Self::DisableRetry => "disable-retry",
            Self::DropRetry => "drop-retry",
            Self::DropFallback => "drop-fallback",
            Self::DropMessage => "drop-message",
            Self::ReorderMessages => "reorder-messages",
            Self::DropParameter => "drop-parameter",
        }
    }

    /// What is done to what stands there, as the beginning of `… is noticed by no case`.
    pub const fn deed(self) -> &'static str {
        match self {
            Self::DropRule => "dropping this rule",
            Self::DropPolicy => "leaving out a policy here",
            Self::WidenRule => "asking less here",
            Self::WidenMatch => "matching more here",
            Self::NegateCondition => "negating this condition",
            Self::DoubleLimit => "doubling this limit",
            Self::DoubleInput => "taking twice as much here",
            Self::DoubleWindow => "doubling the time of this limit",
            Self::DoubleBound => "doubling a bound of this",
            Self::DropTarget => "dropping this target",
            Self::FlipWeights => "exchanging these shares",
            Self::SwapPriorities => "exchanging these priorities",
            Self::DisableRetry => "never trying again here",
            Self::DropRetry => "retrying on less here",
            Self::DropFallback => "dropping a fallback here",
            Self::DropMessage => "dropping this message",
            Self::ReorderMessages => "exchanging two messages here",
            Self::DropParameter => "leaving a parameter alone here",
        }
    }

    /// What kind of case would notice.
    pub const fn help(self) -> &'static str {
        match self {
            Self::DropRule => {
                "add a case that this rule alone decides: a request that nothing else allows, or one that nothing else refuses"
            }
            Self::DropPolicy => "add a case on this route that expects what the policy refuses or changes",
            Self::WidenRule => "add a case that differs from what is allowed in this alone, and expect what comes of it today",
            Self::WidenMatch => "add a case that differs in this alone, and expect the other route that it reaches, or 404",
            Self::NegateCondition => "add two cases, one in which the condition holds and one in which it does not",
            Self::DoubleInput => "add a case that sends a little more than this takes, and expect its refusal",
            Self::DoubleLimit => "add a case that sends one request more than this allows (`times`), and expect 429",
            Self::DoubleWindow => {
                "add a case that uses the limit up, lets time pass (`advance`, or answers with `after`), and expect what gets through then"
            }
            Self::DoubleBound => {
                "add a case in which the upstream takes longer or fails oftener than this allows, and expect `status`, `took` or `attempts`"
            }
            Self::DropTarget => "add a case that expects this `target`, or a `sample` that expects its `shares`",
            Self::FlipWeights => "add a `sample` of a thousand or more, and expect `shares`",
            Self::SwapPriorities => "add a case in which both are healthy, and expect the `target`",
            Self::DisableRetry => "add a case whose first answer is a failure, and expect all `attempts`",
            Self::DropRetry => "add a case whose first answer is this failure, and expect all `attempts`",
            Self::DropFallback => "add a case in which every target of the model fails, and expect a `target` of the fallback",
            Self::DropMessage | Self::ReorderMessages => {
                "add a case that expects what is sent: `sent: {body: {\"/messages/0/role\": …, \"/messages\": {length: …}}}`"
            }
            Self::DropParameter => {
                "add a case whose request has another value, or none, and expect what is sent: `sent: {body: {\"/temperature\": …}}`"
            }
        }
    }
}
