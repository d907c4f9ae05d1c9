//! Who a caller is, as policies see it, whatever proved it.

use std::sync::Arc;

use aigw_core::Name;

use crate::consumer::ConsumerPlan;
use crate::{ConsumerId, Labels, TenantId};

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
    /// Its roles, sorted.
    pub roles: Vec<String>,
    /// Its labels.
    pub labels: Labels,
}

impl Identity {
    /// A declared consumer, proved by the credential of this name.
    pub fn of_consumer(id: ConsumerId, plan: &ConsumerPlan, credential: Name) -> Arc<Self> {
        Arc::new(Self {
            consumer: Some(id),
            name: Some(plan.origin.name.clone()),
            credential,
            tenant: plan.tenant,
            roles: plan.roles.clone(),
            labels: plan.labels.clone(),
        })
    }

    /// Whether two proofs are of one caller.
    pub fn is_same_caller(&self, other: &Self) -> bool {
        self.consumer == other.consumer
    }
}
