//! The envelope that every document shares, and the list of kinds.

use std::fmt;
use std::str::FromStr;

use aigw_core::Name;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::Labels;
use crate::authentication::AuthenticationSpec;
use crate::authorization::AuthorizationSpec;
use crate::consumer::ConsumerSpec;
use crate::gateway::GatewaySpec;
use crate::limit::LimitSpec;
use crate::model::ModelSpec;
use crate::product::ProductSpec;
use crate::prompt::PromptSpec;
use crate::provider::ProviderSpec;
use crate::route::RouteSpec;
use crate::subscription::SubscriptionSpec;
use crate::tenant::TenantSpec;
use crate::validation::ValidationSpec;

/// The version of the language that documents name in `apiVersion`.
pub const API_VERSION: &str = "aigw.dev/v1";

/// The group of the language: a document whose `apiVersion` begins so is ours.
pub const API_GROUP: &str = "aigw.dev/";

/// A document as written.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Envelope<S> {
    /// The language and its version: `aigw.dev/v1`.
    pub api_version: ApiVersion,
    /// What the document is.
    pub kind: Kind,
    /// Its name, labels and annotations.
    pub metadata: Metadata,
    /// What it says.
    pub spec: S,
}

/// The versions of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum ApiVersion {
    /// The first.
    #[serde(rename = "aigw.dev/v1")]
    V1,
}

/// A document's name, labels and annotations.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// The name that other documents refer to: a-z, 0-9 and `-`, at most 63 characters. Unique within its kind, and across all policy kinds.
    pub name: Name,
    /// Free names and values, shown in logs, metrics and reports, and matched by selectors. Values that look like numbers are quoted.
    #[serde(default)]
    pub labels: Labels,
    /// Notes for other tools: kept, never interpreted.
    #[serde(default)]
    pub annotations: Labels,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident($spec:ty) policy: $policy:literal),+ $(,)?) => {
        /// What a document is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
        #[schemars(inline)]
        pub enum Kind {
            $($(#[$doc])* $kind,)+
        }

        /// What a document says.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Spec {
            $($(#[$doc])* $kind($spec),)+
        }

        impl Kind {
            /// Every kind, in the order of the reference.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// As written in `kind:`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => stringify!($kind),)+
                }
            }

            /// Whether documents of this kind attach by `policies:`; their names are unique together.
            pub const fn is_policy(self) -> bool {
                match self {
                    $(Self::$kind => $policy,)+
                }
            }
        }

        impl Spec {
            /// Which kind it is of.
            pub const fn kind(&self) -> Kind {
                match self {
                    $(Self::$kind(_) => Kind::$kind,)+
                }
            }
        }

        $(
            impl AsSpec for $spec {
                const KIND: Kind = Kind::$kind;

                fn of(spec: &Spec) -> Option<&Self> {
                    if let Spec::$kind(spec) = spec { Some(spec) } else { None }
                }

                fn into_spec(self) -> Spec {
                    Spec::$kind(self)
                }
            }
        )+
    };
}

/// A type that is the `spec` of a kind.
pub trait AsSpec: Sized {
    /// Which kind.
    const KIND: Kind;

    /// The spec, where it is of this kind.
    fn of(spec: &Spec) -> Option<&Self>;

    /// As one of all.
    fn into_spec(self) -> Spec;
}

kinds! {
    /// The whole: parameters, global policies and attachments, bounds, error bodies, CORS. At most one.
    Gateway(GatewaySpec) policy: false,
    /// An upstream account: wire, endpoints, credentials, models, timeouts.
    Provider(ProviderSpec) policy: false,
    /// What clients ask for: names, targets, balancing, retry, fallback.
    Model(ModelSpec) policy: false,
    /// Which requests are served, in which dialects and operations, by what, under which policies.
    Route(RouteSpec) policy: false,
    /// An isolation boundary: its consumers, counters, targets and records never mix with another's.
    Tenant(TenantSpec) policy: false,
    /// An application or a person: credentials, roles, labels.
    Consumer(ConsumerSpec) policy: false,
    /// Routes and models that are offered together, to subscribers.
    Product(ProductSpec) policy: false,
    /// A consumer's approved right to a product.
    Subscription(SubscriptionSpec) policy: false,
    /// How callers prove who they are.
    Authentication(AuthenticationSpec) policy: true,
    /// Who may do what.
    Authorization(AuthorizationSpec) policy: true,
    /// What input is acceptable.
    Validation(ValidationSpec) policy: true,
    /// Rates and concurrency.
    Limit(LimitSpec) policy: true,
    /// Messages, parameters, defaults and caps.
    Prompt(PromptSpec) policy: true,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text).ok_or(())
    }
}

/// A document of a kind that shows most of what can be written. All of them together are a repository that compiles.
pub const fn example(kind: Kind) -> &'static str {
    match kind {
        Kind::Gateway => include_str!("gateway/example.yaml"),
        Kind::Provider => include_str!("provider/example.yaml"),
        Kind::Model => include_str!("model/example.yaml"),
        Kind::Route => include_str!("route/example.yaml"),
        Kind::Tenant => include_str!("tenant/example.yaml"),
        Kind::Consumer => include_str!("consumer/example.yaml"),
        Kind::Product => include_str!("product/example.yaml"),
        Kind::Subscription => include_str!("subscription/example.yaml"),
        Kind::Authentication => include_str!("authentication/example.yaml"),
        Kind::Authorization => include_str!("authorization/example.yaml"),
        Kind::Validation => include_str!("validation/example.yaml"),
        Kind::Limit => include_str!("limit/example.yaml"),
        Kind::Prompt => include_str!("prompt/example.yaml"),
    }
}
