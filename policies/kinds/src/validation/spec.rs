//! A validation as written.

use aigw_core::ByteSize;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::Mode;
use crate::gateway::Network;
use crate::validation::SignatureClass;

/// What input is acceptable. All attached validations are judged; none can loosen another. At least one thing must be judged.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ValidationSpec {
    /// One line for people.
    #[serde(default)]
    pub description: String,
    /// Whether the validation is in force. In shadow it is judged and recorded and refuses nothing.
    #[serde(default)]
    pub mode: Mode,
    /// Callers' addresses, as `trustedProxies` tell them. Judged before anything of the body is read.
    pub addresses: Option<AddressesSpec>,
    /// Content types that a request with a body may have, such as `application/json`, or `image/*` for a whole type; parameters do not matter.
    /// Default: any on routes that serve `http`; models take JSON only.
    #[schemars(length(min = 1, max = 100))]
    pub content_types: Option<Vec<String>>,
    /// Longest body, below `bounds.body` of the Gateway. Reading stops where it is passed.
    pub body: Option<ByteSize>,
    /// Deepest nesting of a JSON body, below `bounds.jsonDepth` of the Gateway. On routes that serve `http` it is judged where the content type is JSON.
    #[schemars(range(min = 1, max = 256))]
    pub json_depth: Option<u16>,
    /// Most messages of a chat request.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub messages: Option<u32>,
    /// Path of a JSON Schema, relative to the repository's root and ending in `.json`, that bodies must fit. On routes that serve `http` a body must
    /// then be JSON. References stay within the file; every keyword in it must judge something.
    #[schemars(length(min = 1))]
    pub schema: Option<String>,
    /// Classes of attacks that are looked for in path, query and headers, and in what a request for a model carries besides texts for it.
    #[schemars(length(min = 1, max = 4))]
    pub signatures: Option<Vec<SignatureClass>>,
    /// Whether a route may leave this policy out by `detach`.
    #[serde(default)]
    pub detachable: bool,
}

/// Who may call, by address: whoever is in `deny` may not; where there is an `allow`, nobody else may.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressesSpec {
    /// Networks, such as `10.0.0.0/8`, whose addresses may call. Default: all.
    #[schemars(length(min = 1, max = 1000))]
    pub allow: Option<Vec<Network>>,
    /// Networks whose addresses may not, even where `allow` has them. Default: none.
    #[schemars(length(min = 1, max = 1000))]
    pub deny: Option<Vec<Network>>,
}
