//! A model as written.

use std::borrow::Cow;

use aigw_core::{Millis, Operation, Share};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize, Serializer};

use crate::model::RetryOn;
use crate::written::{ExprRef, Given};

/// What clients ask for by name, and where it is served.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ModelSpec {
    /// One line for people.
    #[serde(default)]
    pub description: String,
    /// What clients write, each name exact or with one `*` at its end. Default: the document's name. On one route a name means one model: an exact
    /// name comes before a pattern, a longer pattern before a shorter, and the same name twice is an error.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    pub names: Vec<String>,
    /// What it does. Default: `chat`.
    #[serde(default)]
    pub operation: ModelOperation,
    /// How targets of one priority are chosen among. Default: `weighted`.
    #[serde(default)]
    pub balance: Balance,
    /// Where its requests go. A lower priority number first; equals are balanced.
    #[schemars(length(min = 1, max = 100))]
    pub targets: Vec<TargetSpec>,
    /// Keeps a caller on one target: requests with equal values go to the same target while it is healthy.
    pub sticky: Option<ExprRef>,
    /// Sends within this model.
    #[serde(default)]
    pub retry: RetrySpec,
    /// Models tried in turn when this one's attempts or targets are spent; one hop each, and only those that the route serves.
    #[serde(default)]
    #[schemars(length(max = 20))]
    pub fallback: Vec<String>,
}

/// What a model does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum ModelOperation {
    /// Chat completions.
    #[default]
    Chat,
    /// Embedding vectors.
    Embeddings,
}

impl From<ModelOperation> for Operation {
    fn from(operation: ModelOperation) -> Self {
        match operation {
            ModelOperation::Chat => Self::Chat,
            ModelOperation::Embeddings => Self::Embeddings,
        }
    }
}

/// How targets of one priority are chosen among.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum Balance {
    /// At random, each as often as its weight says.
    #[default]
    Weighted,
}

/// One place that a model's requests can go.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetSpec {
    /// `provider/endpoint/model`, or `provider/model` for any endpoint of the provider.
    pub target: String,
    /// Its share among targets of the same priority. Default: 1.
    #[serde(default = "one")]
    pub weight: Given<u64>,
    /// A lower number is tried first.
    #[serde(default = "first")]
    #[schemars(range(min = 1, max = 1000))]
    pub priority: u32,
    /// Eligible only where this holds; where it fails the target is not eligible.
    pub when: Option<String>,
}

const fn one() -> Given<u64> {
    Given::Value(1)
}

const fn first() -> u32 {
    1
}

/// How often and when a request is sent again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct RetrySpec {
    /// All sends within this model, the first included. 1 never retries.
    #[schemars(range(min = 1, max = 20))]
    pub attempts: u32,
    /// What a retry answers to: a status, `5xx`, `timeout` (no first byte in time, or 408) or `connect` (no connection, or lost before the answer).
    #[schemars(length(max = 20))]
    pub retry_on: Vec<RetryWord>,
    /// The pause before the same target is tried again.
    pub backoff: BackoffSpec,
    /// Most retries, as a share of the provider's requests in the last ten seconds.
    pub budget: Share,
}

impl Default for RetrySpec {
    fn default() -> Self {
        let retry_on = [RetryOn::Status(429), RetryOn::ServerErrors, RetryOn::Timeout, RetryOn::Connect];
        Self {
            attempts: 2,
            retry_on: retry_on.map(RetryWord).to_vec(),
            backoff: BackoffSpec::default(),
            budget: Share::from_ppm(200_000),
        }
    }
}

/// The pause before the same target is tried again; it doubles each time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BackoffSpec {
    /// The first pause.
    pub base: Millis,
    /// The longest pause.
    pub max: Millis,
}

impl Default for BackoffSpec {
    fn default() -> Self {
        Self { base: Millis::new(200), max: Millis::from_secs(5) }
    }
}

/// What a retry answers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryWord(pub RetryOn);

impl Serialize for RetryWord {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            RetryOn::Status(status) => to.serialize_u16(status),
            RetryOn::ServerErrors => to.serialize_str("5xx"),
            RetryOn::Timeout => to.serialize_str("timeout"),
            RetryOn::Connect => to.serialize_str("connect"),
        }
    }
}

impl<'de> Deserialize<'de> for RetryWord {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let fault = || D::Error::custom("a retry answers to a status from 400 to 599, `5xx`, `timeout` or `connect`");
        let word = match serde_json::Value::deserialize(from)? {
            serde_json::Value::Number(number) => {
                let status = number.as_u64().and_then(|status| u16::try_from(status).ok());
                status.filter(|status| (400..=599).contains(status)).map(RetryOn::Status)
            }
            serde_json::Value::String(word) => match word.as_str() {
                "5xx" => Some(RetryOn::ServerErrors),
                "timeout" => Some(RetryOn::Timeout),
                "connect" => Some(RetryOn::Connect),
                _ => None,
            },
            _ => None,
        };
        word.map(Self).ok_or_else(fault)
    }
}

impl JsonSchema for RetryWord {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "RetryWord".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [
            {"type": "integer", "minimum": 400, "maximum": 599},
            {"type": "string", "enum": ["5xx", "timeout", "connect"]},
        ]})
    }
}
