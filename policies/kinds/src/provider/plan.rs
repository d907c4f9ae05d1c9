//! A provider as compiled.

use std::collections::BTreeMap;

use aigw_core::{Millis, Name};
use serde::{Deserialize, Serialize};

use crate::{EndpointId, Labels, Origin, Place, ProviderId, Setting};

/// An upstream account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderPlan {
    /// Name and place.
    pub origin: Origin,
    /// What it speaks.
    pub wire: WirePlan,
    /// Its endpoints, in the order written. A mock has one, named `mock`.
    pub endpoints: Vec<EndpointId>,
    /// What it calls its models; empty where any name is passed on.
    pub models: BTreeMap<String, ProviderModel>,
    /// Its times.
    pub timeouts: TimeoutsPlan,
    /// The named CA that signs its certificates; `None` for the system's.
    pub tls_ca: Option<Name>,
}

/// What a provider speaks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WirePlan {
    /// OpenAI itself.
    Openai,
    /// Anything that speaks OpenAI's dialect under a base URL.
    OpenaiCompatible,
    /// Azure OpenAI.
    AzureOpenai(AzureApi),
    /// The built-in stand-in: no network, no key.
    Mock(MockPlan),
}

/// Azure OpenAI's two ways to be called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AzureApi {
    /// `/openai/deployments/{deployment}/…?api-version=…`.
    Deployments {
        /// The api version.
        version: Setting<String>,
    },
    /// `/openai/v1/…`, with `api-version` where given.
    V1 {
        /// The api version, such as `preview`.
        version: Option<Setting<String>>,
    },
}

/// What the stand-in answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MockPlan {
    /// The answer's text; `None` echoes the last user message.
    pub text: Option<String>,
    /// Time before the answer's first byte.
    pub latency: Millis,
    /// Time between two chunks of a stream.
    pub chunk_interval: Millis,
}

/// What a provider calls a model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderModel {
    /// The deployment's name where it differs from the model's.
    pub deployment: Option<String>,
}

/// Times of calls to a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeoutsPlan {
    /// To connect, TLS included.
    pub connect: Millis,
    /// From sending to the answer's head, and in a stream to its first content.
    pub first_byte: Millis,
    /// Between two pieces of an answer.
    pub idle: Millis,
    /// For one attempt as a whole.
    pub total: Millis,
}

/// One address of a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointPlan {
    /// Its name within the provider.
    pub name: Name,
    /// Whose it is.
    pub provider: ProviderId,
    /// The provider's labels, and its own over them.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// Base URL; `None` for the mock.
    pub url: Option<Setting<String>>,
    /// What proves who calls; `None` sends nothing.
    pub credential: Option<CredentialPlan>,
    /// Where it stands.
    pub place: Place,
}

/// What proves to an endpoint who calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialPlan {
    /// The secret of this name, in the header that the provider wants.
    Key(String),
    /// A token of an Azure managed identity.
    ManagedIdentity(ManagedIdentityPlan),
}

/// An Azure managed identity, and what its token is good for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagedIdentityPlan {
    /// The client id of a user-assigned identity; `None` for the machine's own.
    pub client_id: Option<Setting<String>>,
    /// The resource.
    pub resource: String,
}
