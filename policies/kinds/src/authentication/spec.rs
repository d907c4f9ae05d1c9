//! An authentication policy as written.

mod jwt;

use aigw_core::Name;
use schemars::JsonSchema;
use serde::Deserialize;

pub use jwt::*;

/// How callers prove who they are. Any method of one policy suffices; of several attached policies all must pass.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthenticationSpec {
    /// One line for people.
    #[serde(default)]
    pub description: String,
    /// The methods; at least one.
    pub methods: MethodsSpec,
    /// Whether a route may leave this policy out by `detach`.
    #[serde(default)]
    pub detachable: bool,
}

/// The methods of an authentication policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct MethodsSpec {
    /// By an API key of a Consumer.
    pub api_key: Option<ApiKeyMethodSpec>,
    /// By a token of one of these issuers.
    #[schemars(length(max = 20))]
    pub jwt: Vec<JwtMethodSpec>,
    /// By a client certificate of a Consumer (mutual TLS).
    pub mtls: Option<MtlsMethodSpec>,
    /// True lets callers without any credential pass as anonymous. A wrong credential is refused all the same.
    pub anonymous: bool,
}

/// Where an API key is looked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ApiKeyMethodSpec {
    /// Headers, in order; the first that is there decides. In `authorization` the key stands behind `Bearer `.
    #[schemars(length(min = 1, max = 20))]
    pub headers: Vec<String>,
}

/// Whose client certificates count.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MtlsMethodSpec {
    /// The certificate authority that must have issued it, by its name under `cas` in the runtime's settings. Clients connect to the gateway itself:
    /// behind a proxy that ends TLS there is no certificate, and headers that speak of one are not read.
    pub ca: Name,
}

impl Default for ApiKeyMethodSpec {
    fn default() -> Self {
        Self { headers: ["authorization", "api-key", "x-api-key"].map(str::to_owned).to_vec() }
    }
}
