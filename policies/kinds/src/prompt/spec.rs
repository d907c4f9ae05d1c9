//! A prompt as written.

use std::borrow::Cow;

use aigw_core::{Name, Share};
use aigw_providers::dialect::openai::{LOGICAL_PARAMETERS, LogicalParameter, ParameterType};
use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::Deserializer;
use serde_json::{Number, Value};

use crate::Mode;
use crate::written::{TextOrFile, any_of, scalar_or_map};

/// Messages and parameters that the platform owns.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PromptSpec {
    /// One line for people.
    pub description: String,
    /// Whether the prompt is in force. In shadow it works on a copy, and what it would have changed is recorded.
    pub mode: Mode,
    /// What its templates may use: a JSON Schema object whose members are texts, whole numbers or booleans.
    pub parameters: PromptParametersSpec,
    /// Its messages, by version.
    #[schemars(extend("maxProperties" = 100))]
    pub versions: IndexMap<Name, PromptVersionSpec>,
    /// Which version applies: its name, or shares that add up to `100%`. May be left out where there is one version.
    pub r#use: Option<VersionUse>,
    /// Parameters that are set, whatever the client wrote.
    pub set: ModelParameters,
    /// Parameters that are set where the client wrote none.
    pub default: ModelParameters,
    /// Greatest values: what is above, under any alias, is lowered.
    pub cap: ModelCaps,
    /// Whether a route may leave this policy out by `detach`.
    pub detachable: bool,
}

/// The parameters of a prompt.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PromptParametersSpec {
    /// Always `object`.
    pub r#type: ObjectWord,
    /// Parameters that every use must give.
    pub required: Vec<String>,
    /// The parameters by name: lower-case letters, digits and `_`.
    #[schemars(extend("maxProperties" = 100))]
    pub properties: IndexMap<String, PromptParameterSpec>,
}

/// The word `object`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum ObjectWord {
    /// An object.
    #[default]
    Object,
}

/// One parameter of a prompt.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PromptParameterSpec {
    /// What its values are.
    pub r#type: PromptParameterType,
    /// One line for people.
    #[serde(default)]
    pub description: String,
    /// For `string`: longest value in characters. Default 1000.
    #[schemars(range(min = 1, max = 100_000))]
    pub max_length: Option<u32>,
    /// For `string`: one of these.
    #[serde(default)]
    pub r#enum: Vec<String>,
    /// For `string`: a regular expression for the whole value.
    pub pattern: Option<String>,
    /// For `integer`: least value. Default: the least of 64 bits.
    pub minimum: Option<i64>,
    /// For `integer`: greatest value. Default: the greatest of 64 bits.
    pub maximum: Option<i64>,
    /// The value where a use gives none.
    #[serde(default)]
    pub default: Option<ScalarValue>,
}

/// What a prompt parameter's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum PromptParameterType {
    /// A text.
    String,
    /// A whole number.
    Integer,
    /// True or false.
    Boolean,
}

/// A text, a whole number or a boolean.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ScalarValue(pub Value);

/// One version of a prompt.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PromptVersionSpec {
    /// The messages, in order; exactly one is `{request: {}}`, the caller's own.
    #[schemars(length(min = 1, max = 100))]
    pub messages: Vec<MessageSpec>,
}

/// One message: `{ROLE: TEXT}`, `{ROLE: {file: PATH}}`, or `{request: {}}` for the caller's messages. Texts are minijinja templates.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MessageSpec {
    /// A system message.
    System(TextOrFile),
    /// A developer message.
    Developer(TextOrFile),
    /// A user message.
    User(TextOrFile),
    /// An assistant message.
    Assistant(TextOrFile),
    /// The caller's messages.
    Request(NoSettings),
}

impl MessageSpec {
    /// The role and the template; `None` for the caller's messages.
    pub const fn template(&self) -> Option<(&'static str, &TextOrFile)> {
        match self {
            Self::System(text) => Some(("system", text)),
            Self::Developer(text) => Some(("developer", text)),
            Self::User(text) => Some(("user", text)),
            Self::Assistant(text) => Some(("assistant", text)),
            Self::Request(_) => None,
        }
    }
}

/// No settings: `{}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct NoSettings {}

/// Which version of a prompt applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionUse {
    /// Always this one.
    One(String),
    /// Each for its share of the requests.
    Shares(IndexMap<String, Share>),
}

/// Parameters of a model call by their logical names, as [`LOGICAL_PARAMETERS`] lists them; each is written under the name that the target wants.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct ModelParameters(pub IndexMap<String, Value>);

/// Greatest values of parameters of a model call, by their logical names.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct ModelCaps(pub IndexMap<String, Number>);

impl JsonSchema for ModelParameters {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ModelParameters".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        parameters_schema(LOGICAL_PARAMETERS.iter())
    }
}

impl JsonSchema for ModelCaps {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ModelCaps".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        parameters_schema(LOGICAL_PARAMETERS.iter().filter(|parameter| parameter.can_be_capped()))
    }
}

fn parameters_schema<'a>(parameters: impl Iterator<Item = &'a LogicalParameter>) -> Schema {
    let members = parameters.map(|parameter| {
        let mut schema = value_schema(&parameter.value);
        let wire: Vec<String> = parameter.wire.iter().map(|name| format!("`{name}`")).collect();
        schema.insert(
            "description".to_owned(),
            format!("{} on the wire; {}.", wire.join(" or "), parameter.value.describe()).into(),
        );
        (parameter.logical.to_owned(), Value::from(schema))
    });
    let members: serde_json::Map<String, Value> = members.collect();
    json_schema!({"type": "object", "properties": members, "additionalProperties": false})
}

fn value_schema(value: &ParameterType) -> Schema {
    match value {
        ParameterType::Integer { min: i64::MIN, max: i64::MAX } => json_schema!({"type": "integer"}),
        ParameterType::Integer { min, max } => json_schema!({"type": "integer", "minimum": min, "maximum": max}),
        ParameterType::Number { min, max } => json_schema!({"type": "number", "minimum": min, "maximum": max}),
        ParameterType::Boolean => json_schema!({"type": "boolean"}),
        ParameterType::Text { characters } => json_schema!({"type": "string", "minLength": 1, "maxLength": characters}),
        ParameterType::Texts { items } => json_schema!({"anyOf": [
            {"type": "string"},
            {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": items},
        ]}),
        ParameterType::Choice(words) => json_schema!({"type": "string", "enum": words}),
    }
}

impl JsonSchema for ScalarValue {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ScalarValue".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["string", "integer", "boolean"]})
    }
}

impl<'de> Deserialize<'de> for VersionUse {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        scalar_or_map(
            from,
            "a version's name or `{VERSION: SHARE}`",
            |name| Ok(Self::One(name)),
            |shares| Ok(Self::Shares(shares)),
        )
    }
}

impl JsonSchema for VersionUse {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "VersionUse".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        any_of([generator.subschema_for::<String>(), generator.subschema_for::<IndexMap<String, Share>>()])
    }
}
