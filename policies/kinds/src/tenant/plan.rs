//! A tenant as compiled.

use serde::{Deserialize, Serialize};

use crate::authentication::ClaimRule;
use crate::{Labels, Origin, PolicySet};

/// An isolation boundary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenantPlan {
    /// Name and place.
    pub origin: Origin,
    /// Its labels.
    pub labels: Labels,
    /// What all of these claims of a token must be for its caller to be of it; where empty, none says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<ClaimRule>,
    /// Labels that every endpoint must have that its requests may go to.
    pub require: Labels,
    /// The policies of its callers.
    pub policies: PolicySet,
}

impl TenantPlan {
    /// Whether its requests may go to an endpoint with these labels.
    pub fn takes(&self, labels: &Labels) -> bool {
        self.missing(labels).next().is_none()
    }

    /// The labels that such an endpoint lacks.
    pub fn missing<'t>(&'t self, labels: &Labels) -> impl Iterator<Item = (&'t String, &'t String)> {
        self.require.iter().filter(|(name, value)| labels.get(*name) != Some(*value))
    }
}
