//! A consumer as compiled.

use aigw_core::{Name, Timestamp};
use serde::{Deserialize, Serialize};

use crate::authentication::ClaimRule;
use crate::{IssuerId, Labels, Origin, Place, SubscriptionId, TenantId};

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
    /// Tokens that are its.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<TokenPlan>,
    /// Its client certificates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<CertificatePlan>,
}

/// Tokens of an issuer that are a consumer's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenPlan {
    /// Whose tokens.
    pub issuer: IssuerId,
    /// What all of these claims must be; never empty.
    pub claims: Vec<ClaimRule>,
    /// The subscription that their requests are under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<SubscriptionId>,
    /// Where it stands.
    pub place: Place,
}

/// A client certificate, known by one of its marks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificatePlan {
    /// Its name, for logs.
    pub id: Name,
    /// The only authority that counts; for a fingerprint, which says it all, none may be named.
    pub ca: Option<Name>,
    /// What it is known by.
    pub by: CertificateMatch,
    /// The subscription that its requests are under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<SubscriptionId>,
    /// Where it stands.
    pub place: Place,
}

/// What a client certificate is known by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CertificateMatch {
    /// The whole subject, in the canonical text of [`aigw_core::DistinguishedName`].
    Subject(String),
    /// One of its alternative names, as [`aigw_core::PeerCertificate`] writes them.
    San(String),
    /// SHA-256 of the whole certificate: 64 lower-case hex digits.
    Fingerprint(String),
}

/// An API key, known by its digest only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyPlan {
    /// Its name, for logs.
    pub id: Name,
    /// SHA-256 of the whole key: 64 lower-case hex digits.
    pub sha256: String,
    /// Before then it is refused.
    pub not_before: Option<Timestamp>,
    /// The subscription that its requests are under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<SubscriptionId>,
    /// From then on it is refused.
    pub not_after: Option<Timestamp>,
    /// Where it stands.
    pub place: Place,
}

impl KeyPlan {
    /// Whether it counts then.
    pub fn counts_at(&self, now: Timestamp) -> bool {
        self.not_before.is_none_or(|begin| now >= begin) && self.not_after.is_none_or(|end| now < end)
    }
}
