//! Test suites as written: one file a subject, everything documented for the author who writes them.

mod answer;
mod body;
mod expect;
mod matcher;
mod request;
mod token;

use aigw_core::{Millis, Name};
use aigw_kinds::consumer::Instant;
use aigw_kinds::written::OneOrMany;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

pub use answer::{AnswerRef, AnswerSpec, ChatAnswer, EmbeddingsAnswer, FaultWord, PieceSpec, SlowSpec, StreamEnd, UsageSpec};
pub use body::BodyExpect;
pub use expect::{ExpectSpec, SentExpect, ShareBy, ShareValue, SharesExpect, StreamEnds, StreamExpect, UsageExpect};
pub use matcher::{Matcher, MatcherError, Number, Pattern, Tolerance};
pub use request::{CancelSpec, ChatSpec, EmbeddingsSpec, RequestRef, RequestSpec};
pub use token::{IssuersWord, TokenKeyWord, TokenSpec};

/// Cases that say what the policies beside them must do.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuiteSpec {
    /// One line for people.
    #[serde(default)]
    pub description: String,
    /// Values of the parameters that the Gateway declares, for every case; others keep their `test` values.
    #[serde(default)]
    pub params: IndexMap<String, String>,
    /// When every case begins, with an offset: `2026-03-29T01:59:00+01:00`. Default: `2026-01-01T00:00:00Z`.
    pub at: Option<String>,
    /// Who asks, what they ask and what upstreams answer, by name. More stand in `fixtures/*.yaml`.
    #[serde(default)]
    pub fixtures: FixturesSpec,
    /// The cases.
    #[schemars(length(min = 1, max = 10_000))]
    pub cases: Vec<CaseSpec>,
}

/// Named identities, requests and answers that several cases share.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FixturesSpec {
    /// Who asks.
    #[serde(default)]
    pub identities: IndexMap<String, IdentitySpec>,
    /// What they ask.
    #[serde(default)]
    pub requests: IndexMap<String, RequestSpec>,
    /// What upstreams answer.
    #[serde(default)]
    pub upstreams: IndexMap<String, AnswerSpec>,
}

/// Who asks: a consumer with a credential that is made up and verified for real, anybody, or somebody with a key of your own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentitySpec {
    /// Name of a Consumer.
    pub consumer: Option<String>,
    /// The consumer's credential to use: the id of an API key, with its expiry, or the name of an issuer whose token it takes. Default: its first.
    pub credential: Option<String>,
    /// A token of an issuer, with claims of your own.
    pub jwt: Option<TokenSpec>,
    /// No credential at all: `true`.
    pub anonymous: Option<bool>,
    /// The text of a key as the caller would send it, such as one that nobody issued.
    pub key: Option<String>,
    /// The client certificate of the caller's connection, such as one that is nobody's. What a Consumer's certificate looks like says `consumer`.
    pub mtls: Option<IdentityCertificateSpec>,
    /// The header that the key is sent in. Default: the first that the route's Authentication reads.
    pub header: Option<String>,
}

/// A client certificate that a connection has proved to hold. Times and chains are not verified again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct IdentityCertificateSpec {
    /// The authorities it leads to. Default: every one that the policies name; `[]` for a certificate that was revoked since the connection began.
    pub authorities: Option<Vec<Name>>,
    /// Its subject, as a Consumer's credential writes it. Default: none.
    pub subject: Option<String>,
    /// Its alternative names, as a Consumer's credential writes them.
    pub san: Vec<String>,
    /// Its SHA-256: 64 hex digits. Default: one that nobody has.
    #[schemars(regex(pattern = "^[0-9a-fA-F]{64}$"))]
    pub fingerprint: Option<String>,
    /// When it ends: a day or a moment. Default: never.
    pub not_after: Option<Instant>,
}

/// One thing that must hold. Either `send`, `steps` or `sample`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseSpec {
    /// What must hold, in a sentence. Unique in the suite. Default: its number, as `#3`.
    #[schemars(length(min = 1, max = 200))]
    pub name: Option<String>,
    /// Name of the identity that asks. Default: nobody, without a credential.
    pub r#as: Option<String>,
    /// The request.
    pub send: Option<RequestRef>,
    /// How often it is sent, one after the other. Default: once.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub times: Option<u32>,
    /// What upstreams answer, by `provider/endpoint`, `provider` or `"*"`; the most specific counts. One answer is given to every call, a list
    /// one by one, and a call beyond its end fails the case.
    #[serde(default)]
    pub upstream: IndexMap<String, OneOrMany<AnswerRef>>,
    /// What must come of it. With `matrix` one for all rows, or a list with one for each row in the order of the product.
    pub expect: Option<OneOrMany<ExpectSpec>>,
    /// Several things one after the other, in one world: limits keep their counts, and time passes by `advance` only, or where something waits.
    #[schemars(length(min = 1, max = 1_000))]
    pub steps: Option<Vec<StepSpec>>,
    /// The same request many times, to see how it is shared out.
    pub sample: Option<SampleSpec>,
    /// The case once for each combination: `as`, `upstream`, `send`, or a part of the request such as `send.set./model`, each with its values.
    pub matrix: Option<IndexMap<String, Vec<serde_json::Value>>>,
    /// Values of parameters, for this case.
    #[serde(default)]
    pub params: IndexMap<String, String>,
    /// When the case begins.
    pub at: Option<String>,
    /// What its random choices follow. Default: from `--seed` and the case's name.
    pub seed: Option<u64>,
    /// Names of secrets that are missing, and `provider/endpoint` where there is no token of the managed identity.
    #[serde(default)]
    pub without: Vec<String>,
    /// The store of limits, at the beginning.
    pub store: Option<StoreWord>,
    /// The keys of the issuers of tokens.
    pub issuers: Option<IssuersWord>,
}

/// One step of a timeline: a request, time that passes, or something that changes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepSpec {
    /// Name of the identity that asks. Default: the case's.
    pub r#as: Option<String>,
    /// A request.
    pub send: Option<RequestRef>,
    /// How often it is sent. Default: once.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub times: Option<u32>,
    /// Whether they are sent at the same moment instead of one after the other.
    pub together: Option<bool>,
    /// What must come of it, of each that is sent.
    pub expect: Option<ExpectSpec>,
    /// Time that passes.
    pub advance: Option<Millis>,
    /// From here on, upstreams answer so; what is not named stays.
    pub upstream: Option<IndexMap<String, OneOrMany<AnswerRef>>>,
    /// From here on, the store of limits is so.
    pub store: Option<StoreWord>,
}

/// Whether the store of limits answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum StoreWord {
    /// It answers.
    Up,
    /// It fails every question.
    Down,
}

/// The same request many times.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SampleSpec {
    /// The request.
    pub of: RequestRef,
    /// Name of the identity that asks.
    pub r#as: Option<String>,
    /// How often.
    #[schemars(range(min = 2, max = 1_000_000))]
    pub times: u32,
    /// What random choices follow; the case's `seed` by another place.
    pub seed: Option<u64>,
    /// What differs: parts of the request such as `headers.x-user` or `set./user`, with `{i}` for the number from 0.
    #[serde(default)]
    pub vary: IndexMap<String, String>,
}
