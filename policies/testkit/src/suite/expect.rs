//! What must come of a request, as written.

use aigw_core::Share;
use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::Value;

use super::{BodyExpect, Matcher};

/// What must come of a request. Every part that is written must hold, nothing is said of the others.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ExpectSpec {
    /// The status that the client got.
    pub status: Option<Matcher>,
    /// The code of the error.
    pub code: Option<Matcher>,
    /// The route; `{absent: true}` where none may match.
    pub route: Option<Matcher>,
    /// The Model that served.
    pub model: Option<Matcher>,
    /// The consumer that was recognised.
    pub consumer: Option<Matcher>,
    /// The tenant that the caller is of; `{absent: true}` where it is of none.
    pub tenant: Option<Matcher>,
    /// The product that the request was under.
    pub product: Option<Matcher>,
    /// The subscription that the request was under.
    pub subscription: Option<Matcher>,
    /// The target that served, as `provider/endpoint/model`.
    pub target: Option<Matcher>,
    /// Every target that was called, in order.
    pub attempts: Option<Vec<String>>,
    /// How the request ended: `completed`, `refused`, `failed` or `cancelled`.
    pub outcome: Option<Matcher>,
    /// Routes, models, policies (or `policy/rule`) that took part; nothing is said about others.
    pub decided_by: Option<Vec<String>>,
    /// Headers of the answer, by name.
    pub headers: Option<IndexMap<String, Matcher>>,
    /// The answer's body.
    pub body: Option<BodyExpect>,
    /// The answer as a stream of chat completion chunks.
    pub stream: Option<StreamExpect>,
    /// How many calls went upstream.
    pub calls: Option<Matcher>,
    /// The last call that went upstream.
    pub sent: Option<SentExpect>,
    /// The tokens that were counted.
    pub usage: Option<UsageExpect>,
    /// What remains of limits, by `policy/rule`.
    pub limits: Option<IndexMap<String, Matcher>>,
    /// Time from the request to its answer's last byte, in milliseconds.
    pub took: Option<Matcher>,
    /// The decision record, by JSON Pointer.
    pub record: Option<IndexMap<String, Matcher>>,
    /// How the requests of a sample, or those sent together, are shared out.
    pub shares: Option<SharesExpect>,
    /// Name of a snapshot of the whole: the answer, what was sent, and the decisions.
    pub snapshot: Option<String>,
}

/// A call as it went upstream.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SentExpect {
    /// Where to, as `provider/endpoint`.
    pub to: Option<Matcher>,
    /// The method.
    pub method: Option<Matcher>,
    /// The path, without its query.
    pub path: Option<Matcher>,
    /// Parameters of the query, by name.
    pub query: Option<IndexMap<String, Matcher>>,
    /// Headers, by name; `{secret: NAME}` is the value of a secret.
    pub headers: Option<IndexMap<String, Matcher>>,
    /// The body.
    pub body: Option<BodyExpect>,
}

/// An answer as a stream of chat completion chunks.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamExpect {
    /// The content of all chunks of the first choice, joined.
    pub text: Option<Matcher>,
    /// How it ends.
    pub ends: Option<StreamEnds>,
    /// The code of the error that ended it.
    pub error: Option<Matcher>,
    /// How many events came, the one that ends it included.
    pub events: Option<Matcher>,
    /// When the first content came, in milliseconds since the request.
    pub first: Option<Matcher>,
    /// Whether an event with usage came.
    pub usage: Option<bool>,
}

/// How a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum StreamEnds {
    /// With `[DONE]`.
    Done,
    /// With an error event.
    Error,
    /// The connection is cut.
    Cut,
    /// The client left.
    Left,
}

/// Tokens that were counted.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UsageExpect {
    /// Of prompt and answer.
    pub tokens: Option<Matcher>,
    /// Of the prompt.
    pub input: Option<Matcher>,
    /// Of the answer.
    pub output: Option<Matcher>,
    /// Of the prompt, read from the provider's cache.
    pub cached: Option<Matcher>,
    /// Of the answer, spent on reasoning.
    pub reasoning: Option<Matcher>,
}

/// How requests are shared out.
#[derive(Clone, Debug, PartialEq)]
pub struct SharesExpect {
    /// By what.
    pub by: ShareBy,
    /// How far a share may be off. Default: four standard deviations of a random choice as often as the sample is large.
    pub within: Option<Share>,
    /// The shares, by value.
    pub of: IndexMap<String, ShareValue>,
}

/// What requests are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum ShareBy {
    /// The target that served.
    Target,
    /// The status.
    Status,
    /// The error's code.
    Code,
    /// The route.
    Route,
    /// The Model.
    Model,
}

/// A share: a number of requests, which is exact, or a part of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShareValue {
    /// So many.
    Count(u64),
    /// That part of all.
    Part(Share),
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct SharesForm {
    /// What requests are told apart by.
    by: ShareBy,
    /// How far a share may be off.
    within: Option<Share>,
}

impl<'de> Deserialize<'de> for SharesExpect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut entries = IndexMap::<String, Value>::deserialize(deserializer)?;
        let by = entries.shift_remove("by").ok_or_else(|| D::Error::missing_field("by"))?;
        let within = entries.shift_remove("within").map(serde_json::from_value).transpose().map_err(D::Error::custom)?;
        let of = entries
            .into_iter()
            .map(|(name, value)| ShareValue::read(&value).map(|value| (name, value)))
            .collect::<Result<_, _>>()
            .map_err(D::Error::custom)?;
        Ok(Self { by: serde_json::from_value(by).map_err(D::Error::custom)?, within, of })
    }
}

impl JsonSchema for SharesExpect {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SharesExpect".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = SharesForm::json_schema(generator);
        let value = json_schema!({"type": ["string", "integer"], "description": "The share of this value: `80%`, or a number of requests."});
        schema.insert("additionalProperties".to_owned(), value.to_value());
        schema.insert(
            "description".to_owned(),
            "How requests are shared out: `by` what, and the share of each value, as `80%` or as a number.".into(),
        );
        schema
    }
}

impl ShareValue {
    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::Number(number) => {
                number.as_u64().map(Self::Count).ok_or_else(|| format!("`{number}` is not a number of requests"))
            }
            Value::String(text) => text.parse().map(Self::Part).map_err(|error: aigw_core::UnitError| error.to_string()),
            _ => Err("a share is a percentage such as `80%`, or a number of requests".to_owned()),
        }
    }
}
