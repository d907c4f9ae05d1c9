//! A route as written.

use std::borrow::Cow;

use aigw_core::{Name, Operation, SurfaceName};
use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use crate::route::{Class, ValueMatch};
use crate::written::{PolicyUse, True, any_of, scalar_or_map};

/// Which requests are served, in which dialects and operations, by what, under which policies.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RouteSpec {
    /// One line for people.
    #[serde(default)]
    pub description: String,
    /// Hosts, each exact or as `*.example.com`, which stands for one or more labels. Default: any host.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    pub hosts: Vec<String>,
    /// Families of stock paths with their dialects. Required for routes that serve models; routes that serve `http` have none.
    #[serde(default)]
    #[schemars(length(max = 10))]
    pub surfaces: Vec<SurfaceName>,
    /// What may be asked for on the stock paths. Default: what the models do, and `models`, their list.
    #[serde(default)]
    #[schemars(length(max = 10))]
    pub operations: Vec<RouteOperation>,
    /// Requests are served that fit any of these; within one, everything must fit. With `surfaces` these are conditions on top of the stock paths. Default: no condition.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    pub matches: Vec<MatchSpec>,
    /// What answers.
    pub serve: ServeSpec,
    /// Policies, after those of the Gateway: names, or `{use: NAME, with: {…}}` for a Prompt with parameters.
    #[serde(default)]
    #[schemars(length(max = 100))]
    pub policies: Vec<PolicyUse>,
    /// Policies of the Gateway that do not apply here; only those that are written `detachable: true`.
    #[serde(default)]
    #[schemars(length(max = 100))]
    pub detach: Vec<DetachSpec>,
    /// True lets everybody in; there is no Authentication then.
    #[serde(default)]
    pub anonymous: bool,
    /// `open` lets every caller do everything here; there is no Authorization then.
    pub authorization: Option<OpenWord>,
    /// How early its requests are refused where the process has many in flight: the Gateway's `load` says when.
    #[serde(default)]
    pub class: Class,
    /// The Tenant whose callers alone are served here; others are refused, without being told whose it is. Default: callers of every tenant, and of none.
    pub tenant: Option<Name>,
    /// Decides between matches that are otherwise equal: the higher number first.
    #[serde(default)]
    #[schemars(range(min = -1000, max = 1000))]
    pub priority: i32,
}

/// What may be asked for on a stock path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum RouteOperation {
    /// Chat completions, streamed or not.
    Chat,
    /// Embedding vectors.
    Embeddings,
    /// The list of models that this caller may use.
    Models,
}

impl From<RouteOperation> for Operation {
    fn from(operation: RouteOperation) -> Self {
        match operation {
            RouteOperation::Chat => Self::Chat,
            RouteOperation::Embeddings => Self::Embeddings,
            RouteOperation::Models => Self::Models,
        }
    }
}

/// What a request must be like; everything that is written must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MatchSpec {
    /// For routes that serve `http`, required: a path. `/score` is exact, `/score/*` is it and everything below, `/v1/{name}/score` captures a segment.
    pub path: Option<String>,
    /// Methods. Default: any, on stock paths theirs.
    pub methods: Vec<Method>,
    /// What headers must say: `NAME: text`, or `{prefix: …}`, `{regex: …}`, `{present: true}`, `{absent: true}`.
    #[schemars(extend("maxProperties" = 100))]
    pub headers: IndexMap<String, ValueMatchSpec>,
    /// What the query must say, in the same forms.
    #[schemars(extend("maxProperties" = 100))]
    pub query: IndexMap<String, ValueMatchSpec>,
    /// What else must hold, over the request's head.
    pub when: Option<String>,
}

/// A method of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schemars(inline)]
#[expect(missing_docs, reason = "RFC 9110 section 9 says what they are")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
}

impl Method {
    /// As it stands in a request.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
        }
    }
}

/// What a header or query value must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueMatchSpec(pub ValueMatch);

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct PrefixForm {
    /// What the value begins with.
    #[schemars(length(min = 1))]
    prefix: String,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct RegexForm {
    /// A regular expression for the whole value.
    regex: String,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct PresentForm {
    /// There, whatever it is.
    present: True,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct AbsentForm {
    /// Not there.
    absent: True,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ValueForms {
    prefix: Option<String>,
    regex: Option<String>,
    present: Option<True>,
    absent: Option<True>,
}

/// What answers: models, or any HTTP service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServeSpec {
    /// Models that clients may name here.
    #[schemars(length(max = 1000))]
    pub models: Vec<String>,
    /// The model for requests that name none. Default: none, so such a request is refused.
    pub default: Option<String>,
    /// `provider` or `provider/endpoint`: requests are forwarded as they are.
    pub http: Option<String>,
    /// For `http`: the path that replaces the request's; a `*` at its end takes what the `*` of the match took. Default: the request's own path.
    pub path: Option<String>,
}

/// A policy of the Gateway that does not apply to a route.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DetachSpec {
    /// Which policy; it must be written `detachable: true`.
    pub policy: String,
    /// Why, for whoever reviews it.
    #[schemars(length(min = 1))]
    pub reason: String,
}

/// The word `open`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum OpenWord {
    /// Every caller may do everything.
    Open,
}

impl<'de> Deserialize<'de> for ValueMatchSpec {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let forms = |forms: ValueForms| match forms {
            ValueForms { prefix: Some(text), regex: None, present: None, absent: None } => Ok(Self(ValueMatch::Prefix(text))),
            ValueForms { prefix: None, regex: Some(text), present: None, absent: None } => Ok(Self(ValueMatch::Regex(text))),
            ValueForms { prefix: None, regex: None, present: Some(True), absent: None } => Ok(Self(ValueMatch::Present)),
            ValueForms { prefix: None, regex: None, present: None, absent: Some(True) } => Ok(Self(ValueMatch::Absent)),
            _ => Err(D::Error::custom("write one of `prefix`, `regex`, `present` and `absent`")),
        };
        let expecting = "a text, or one of `{prefix: …}`, `{regex: …}`, `{present: true}` and `{absent: true}`";
        scalar_or_map(from, expecting, |text| Ok(Self(ValueMatch::Exact(text))), forms)
    }
}

impl JsonSchema for ValueMatchSpec {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ValueMatch".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        any_of([
            generator.subschema_for::<String>(),
            generator.subschema_for::<PrefixForm>(),
            generator.subschema_for::<RegexForm>(),
            generator.subschema_for::<PresentForm>(),
            generator.subschema_for::<AbsentForm>(),
        ])
    }
}
