//! A consumer as compiled.

use aigw_core::{Name, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Labels, Origin, Place, TenantId};

/// An application or a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsumerPlan {
    /// Name and place.
    pub origin: Origin,
    /// Its labels.
    pub labels: Labels,
    /// The tenant that it is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantId>,
    /// Its roles, sorted.
    pub roles: Vec<String>,
    /// Its API keys.
    pub keys: Vec<KeyPlan>,
}

/// An API key, known by its digest only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyPlan {
    /// Its name, for logs.
    pub id: Name,
    /// SHA-256 of the whole key: 64 lower-case hex digits.
    pub sha256: String,
    /// From then on it is refused.
    pub not_after: Option<Timestamp>,
    /// Where it stands.
    pub place: Place,
}
