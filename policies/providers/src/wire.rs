//! The upstreams: one folder each, and this registry.
//!
//! A wire says where a call goes, under which header the credential stands and which members of the body it needs; what is common to all of
//! them, the headers that may pass and what a failure means, lies beside the folders.

pub mod azure_openai;
pub mod headers;
pub mod mock;
pub mod openai;
pub mod openai_compatible;

mod body;
mod failure;
mod retry_after;

pub use body::BodyContext;
pub use failure::{ErrorClass, Failure, MAX_ERROR_BYTES, Retry, classify, classify_in_band};
pub use retry_after::{MAX_RETRY_AFTER, retry_after};

use crate::json::Splice;
use aigw_core::Operation;
use http::{HeaderName, HeaderValue};

/// Every upstream that a `Provider` can name as its `type`.
pub const PROVIDERS: &[Definition] =
    &[openai::DEFINITION, azure_openai::DEFINITION, openai_compatible::DEFINITION, mock::DEFINITION];

/// The upstream of that type name.
pub fn provider(type_name: &str) -> Option<&'static Definition> {
    PROVIDERS.iter().find(|definition| definition.type_name == type_name)
}

/// One upstream.
#[derive(Debug)]
pub struct Definition {
    /// The `type` in a `Provider`. Its folder has the same name, with underscores.
    pub type_name: &'static str,
    /// Where an API key goes.
    pub credential: Credential,
    /// Path and query of a call.
    pub path_and_query: fn(&Target<'_>) -> String,
    /// Writes into the body what this upstream needs to see there; see [`BodyContext`].
    pub edit_body: fn(&BodyContext<'_>, &mut Splice),
}

/// Where an API key goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Credential {
    /// `authorization: Bearer …`
    Bearer,
    /// `api-key: …`
    ApiKey,
    /// Nowhere: nothing leaves the process.
    None,
}

impl Credential {
    /// The header that carries a key, marked sensitive. None where there is none, or if the key cannot stand in a header.
    pub fn header(self, key: &str) -> Option<(HeaderName, HeaderValue)> {
        let (name, value) = match self {
            Self::Bearer => (http::header::AUTHORIZATION, format!("Bearer {key}")),
            Self::ApiKey => (HeaderName::from_static("api-key"), key.to_owned()),
            Self::None => return None,
        };
        let mut value = HeaderValue::try_from(value).ok()?;
        value.set_sensitive(true);
        Some((name, value))
    }
}

/// The ways in which an upstream's paths are versioned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Api {
    /// By the base address alone.
    #[default]
    Plain,
    /// Azure's `/openai/deployments/{deployment}/…?api-version=…`.
    Deployments {
        /// The date, with or without `-preview`.
        version: String,
    },
    /// Azure's `/openai/v1/…`, with `api-version` where one is given.
    V1 {
        /// Such as `preview`.
        version: Option<String>,
    },
}

/// What a call is aimed at. A path depends on nothing else, so it can be made once for each target.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// What is asked for: chat or embeddings.
    pub operation: Operation,
    /// The path of the endpoint's address, with or without a slash at its end.
    pub base_path: &'a str,
    /// What the upstream calls the model: its name, or the deployment's.
    pub model: &'a str,
    /// How its paths are versioned.
    pub api: &'a Api,
}

impl Target<'_> {
    /// The base path without a slash at its end.
    fn base(&self) -> &str {
        self.base_path.trim_end_matches('/')
    }

    /// The last part of the operation's path in OpenAI's dialect.
    fn operation_path(&self) -> &'static str {
        match self.operation {
            Operation::Chat => "/chat/completions",
            Operation::Embeddings => "/embeddings",
            Operation::Models | Operation::Http => "/models",
        }
    }
}

#[cfg(test)]
mod tests;
