//! A prompt as compiled.

use aigw_core::{Name, Share};
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use crate::{ExpressionId, Mode, Origin, ParameterId, Place, PromptId};

/// Messages and parameters that the platform owns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptPlan {
    /// Name and place.
    pub origin: Origin,
    /// Enforce or shadow.
    pub mode: Mode,
    /// What its templates may use.
    pub parameters: Vec<PromptParameter>,
    /// Its versions with their shares, which add up to the whole; empty where it has no messages.
    pub versions: Vec<PromptVersion>,
    /// Parameters that are set, whatever the client wrote: logical names and JSON values.
    pub set: Vec<(String, Value)>,
    /// Parameters that are set where the client wrote none.
    pub default: Vec<(String, Value)>,
    /// Greatest values: whatever is above, under any alias, is lowered.
    pub cap: Vec<(String, Number)>,
}

/// A declared parameter of a prompt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptParameter {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: PromptParameterKind,
    /// Whether a use must give it.
    pub required: bool,
    /// Its value where a use gives none.
    pub default: Option<Value>,
}

/// The type of a prompt's parameter and its bounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PromptParameterKind {
    /// A text.
    String {
        /// Longest in characters.
        max_length: u32,
        /// One of these, where not empty.
        one_of: Vec<String>,
        /// A regular expression for the whole.
        pattern: Option<String>,
    },
    /// A whole number.
    Integer {
        /// Least.
        min: i64,
        /// Greatest.
        max: i64,
    },
    /// True or false.
    Boolean,
}

/// A version of a prompt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptVersion {
    /// Its name.
    pub name: Name,
    /// How many requests get it.
    pub share: Share,
    /// The messages, in order; exactly one is the caller's own.
    pub messages: Vec<PromptMessage>,
}

/// One message of a prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PromptMessage {
    /// A message of this role from a template.
    Template {
        /// `system`, `developer`, `user` or `assistant`.
        role: String,
        /// The template's text.
        text: String,
        /// Where it stands.
        place: Place,
    },
    /// The caller's messages.
    Request,
}

/// A prompt used by a scope, with values for its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptUse {
    /// Which.
    pub prompt: PromptId,
    /// Values, by parameter name.
    pub with: Vec<(String, PromptValue)>,
    /// Where the use stands.
    pub place: Place,
}

/// A value handed to a prompt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PromptValue {
    /// Written in the policy.
    Value(Value),
    /// A declared parameter of the gateway.
    Param(ParameterId),
    /// Computed from the request; judged against the declared parameter at run time.
    Expr(ExpressionId),
}
