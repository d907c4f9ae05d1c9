//! A validation as compiled.

use aigw_core::{ByteSize, Operation};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::validation::SignatureClass;
use crate::{Mode, Origin, Place};

/// What input is acceptable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidationPlan {
    /// Name and place.
    pub origin: Origin,
    /// Enforce or shadow.
    pub mode: Mode,
    /// What is judged, in the order in which it is; never empty.
    pub checks: Vec<ValidationCheck>,
}

/// One thing that a validation judges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidationCheck {
    /// What.
    pub what: CheckKind,
    /// Where it stands.
    pub place: Place,
}

/// What is judged of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckKind {
    /// The caller's address.
    Addresses {
        /// Who may call; empty for all.
        allow: Vec<IpNet>,
        /// Who may not.
        deny: Vec<IpNet>,
    },
    /// The content type is one of these, in small letters; `image/*` is every image.
    ContentTypes(Vec<String>),
    /// The body is at most this long.
    Body(ByteSize),
    /// JSON nests at most this deep.
    JsonDepth(u16),
    /// At most so many messages.
    Messages(u32),
    /// The body fits this JSON Schema, which has been compiled.
    Schema {
        /// The file it stands in.
        file: String,
        /// The schema.
        schema: Value,
    },
    /// Nothing looks like an attack of these classes.
    Signatures(Vec<SignatureClass>),
}

impl CheckKind {
    /// The key under which it is written; it stands in records.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Addresses { .. } => "addresses",
            Self::ContentTypes(_) => "contentTypes",
            Self::Body(_) => "body",
            Self::JsonDepth(_) => "jsonDepth",
            Self::Messages(_) => "messages",
            Self::Schema { .. } => "schema",
            Self::Signatures(_) => "signatures",
        }
    }

    /// Whether requests for this operation have what it judges.
    pub const fn concerns(&self, operation: Operation) -> bool {
        match self {
            Self::Addresses { .. } | Self::Signatures(_) => true,
            Self::ContentTypes(_) | Self::Body(_) | Self::JsonDepth(_) | Self::Schema { .. } => {
                !matches!(operation, Operation::Models)
            }
            Self::Messages(_) => matches!(operation, Operation::Chat),
        }
    }
}
