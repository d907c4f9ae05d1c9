//! A subscription as written.

use aigw_core::Name;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::consumer::Instant;

/// A consumer's right to a product. Its labels stand in `metadata`; limits read them first.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SubscriptionSpec {
    /// One line for people.
    #[serde(default)]
    pub description: String,
    /// The Consumer whose it is.
    pub consumer: Name,
    /// The Product that it is to.
    pub product: Name,
    /// How far it is; only an approved one lets its consumer in.
    pub state: SubscriptionState,
    /// Who asked for it.
    #[schemars(length(min = 1, max = 100))]
    pub requested_by: String,
    /// Who approved it: somebody else than who asked, and one of the product's `approval.by`. Required where the product requires approval.
    #[schemars(length(min = 1, max = 100))]
    pub approved_by: Option<String>,
    /// When it was approved. Required where the product requires approval.
    pub approved_at: Option<Instant>,
    /// From then on it lets nobody in. Default: never.
    pub expires: Option<Instant>,
}

/// How far a subscription is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum SubscriptionState {
    /// It was asked for.
    Requested,
    /// It is in force.
    Approved,
    /// It was refused.
    Rejected,
    /// It was in force, and may be again.
    Suspended,
    /// It is over.
    Cancelled,
}

impl SubscriptionState {
    /// As written in `state:`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Suspended => "suspended",
            Self::Cancelled => "cancelled",
        }
    }
}
