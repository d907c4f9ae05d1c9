//! An authorization policy as compiled.

use aigw_core::{Name, Operation};
use serde::{Deserialize, Serialize};

use crate::route::PathPattern;
use crate::{ExpressionId, Mode, Origin, Place, RouteId};

/// Who may do what. A deny decides; otherwise some rule must allow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorizationPlan {
    /// Name and place.
    pub origin: Origin,
    /// Enforce or shadow.
    pub mode: Mode,
    /// Its rules, as written.
    pub rules: Vec<AuthorizationRule>,
}

/// One rule. It applies where the roles fit, what is asked for fits and `when` holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorizationRule {
    /// Its name.
    pub name: Name,
    /// Enforce or shadow.
    pub mode: Mode,
    /// Callers with any of these; empty for every caller, anonymous ones included.
    pub roles: Vec<String>,
    /// Allow or deny.
    pub effect: Effect,
    /// Operations; empty for all.
    pub operations: Vec<Operation>,
    /// Names of Model documents: exact, or with one `*` at the end; empty for all. Judged when the model is known.
    pub models: Vec<String>,
    /// Routes; empty for all.
    pub routes: Vec<RouteId>,
    /// For `http` routes: methods and paths; empty for all.
    pub http: Vec<HttpMatch>,
    /// What else must hold. Where it fails a deny applies and an allow does not.
    pub when: Option<ExpressionId>,
    /// Where it stands.
    pub place: Place,
}

/// Allow or deny.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Lets it pass.
    Allow,
    /// Refuses it, whatever allows.
    Deny,
}

/// Requests of an `http` route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpMatch {
    /// Methods, upper case; empty for any.
    pub methods: Vec<String>,
    /// The path.
    pub path: Option<PathPattern>,
}
