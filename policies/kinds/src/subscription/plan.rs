//! A subscription as compiled.

use aigw_core::Timestamp;
use serde::{Deserialize, Serialize};

use crate::subscription::SubscriptionState;
use crate::{ConsumerId, Labels, Origin, ProductId};

/// A consumer's right to a product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionPlan {
    /// Name and place.
    pub origin: Origin,
    /// Its labels.
    pub labels: Labels,
    /// Whose it is.
    pub consumer: ConsumerId,
    /// To what.
    pub product: ProductId,
    /// How far it is.
    pub state: SubscriptionState,
    /// From then on it lets nobody in.
    pub expires: Option<Timestamp>,
}
