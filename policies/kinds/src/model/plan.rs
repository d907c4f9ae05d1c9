//! A model as compiled.

use aigw_core::{Millis, Operation, Share};
use serde::{Deserialize, Serialize};

use crate::{EndpointId, ExpressionId, ModelId, Origin, Place, ProviderId, Setting};

/// What clients ask for by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelPlan {
    /// Name and place.
    pub origin: Origin,
    /// What clients write: exact names, or patterns with one `*` at the end.
    pub names: Vec<String>,
    /// What it does: chat or embeddings.
    pub operation: Operation,
    /// Its targets, in the order of priority, then as written.
    pub targets: Vec<TargetPlan>,
    /// Gives the key that sticks a caller to a target; `None` balances at random.
    pub sticky: Option<ExpressionId>,
    /// Sends within this model.
    pub retry: RetryPlan,
    /// Models tried in turn when this one's attempts or targets are spent; one hop each.
    pub fallback: Vec<ModelId>,
}

/// One place that a model's requests can go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetPlan {
    /// Whose.
    pub provider: ProviderId,
    /// At which endpoints; more than one where the policy names none. Never empty.
    pub endpoints: Vec<EndpointId>,
    /// The provider's model as the policy names it.
    pub model: String,
    /// What goes on the wire: the deployment where the provider declares one, else the model.
    pub wire_model: String,
    /// A lower number first.
    pub priority: u32,
    /// Share among equals of one priority.
    pub weight: Setting<u64>,
    /// Eligible only where this holds; a failing condition makes it ineligible.
    pub when: Option<ExpressionId>,
    /// Where it stands.
    pub place: Place,
}

/// How often and when a request is sent again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetryPlan {
    /// All sends, the first included; at least 1.
    pub attempts: u32,
    /// On what.
    pub retry_on: Vec<RetryOn>,
    /// First pause before the same target is tried again; doubles each time, ±20 %.
    pub backoff_base: Millis,
    /// Longest pause.
    pub backoff_max: Millis,
    /// Most retries as a share of the provider's requests in the last 10 seconds; a provider's first ten retries are always within it.
    pub budget: Share,
}

/// What a retry answers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RetryOn {
    /// One status.
    Status(u16),
    /// 500 to 599.
    #[serde(rename = "5xx")]
    ServerErrors,
    /// No first byte in time, or 408.
    Timeout,
    /// No connection, or lost before the answer.
    Connect,
}
