//! An authentication policy as compiled.

mod issuer;

use aigw_core::Name;
use serde::{Deserialize, Serialize};

use crate::{IssuerId, Origin, Place};

pub use issuer::*;

/// How callers prove who they are. Within one policy any method suffices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthenticationPlan {
    /// Name and place.
    pub origin: Origin,
    /// Headers in which an API key may stand, lower case, in order. In `authorization` it stands behind `Bearer `. Empty where the method is off.
    pub api_key_headers: Vec<String>,
    /// Issuers whose tokens are taken in `authorization`, behind `Bearer `.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issuers: Vec<IssuerId>,
    /// Whose client certificates count; none where the method is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtls: Option<MtlsMethodPlan>,
    /// Whether a caller without any credential passes as anonymous. A wrong credential is refused all the same.
    pub anonymous: bool,
}

/// By the client certificate of the connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MtlsMethodPlan {
    /// The authority as the host's settings call it.
    pub ca: Name,
    /// Where it stands.
    pub place: Place,
}

/// Headers that hold what proves who somebody is: cookies (RFC 6265), credentials (RFC 9110, sections 11.6.2 and 11.7.2) and what common gateways
/// and clouds call their keys. A program's own authentication may name more.
pub const SECRET_HEADERS: [&str; 9] = [
    "api-key",
    "authorization",
    "cookie",
    "ocp-apim-subscription-key",
    "proxy-authorization",
    "x-amz-security-token",
    "x-api-key",
    "x-forwarded-authorization",
    "x-goog-api-key",
];
