//! What an upstream answers, as written.

use aigw_core::Millis;
use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::Value;

/// An answer: the name of a fixture, or written out.
#[derive(Clone, Debug, PartialEq)]
pub enum AnswerRef {
    /// The name of a fixture.
    Name(String),
    /// Written out.
    Inline(Box<AnswerSpec>),
}

/// What an upstream does with one call. At most one of `chat`, `embeddings`, `body`, `text` and `stream` is its body; an error status without one
/// has the provider's usual error.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerSpec {
    /// The status. Default: 200.
    #[schemars(range(min = 100, max = 599))]
    pub status: Option<u16>,
    /// Headers besides those that the body brings; they replace those of the same name.
    #[serde(default)]
    pub headers: IndexMap<String, String>,
    /// Time before the answer's head.
    pub after: Option<Millis>,
    /// A chat completion.
    pub chat: Option<ChatAnswer>,
    /// Embeddings.
    pub embeddings: Option<EmbeddingsAnswer>,
    /// JSON.
    pub body: Option<Value>,
    /// A text as it stands.
    pub text: Option<String>,
    /// A stream of chat completion chunks.
    #[schemars(length(min = 1, max = 10_000))]
    pub stream: Option<Vec<PieceSpec>>,
    /// What goes wrong.
    pub fault: Option<FaultWord>,
    /// The body comes in small pieces.
    pub slow: Option<SlowSpec>,
}

/// A chat completion, for short.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ChatAnswer {
    /// The assistant's text.
    #[serde(default)]
    pub text: String,
    /// Tool calls, as they are sent.
    #[serde(default)]
    pub tool_calls: Vec<Value>,
    /// Why it ended. Default: `stop`, or `tool_calls` where there are some.
    pub finish: Option<String>,
    /// The tokens that it reports.
    pub usage: Option<UsageSpec>,
    /// The model that it names. Default: the one that was asked for.
    pub model: Option<String>,
}

/// Embeddings, for short.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmbeddingsAnswer {
    /// One vector for each input.
    pub vectors: Vec<Vec<f64>>,
    /// The tokens that it reports.
    pub usage: Option<UsageSpec>,
}

/// Tokens that an upstream reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UsageSpec {
    /// Of the prompt.
    pub input: u64,
    /// Of the answer.
    #[serde(default)]
    pub output: u64,
    /// Of the prompt, read from the provider's cache.
    pub cached: Option<u64>,
    /// Of the answer, spent on reasoning.
    pub reasoning: Option<u64>,
}

/// One piece of a stream: one of its keys. After the last piece the stream ends as it should, unless `end` says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PieceSpec {
    /// A chunk with this content.
    pub text: Option<String>,
    /// A chunk with this refusal.
    pub refusal: Option<String>,
    /// A chunk with this delta of a tool call, as it is sent.
    pub tool_call: Option<Value>,
    /// Time before the next piece.
    pub wait: Option<Millis>,
    /// A chunk that ends the choice, for this reason. Default: `stop`, before the end.
    pub finish: Option<String>,
    /// The chunk with the tokens, sent behind the finish where usage is asked for.
    pub usage: Option<UsageSpec>,
    /// An event with this JSON.
    pub event: Option<Value>,
    /// Bytes as they stand.
    pub raw: Option<String>,
    /// How the stream ends here; the last piece.
    pub end: Option<StreamEnd>,
}

/// How a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum StreamEnd {
    /// The connection is cut.
    Cut,
    /// Nothing comes any more, and the connection stays.
    Stall,
    /// It ends with a finish reason and without `[DONE]`.
    WithoutDone,
    /// It ends where it is.
    Bare,
}

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum FaultWord {
    /// The connection is refused.
    Refuse,
    /// No connection in time.
    ConnectTimeout,
    /// The TLS handshake fails.
    Tls,
    /// The connection is lost before the answer's head.
    Reset,
    /// The answer's head never comes.
    Timeout,
    /// What comes is not HTTP.
    NotHttp,
    /// The connection is lost half-way through the body.
    Truncated,
    /// Half of the body comes, as if it were all.
    Malformed,
}

/// A body in small pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlowSpec {
    /// Bytes of one piece.
    #[schemars(range(min = 1, max = 65_536))]
    pub bytes: u32,
    /// Time before each piece.
    pub every: Millis,
}

impl<'de> Deserialize<'de> for AnswerRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(name) => Ok(Self::Name(name)),
            other => serde_json::from_value(other).map(|spec| Self::Inline(Box::new(spec))).map_err(D::Error::custom),
        }
    }
}

impl JsonSchema for AnswerRef {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AnswerRef".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let spec = generator.subschema_for::<AnswerSpec>();
        json_schema!({"anyOf": [{"type": "string", "description": "The name of a fixture."}, spec]})
    }
}
