//! A provider as written.

use aigw_core::{Millis, Name};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::Labels;
use crate::written::{Given, SecretRef};

/// What tokens for Azure OpenAI and the other Azure AI services are good for (learn.microsoft.com, "Authenticate requests to Azure AI services", 2026-10).
const AZURE_AI: &str = "https://cognitiveservices.azure.com";

/// An upstream account: what it speaks, where it is, which models it has.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ProviderSpec {
    /// One line for people.
    #[serde(default)]
    pub description: String,
    /// What it speaks.
    pub r#type: ProviderType,
    /// For `azure-openai`: which of its two ways of being called. Default: `{style: v1}`.
    pub api: Option<AzureApiSpec>,
    /// Its addresses by name, each with its own credentials. Required but for `mock`, which has none.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 1000))]
    pub endpoints: IndexMap<Name, EndpointSpec>,
    /// Its models, by the names that targets use. Default: any name is passed on as it is.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 10000))]
    pub models: IndexMap<String, ProviderModelSpec>,
    /// Longest times of a call.
    #[serde(default)]
    pub timeouts: TimeoutsSpec,
    /// TLS towards it.
    #[serde(default)]
    pub tls: TlsSpec,
    /// For `mock`: what it answers.
    pub mock: Option<MockSpec>,
}

/// What a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum ProviderType {
    /// OpenAI itself.
    Openai,
    /// Azure OpenAI.
    AzureOpenai,
    /// Anything that speaks OpenAI's dialect under a base URL.
    OpenaiCompatible,
    /// The built-in stand-in: no network, no key.
    Mock,
}

impl ProviderType {
    /// As written in `type:`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Openai => "openai",
            Self::AzureOpenai => "azure-openai",
            Self::OpenaiCompatible => "openai-compatible",
            Self::Mock => "mock",
        }
    }
}

/// How Azure OpenAI is called.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AzureApiSpec {
    /// Which paths.
    pub style: AzureStyle,
    /// The `api-version`, such as `2024-10-21`. Required for `deployments`; for `v1` none is sent where none is given.
    pub version: Option<Given<String>>,
}

/// Azure OpenAI's paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum AzureStyle {
    /// `/openai/deployments/{deployment}/…?api-version=…`.
    Deployments,
    /// `/openai/v1/…`.
    V1,
}

/// One address of a provider.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndpointSpec {
    /// The base URL. For `openai` and `openai-compatible` up to and including the version, as SDKs want it: `https://api.openai.com/v1`, which is the
    /// default for `openai`. For `azure-openai` the resource: `https://NAME.openai.azure.com`.
    pub url: Option<Given<String>>,
    /// Labels that a Tenant may require, over those of the Provider's own `metadata`.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 100))]
    pub labels: Labels,
    /// How calls are authenticated. Default: no credential is sent.
    pub auth: Option<AuthSpec>,
}

/// How calls to an endpoint are authenticated: in one of these ways.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AuthSpec {
    /// A key in the header that the provider wants.
    pub api_key: Option<SecretRef>,
    /// A token of the identity that Azure gives the machine or workload which the gateway runs on, as `authorization: Bearer …`. For `azure-openai` and
    /// `openai-compatible`, over `https`, or `http` to this machine.
    pub managed_identity: Option<ManagedIdentitySpec>,
}

/// Whose token is sent, and what it is good for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct ManagedIdentitySpec {
    /// The client id of a user-assigned identity. Default: `AZURE_CLIENT_ID` of the gateway's environment, and without it the identity that the
    /// machine itself has.
    pub client_id: Option<Given<String>>,
    /// What the token is good for, as Entra ID names it. Default: `https://cognitiveservices.azure.com`, which is Azure OpenAI and the other Azure AI services.
    #[schemars(length(min = 1, max = 256))]
    pub resource: String,
}

impl Default for ManagedIdentitySpec {
    fn default() -> Self {
        Self { client_id: None, resource: AZURE_AI.to_owned() }
    }
}

/// What a provider calls one of its models.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProviderModelSpec {
    /// What the provider calls it, where that differs.
    #[schemars(length(min = 1, max = 256))]
    pub deployment: Option<String>,
}

/// Longest times of a call.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct TimeoutsSpec {
    /// To connect, TLS included.
    pub connect: Millis,
    /// From sending to the answer's head, and in a stream to its first content.
    pub first_byte: Millis,
    /// Between two pieces of an answer.
    pub idle: Millis,
    /// For one attempt as a whole.
    pub total: Millis,
}

impl Default for TimeoutsSpec {
    fn default() -> Self {
        Self {
            connect: Millis::from_secs(2),
            first_byte: Millis::from_secs(30),
            idle: Millis::from_secs(60),
            total: Millis::from_secs(600),
        }
    }
}

/// TLS towards a provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TlsSpec {
    /// The certificate authority that signs its certificates, by the name that the runtime's configuration gives it. Default: the system's.
    pub ca: Option<Name>,
}

/// What the stand-in answers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct MockSpec {
    /// The answer's text. Default: the last user message comes back.
    pub text: Option<String>,
    /// Time before the answer's first byte.
    pub latency: Millis,
    /// Time between two chunks of a stream.
    pub chunk_interval: Millis,
}

impl Default for MockSpec {
    fn default() -> Self {
        Self { text: None, latency: Millis::new(0), chunk_interval: Millis::new(0) }
    }
}
