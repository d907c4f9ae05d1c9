//! What a client asks for, and in which dialect's paths.

use serde::{Deserialize, Serialize};

/// What a request wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Chat completions, streamed or not.
    Chat,
    /// Embedding vectors for texts.
    Embeddings,
    /// The list of models this caller may use, and single entries of it.
    Models,
    /// Any other request, forwarded as it is by a route that serves `http`.
    Http,
}

/// A family of stock paths with its dialect, spoken by real client libraries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SurfaceName {
    /// OpenAI's `/v1/…`.
    Openai,
    /// Azure OpenAI's `/openai/deployments/{deployment}/…?api-version=…` and its `/openai/v1/…`.
    AzureOpenai,
}

impl Operation {
    /// As written in policies and records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Embeddings => "embeddings",
            Self::Models => "models",
            Self::Http => "http",
        }
    }
}

impl SurfaceName {
    /// As written in policies and records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Openai => "openai",
            Self::AzureOpenai => "azure-openai",
        }
    }
}
