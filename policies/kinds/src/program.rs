//! The program: what a repository compiles to and what the engine executes.

use std::collections::BTreeMap;

use aigw_core::Name;
use serde::{Deserialize, Serialize};

use crate::PolicySet;
use crate::authentication::{AuthenticationPlan, IssuerPlan};
use crate::authorization::AuthorizationPlan;
use crate::consumer::ConsumerPlan;
use crate::gateway::{GatewayPlan, ParameterPlan};
use crate::limit::LimitPlan;
use crate::model::ModelPlan;
use crate::product::ProductPlan;
use crate::prompt::PromptPlan;
use crate::provider::{EndpointPlan, ProviderPlan};
use crate::route::{MatchRow, RoutePlan};
use crate::subscription::SubscriptionPlan;
use crate::tenant::TenantPlan;
use crate::validation::ValidationPlan;

/// Version of the program format. A runtime loads programs of its own version only.
pub const PROGRAM_VERSION: u32 = 1;

/// A compiled policy repository. Everything in it is resolved, defaulted and checked; what stays open is the values of parameters and secrets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// [`PROGRAM_VERSION`] of the compiler.
    pub version: u32,
    /// Source files by index, as paths relative to the repository; positions refer to them.
    pub files: Vec<String>,
    /// The whole.
    pub gateway: GatewayPlan,
    /// Declared parameters by index.
    pub parameters: Vec<ParameterPlan>,
    /// Expressions by index.
    pub expressions: Vec<ExpressionPlan>,
    /// Providers by index.
    pub providers: Vec<ProviderPlan>,
    /// Endpoints of all providers by index.
    pub endpoints: Vec<EndpointPlan>,
    /// Models by index.
    pub models: Vec<ModelPlan>,
    /// Tenants by index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tenants: Vec<TenantPlan>,
    /// Consumers by index.
    pub consumers: Vec<ConsumerPlan>,
    /// Products by index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<ProductPlan>,
    /// Subscriptions by index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subscriptions: Vec<SubscriptionPlan>,
    /// Authentication policies by index.
    pub authentications: Vec<AuthenticationPlan>,
    /// Issuers of tokens of all authentication policies by index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issuers: Vec<IssuerPlan>,
    /// Authorization policies by index.
    pub authorizations: Vec<AuthorizationPlan>,
    /// Validations by index.
    pub validations: Vec<ValidationPlan>,
    /// Limits by index.
    pub limits: Vec<LimitPlan>,
    /// Prompts by index.
    pub prompts: Vec<PromptPlan>,
    /// Routes by index.
    pub routes: Vec<RoutePlan>,
    /// Every way to reach a route, in order of precedence: the first row that matches decides.
    pub matches: Vec<MatchRow>,
    /// Names of the secrets that the program uses, sorted.
    pub secrets: Vec<String>,
}

impl Program {
    /// The certificate authorities whose client certificates the policies need, as the host's settings must call them; sorted.
    pub fn client_authorities(&self) -> Vec<Name> {
        let named = self.authentications.iter().filter_map(|plan| Some(plan.mtls.as_ref()?.ca.clone()));
        let named: std::collections::BTreeSet<Name> = named.collect();
        named.into_iter().collect()
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $id:ident => $table:ident : $plan:ty),+ $(,)?) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
            #[serde(transparent)]
            pub struct $id(pub u32);

            impl $id {
                /// The index as a number to look up with.
                pub const fn index(self) -> usize {
                    self.0 as usize
                }

                /// What it stands for; `None` only in a program that [`Program::check_ids`] would refuse.
                pub fn of(self, program: &Program) -> Option<&$plan> {
                    program.$table.get(self.index())
                }
            }
        )+
    };
}

ids! {
    /// A declared parameter.
    ParameterId => parameters: ParameterPlan,
    /// An expression.
    ExpressionId => expressions: ExpressionPlan,
    /// A provider.
    ProviderId => providers: ProviderPlan,
    /// An endpoint of some provider.
    EndpointId => endpoints: EndpointPlan,
    /// A model.
    ModelId => models: ModelPlan,
    /// A tenant.
    TenantId => tenants: TenantPlan,
    /// A product.
    ProductId => products: ProductPlan,
    /// A subscription.
    SubscriptionId => subscriptions: SubscriptionPlan,
    /// A consumer.
    ConsumerId => consumers: ConsumerPlan,
    /// An authentication policy.
    AuthenticationId => authentications: AuthenticationPlan,
    /// An issuer of tokens.
    IssuerId => issuers: IssuerPlan,
    /// An authorization policy.
    AuthorizationId => authorizations: AuthorizationPlan,
    /// A validation.
    ValidationId => validations: ValidationPlan,
    /// A limit.
    LimitId => limits: LimitPlan,
    /// A prompt.
    PromptId => prompts: PromptPlan,
    /// A route.
    RouteId => routes: RoutePlan,
}

impl Program {
    /// Every set of policies that a request of a route can be under: the Gateway's, those of the tenants that it serves, those of the products that
    /// hold it, its own.
    pub fn policies_of<'p>(&'p self, id: RouteId, route: &'p RoutePlan) -> impl Iterator<Item = &'p PolicySet> + Clone {
        let tenants = (0_u32..).map(TenantId).zip(&self.tenants);
        let tenants = tenants.filter(|(own, _)| route.tenant.is_none_or(|only| only == *own)).map(|(_, tenant)| &tenant.policies);
        let products = self.products.iter().filter(move |product| product.has_route(id)).map(|product| &product.policies);
        std::iter::once(&route.wider).chain(tenants).chain(products).chain(std::iter::once(&route.own))
    }
}

/// Where in the sources something stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place(
    /// Index into [`Program::files`].
    pub u32,
    /// Line, from 1.
    pub u32,
    /// Column in characters, from 1.
    pub u32,
);

/// Whether a policy or a rule of it is in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It decides.
    #[default]
    Enforce,
    /// It is evaluated and recorded, and changes nothing.
    Shadow,
    /// It is not compiled into the program at all.
    Disabled,
}

/// An expression as compiled: its text has passed the expression compiler in this scope, and does so again when the program is loaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpressionPlan {
    /// The text.
    pub text: String,
    /// What it may know, and what it must give.
    pub scope: ExpressionScope,
    /// What it must give.
    pub gives: ExpressionType,
    /// Where it stands.
    pub place: Place,
}

/// The scope of an expression; the expression crate's own scopes by their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExpressionScope {
    /// The request's head.
    Match,
    /// And the identity and route.
    Admit,
    /// And the body and model.
    Resolve,
}

/// What an expression gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExpressionType {
    /// A condition.
    Bool,
    /// A text: numbers and booleans are written out, missing is missing.
    Text,
    /// Any JSON value.
    Json,
}

/// A value that stands in the policy, or is left to the environment.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Setting<T> {
    /// Written in the policy.
    Value(T),
    /// A declared parameter's value.
    Param(ParameterId),
}

/// The values of a program's parameters in one environment, checked against their declarations, by [`ParameterId`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ParameterValues(pub Vec<String>);

/// Labels of a document: free names and values.
pub type Labels = BTreeMap<String, String>;

/// A named document and where it stands; every plan begins with one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The document's name.
    pub name: Name,
    /// Where its name stands.
    pub place: Place,
}
