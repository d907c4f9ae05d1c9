//! An authentication policy as compiled.

use serde::{Deserialize, Serialize};

use crate::Origin;

/// How callers prove who they are. Within one policy any method suffices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthenticationPlan {
    /// Name and place.
    pub origin: Origin,
    /// Headers in which an API key may stand, lower case, in order. In `authorization` it stands behind `Bearer `. Empty where the method is off.
    pub api_key_headers: Vec<String>,
    /// Whether a caller without any credential passes as anonymous. A wrong credential is refused all the same.
    pub anonymous: bool,
}
