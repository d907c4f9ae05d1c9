//! A product as written.

use aigw_core::Name;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::consumer::Instant;
use crate::written::PolicyUse;

/// Routes and models that are offered together. A route in any product serves only callers with an approved Subscription to one that holds it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductSpec {
    /// One line for people.
    #[serde(default)]
    pub description: String,
    /// Its routes.
    #[schemars(length(min = 1, max = 1000))]
    pub routes: Vec<String>,
    /// Of the models that its routes serve, those that may be used under it. Default: all.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    pub models: Vec<String>,
    /// The Tenant whose consumers alone may subscribe. Default: those of every tenant, and of none.
    pub tenant: Option<Name>,
    /// Whether it is on offer.
    #[serde(default)]
    pub state: ProductState,
    /// For `state: deprecated`, required: since when. Answers say so in the header `Deprecation` (RFC 9745).
    pub deprecated: Option<Instant>,
    /// For `state: deprecated`: from when on it is retired. Answers say so in the header `Sunset` (RFC 8594).
    pub sunset: Option<Instant>,
    /// Who must agree to a subscription.
    #[serde(default)]
    pub approval: ApprovalSpec,
    /// Policies of what is used under it, after those of Gateway and Tenant: names, or `{use: NAME, with: {…}}` for a Prompt with parameters.
    #[serde(default)]
    #[schemars(length(max = 100))]
    pub policies: Vec<PolicyUse>,
}

/// Whether a product is on offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum ProductState {
    /// It is.
    #[default]
    Published,
    /// It works, and every answer says that it will not for ever.
    Deprecated,
    /// It does not work any more.
    Retired,
}

/// Who must agree to a subscription.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ApprovalSpec {
    /// Whether an approved subscription names who approved it, and when.
    pub required: bool,
    /// Who may approve, never what they have asked for themselves. Required where `required: true`.
    #[schemars(length(max = 100), inner(length(min = 1, max = 100)))]
    pub by: Vec<String>,
}
