//! A tenant as written.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::Labels;
use crate::authentication::ClaimTestSpec;
use crate::written::PolicyUse;

/// An isolation boundary: its consumers, counters, targets and records never mix with another's. Consumers and routes name theirs.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TenantSpec {
    /// One line for people.
    pub description: String,
    /// What claims of tokens, of whatever issuer, are its callers', all of them: a text that the claim equals, `{contains: TEXT}` or `{present: true}`.
    /// They make callers whom no Consumer stands for its own, where `undeclared` names no tenant. A token whose Consumer or `undeclared` is of
    /// another tenant, or of none, is refused. Default: no claim says so.
    #[schemars(extend("maxProperties" = 20))]
    pub claims: IndexMap<String, ClaimTestSpec>,
    /// What its requests need. It is checked along every path that they can take, and kept where they are served.
    pub require: RequireSpec,
    /// Policies of its callers, on every route, after those of the Gateway: names, or `{use: NAME, with: {…}}` for a Prompt with parameters. A Limit
    /// here is the tenant's own: no other tenant counts in it.
    #[schemars(length(max = 100))]
    pub policies: Vec<PolicyUse>,
}

/// What the requests of a tenant need.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RequireSpec {
    /// Labels that every target must have: those of its endpoint, or of its Provider where the endpoint has none of that name. What lacks one is
    /// never called for this tenant. Default: none.
    #[schemars(extend("maxProperties" = 100))]
    pub provider: Labels,
}
