//! What a client sends, as written.

use aigw_core::Millis;
use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::Value;

/// A request: the name of a fixture, or written out.
#[derive(Clone, Debug, PartialEq)]
pub enum RequestRef {
    /// The name of a fixture.
    Name(String),
    /// Written out.
    Inline(Box<RequestSpec>),
}

/// A request. One of `use`, `get`, `post`, `put`, `patch`, `delete` says which.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestSpec {
    /// The name of a fixture that this begins as.
    pub r#use: Option<String>,
    /// GET this path.
    pub get: Option<String>,
    /// POST to this path.
    pub post: Option<String>,
    /// PUT to this path.
    pub put: Option<String>,
    /// PATCH this path.
    pub patch: Option<String>,
    /// DELETE this path.
    pub delete: Option<String>,
    /// The host that is asked. Default: `gateway.test`.
    pub host: Option<String>,
    /// The caller's address. Default: `127.0.0.1`.
    pub ip: Option<std::net::IpAddr>,
    /// Headers; they replace those of the same name.
    #[serde(default)]
    pub headers: IndexMap<String, String>,
    /// Headers that are left out again.
    #[serde(default)]
    pub without: Vec<String>,
    /// The body, as a chat completion.
    pub chat: Option<ChatSpec>,
    /// The body, as a request for embeddings.
    pub embeddings: Option<EmbeddingsSpec>,
    /// The body, as JSON.
    pub body: Option<Value>,
    /// The body, as it stands.
    pub text: Option<String>,
    /// Values put into the JSON body, by JSON Pointer.
    #[serde(default)]
    pub set: IndexMap<String, Value>,
    /// When the client leaves without waiting for the end.
    pub cancel: Option<CancelSpec>,
}

/// A chat completion, for short.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatSpec {
    /// The model that is asked for; left out, the body names none.
    pub model: Option<String>,
    /// A system message, the first.
    pub system: Option<String>,
    /// A user message, the last.
    pub user: Option<String>,
    /// Messages between them, as they are sent.
    #[serde(default)]
    pub messages: Vec<Value>,
    /// Whether a stream is asked for.
    pub stream: Option<bool>,
}

/// A request for embeddings, for short.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmbeddingsSpec {
    /// The model that is asked for; left out, the body names none.
    pub model: Option<String>,
    /// The text.
    pub input: String,
}

/// When a client leaves: one of the two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CancelSpec {
    /// After so many chunks of the answer's body; 0 is as soon as its head is there.
    pub after_chunks: Option<u32>,
    /// After this time.
    pub after: Option<Millis>,
}

impl<'de> Deserialize<'de> for RequestRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(name) => Ok(Self::Name(name)),
            other => serde_json::from_value(other).map(|spec| Self::Inline(Box::new(spec))).map_err(D::Error::custom),
        }
    }
}

impl JsonSchema for RequestRef {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RequestRef".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let spec = generator.subschema_for::<RequestSpec>();
        json_schema!({"anyOf": [{"type": "string", "description": "The name of a fixture."}, spec]})
    }
}
