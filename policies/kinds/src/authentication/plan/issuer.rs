//! An issuer of tokens as compiled.

use std::collections::BTreeMap;

use aigw_core::{Millis, Name};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Place, Setting, TenantId};

/// An issuer whose tokens an authentication policy takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerPlan {
    /// Its name.
    pub name: Name,
    /// Where it stands.
    pub place: Place,
    /// Who it is, and where its keys are.
    pub source: IssuerSource,
    /// What `aud` must be or hold; never empty.
    pub audience: Vec<Setting<String>>,
    /// How far its clock may be from ours.
    pub skew: Millis,
    /// What claims must be.
    pub require: Vec<ClaimRule>,
    /// Roles for claims.
    pub roles: Option<ClaimRoles>,
    /// What a caller is that no Consumer stands for; `None` where it is refused.
    pub undeclared: Option<UndeclaredPlan>,
}

/// Who an issuer is, and where its keys are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum IssuerSource {
    /// One that is named.
    Named {
        /// What `iss` must be.
        issuer: Setting<String>,
        /// Where its keys are; `None` where discovery says.
        jwks: Option<Setting<String>>,
    },
    /// Microsoft Entra ID.
    Entra {
        /// The tenant's id.
        tenant: Setting<String>,
        /// The cloud's address.
        authority: Setting<String>,
    },
}

/// What one claim must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimRule {
    /// Which claim.
    pub claim: ClaimPath,
    /// What it must be.
    pub test: ClaimTest,
}

/// What a claim must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimTest {
    /// This text; numbers and booleans as JSON writes them.
    Equals(Setting<String>),
    /// A list that holds this text, or a text with spaces that has it among its words.
    Contains(Setting<String>),
    /// Anything but `null`.
    Present,
}

/// Roles for claims.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimRoles {
    /// Where to look.
    pub from: Vec<ClaimPath>,
    /// The role for each value.
    pub map: BTreeMap<String, String>,
}

/// What a caller is that no Consumer stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UndeclaredPlan {
    /// The tenant that it is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantId>,
    /// Its roles.
    pub roles: Vec<String>,
    /// Its labels, by name, and the claims that give them.
    pub labels: BTreeMap<String, ClaimPath>,
}

/// A claim: a name, or a JSON Pointer (RFC 6901), which begins with `/`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClaimPath(pub String);

impl ClaimPath {
    /// The claim, where it is there.
    pub fn find<'c>(&self, claims: &'c Value) -> Option<&'c Value> {
        let found = if self.0.starts_with('/') { claims.pointer(&self.0) } else { claims.get(&self.0) };
        found.filter(|value| !value.is_null())
    }
}
