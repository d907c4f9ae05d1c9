//! A route as compiled, and the table of everything that reaches one.

use std::fmt;

use aigw_core::{Operation, SurfaceName};
use serde::{Deserialize, Serialize};

use crate::prompt::PromptUse;
use crate::{
    AuthenticationId, AuthorizationId, EndpointId, ExpressionId, Labels, LimitId, ModelId, Origin, Place, PolicySet, ProviderId,
    RouteId, TenantId, ValidationId,
};

/// Which requests are served, by what, under which policies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoutePlan {
    /// Name and place.
    pub origin: Origin,
    /// Its labels.
    pub labels: Labels,
    /// The tenant whose callers alone are served; `None` serves all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantId>,
    /// What answers.
    pub serve: ServePlan,
    /// All must pass, and yield the same identity. Empty only where `anonymous`.
    pub authentication: Vec<AuthenticationId>,
    /// True where the route is written `anonymous: true`.
    pub anonymous: bool,
    /// True where the route is written `authorization: open`.
    pub authorization_open: bool,
    /// When its requests are refused, where the process fills up.
    #[serde(default)]
    pub class: Class,
    /// What the Gateway gives to it: its policies, then attached ones. Both sets are without Authorization only where `authorization_open`.
    pub wider: PolicySet,
    /// What it names itself; nothing of `wider`.
    pub own: PolicySet,
}

impl RoutePlan {
    /// Its sets of policies, the wider first; those of tenants and products come between them.
    pub fn policies(&self) -> impl Iterator<Item = &PolicySet> + Clone {
        [&self.wider, &self.own].into_iter()
    }

    /// A deny in any refuses, at least one rule must allow.
    pub fn authorization(&self) -> impl Iterator<Item = AuthorizationId> + Clone {
        self.policies().flat_map(|set| set.authorization.iter().copied())
    }

    /// They add up.
    pub fn validations(&self) -> impl Iterator<Item = ValidationId> + Clone {
        self.policies().flat_map(|set| set.validations.iter().copied())
    }

    /// They add up.
    pub fn limits(&self) -> impl Iterator<Item = LimitId> + Clone {
        self.policies().flat_map(|set| set.limits.iter().copied())
    }

    /// In order of application.
    pub fn prompts(&self) -> impl Iterator<Item = &PromptUse> + Clone {
        self.policies().flat_map(|set| &set.prompts)
    }
}

/// How early a route's requests are refused where a process has many in flight: the Gateway's `load` says when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Class {
    /// Can wait: refused first.
    Background,
    /// What a route is that says nothing.
    #[default]
    Standard,
    /// Must be served: refused last.
    Critical,
}

impl Class {
    /// Every class, the one that is refused first first.
    pub const ALL: [Self; 3] = [Self::Background, Self::Standard, Self::Critical];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Background => "background",
            Self::Standard => "standard",
            Self::Critical => "critical",
        }
    }
}

/// What answers a route's requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServePlan {
    /// Models.
    Models {
        /// Those that clients may name here.
        models: Vec<ModelId>,
        /// The one used where the client names none.
        default: Option<ModelId>,
    },
    /// Any HTTP service, forwarded as it is.
    Http {
        /// Whose.
        provider: ProviderId,
        /// Where; tried in turn where several.
        endpoints: Vec<EndpointId>,
        /// The path that replaces the request's; `None` keeps it. A trailing `*` takes what the match's trailing `*` matched.
        path: Option<String>,
    },
}

/// One way to reach a route. Rows are sorted by precedence; file order never matters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatchRow {
    /// Which host.
    pub host: HostPattern,
    /// Which path.
    pub path: PathPattern,
    /// Which methods, upper case, sorted; empty for any.
    pub methods: Vec<String>,
    /// What headers must say; names lower case, sorted.
    pub headers: Vec<(String, ValueMatch)>,
    /// What the query must say; sorted by name.
    pub query: Vec<(String, ValueMatch)>,
    /// What else must hold, over the request's head; a failing condition does not match.
    pub when: Option<ExpressionId>,
    /// Breaks ties: the higher number first.
    pub priority: i32,
    /// Where it leads.
    pub route: RouteId,
    /// What is then done.
    pub operation: Operation,
    /// The dialect of requests and errors.
    pub surface: SurfaceName,
    /// Where it stands.
    pub place: Place,
}

/// Which host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HostPattern {
    /// This host, lower case, without port.
    Exact(String),
    /// Any host that ends in this, written `*.example.com` and kept as `.example.com`; at least one label before it.
    Suffix(String),
    /// Any host.
    Any,
}

/// Which path. Compared byte for byte after percent-decoding of unreserved characters; `.` and `..` segments are refused before matching.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PathPattern {
    /// This path.
    Exact(String),
    /// Segments, some of which capture: `/openai/deployments/{deployment}/embeddings`.
    Captures(Vec<PathSegment>),
    /// This path and everything below it, written `/score/*` and kept as `/score`; `/*` is every path.
    Prefix(String),
}

/// As it is written in a policy.
impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(path) => f.write_str(path),
            Self::Prefix(path) => write!(f, "{path}/*"),
            Self::Captures(segments) => segments.iter().try_for_each(|segment| match segment {
                PathSegment::Literal(text) => write!(f, "/{text}"),
                PathSegment::Capture(name) => write!(f, "/{{{name}}}"),
            }),
        }
    }
}

/// A segment of a path with captures.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PathSegment {
    /// This text.
    Literal(String),
    /// Any one segment that is not empty, by this name.
    Capture(String),
}

/// What a header or query value must be. Of several values of one name, any may fit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValueMatch {
    /// Exactly this.
    Exact(String),
    /// Begins with this.
    Prefix(String),
    /// Matched as a whole by this linear-time regular expression.
    Regex(String),
    /// There, whatever it is.
    Present,
    /// Not there.
    Absent,
}
