//! Who a caller is, as policies see it, whatever proved it.

use std::sync::Arc;

use aigw_core::Name;
use serde_json::Value;

use crate::consumer::{ConsumerPlan, KeyPlan};
use crate::{ConsumerId, Labels, SubscriptionId, TenantId};

/// A caller. Requests share it: for API keys it is made when the program is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The declared consumer; `None` for a caller that only its proof describes.
    pub consumer: Option<ConsumerId>,
    /// The name of the declared consumer.
    pub name: Option<Name>,
    /// The name (never the value) of the credential that proved it.
    pub credential: Name,
    /// The tenant that it is of.
    pub tenant: Option<TenantId>,
    /// The subscription that the credential names.
    pub subscription: Option<SubscriptionId>,
    /// Its roles, sorted.
    pub roles: Vec<String>,
    /// Its labels.
    pub labels: Labels,
    /// What its token claims: a JSON object; `None` for a caller that another credential proved.
    pub claims: Option<Value>,
}

impl Identity {
    /// A declared consumer, proved by the credential of this name.
    pub fn of_consumer(id: ConsumerId, plan: &ConsumerPlan, credential: Name) -> Arc<Self> {
        Arc::new(Self {
            consumer: Some(id),
            name: Some(plan.origin.name.clone()),
            credential,
            tenant: plan.tenant,
            subscription: None,
            roles: plan.roles.clone(),
            labels: plan.labels.clone(),
            claims: None,
        })
    }

    /// A declared consumer, proved by one of its API keys.
    pub fn of_key(id: ConsumerId, plan: &ConsumerPlan, key: &KeyPlan) -> Arc<Self> {
        Self::of_consumer(id, plan, key.id.clone()).under(key.subscription)
    }

    /// The same caller by a credential that names this subscription, if any.
    #[must_use]
    pub fn under(self: Arc<Self>, subscription: Option<SubscriptionId>) -> Arc<Self> {
        match subscription {
            None => self,
            subscription => Arc::new(Self { subscription, ..Self::clone(&self) }),
        }
    }

    /// Whether two proofs are of one caller. What only proofs describe is one caller where these are equal.
    pub fn is_same_caller(&self, other: &Self) -> bool {
        match (self.consumer, other.consumer) {
            (None, None) => self == other,
            (one, another) => one == another,
        }
    }
}
