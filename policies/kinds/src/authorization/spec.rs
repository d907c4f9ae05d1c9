//! An authorization policy as written.

use aigw_core::{Name, Operation};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::Mode;
use crate::route::Method;

/// Who may do what. A rule that denies decides; otherwise at least one rule of the attached policies must allow.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthorizationSpec {
    /// One line for people.
    #[serde(default)]
    pub description: String,
    /// Whether the policy is in force. A policy in shadow is evaluated and recorded, and neither allows nor denies.
    #[serde(default)]
    pub mode: Mode,
    /// The rules; their order does not matter.
    #[schemars(length(min = 1, max = 1000))]
    pub rules: Vec<AuthorizationRuleSpec>,
    /// Whether a route may leave this policy out by `detach`.
    #[serde(default)]
    pub detachable: bool,
}

/// One rule. It applies where the roles fit, what is asked for fits, and `when` holds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthorizationRuleSpec {
    /// Its name, unique within the policy.
    pub name: Name,
    /// Whether the rule is in force.
    #[serde(default)]
    pub mode: Mode,
    /// Callers with any of these roles. Default: every caller, anonymous ones included.
    #[serde(default)]
    #[schemars(length(max = 100))]
    pub roles: Vec<Name>,
    /// What it allows; `{}` is everything. A rule has either `allow` or `deny`.
    pub allow: Option<AskedSpec>,
    /// What it denies; `{}` is everything.
    pub deny: Option<AskedSpec>,
    /// What else must hold. Where it fails, a deny applies and an allow does not.
    pub when: Option<String>,
}

/// What is asked for; everything that is written must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AskedSpec {
    /// Operations. Default: all.
    pub operations: Vec<Operation>,
    /// Names of Model documents, each exact or with one `*` at its end. Default: all.
    #[schemars(length(max = 1000))]
    pub models: Vec<String>,
    /// Names of routes. Default: all.
    #[schemars(length(max = 1000))]
    pub routes: Vec<String>,
    /// Requests of routes that serve `http`, by method and path; any of them may fit. Default: all.
    #[schemars(length(max = 1000))]
    pub http: Vec<AskedHttpSpec>,
}

/// Requests of routes that serve `http`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AskedHttpSpec {
    /// Methods. Default: any.
    pub methods: Vec<Method>,
    /// A path: exact, with `/*` at its end, or with `{captures}`. Default: any.
    pub path: Option<String>,
}
