//! The vocabulary: every name that an expression may use, its type, and from when on it is known.
//!
//! A name stands here only once something fills it; what later phases will know is listed in [`LATER`], so that the message can say so.

use std::borrow::Cow;

use crate::Scope;

/// A name that an expression can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameId {
    /// `request.method`, in capitals.
    RequestMethod,
    /// `request.path`, without the query.
    RequestPath,
    /// `request.host`, in small letters, without the port; may be missing.
    RequestHost,
    /// `request.ip`, the caller's address as the trusted proxies tell it.
    RequestIp,
    /// `request.headers["name"]`; keys in small letters.
    RequestHeaders,
    /// `request.query["name"]`.
    RequestQuery,
    /// `request.body`, as JSON.
    RequestBody,
    /// `identity.consumer`; missing for an anonymous caller.
    IdentityConsumer,
    /// `identity.tenant`; missing for a caller of none.
    IdentityTenant,
    /// `identity.subscription`; missing on routes that are in no product.
    IdentitySubscription,
    /// `identity.roles`.
    IdentityRoles,
    /// `identity.labels.name`.
    IdentityLabels,
    /// `identity.claims`, as JSON; missing for a caller that no token proved.
    IdentityClaims,
    /// `route.name`.
    RouteName,
    /// `route.labels.name`.
    RouteLabels,
    /// `model.name`: the Model document that serves this request.
    ModelName,
    /// `now`.
    Now,
}

/// What kind of value stands behind a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameType {
    /// Text that is always there.
    Text,
    /// Text that may be missing.
    MaybeText,
    /// A list of texts.
    Texts,
    /// A map of texts, looked up by key; any entry may be missing.
    TextMap,
    /// A JSON value of any shape.
    Json,
    /// A moment: `.hour`, `.minute`, `.weekday`, `.day`, `.month`, `.year`, `.unix`, `.at("Zone/City")`.
    Time,
}

/// One row of the vocabulary.
#[derive(Debug, Clone, Copy)]
pub struct Name {
    /// What [`Names`] is asked for.
    pub id: NameId,
    /// As it is written.
    pub path: &'static str,
    /// What it is.
    pub kind: NameType,
    /// The first scope that knows it.
    pub since: Scope,
    /// From when on it is known, in words, to follow "it is known".
    pub known: &'static str,
    /// One line for the reference.
    pub about: &'static str,
}

const fn name(id: NameId, path: &'static str, kind: NameType, since: Scope, about: &'static str) -> Name {
    let known = match since {
        Scope::Match => "always",
        Scope::Admit => "once the caller is authenticated",
        Scope::Resolve | Scope::Prompt | Scope::Call => "from the validate phase on",
    };
    Name { id, path, kind, since, known, about }
}

/// Every name, in the order in which the reference shows them.
pub const NAMES: &[Name] = &[
    name(NameId::RequestMethod, "request.method", NameType::Text, Scope::Match, "the method, in capitals"),
    name(NameId::RequestPath, "request.path", NameType::Text, Scope::Match, "the path, without the query"),
    name(NameId::RequestHost, "request.host", NameType::MaybeText, Scope::Match, "the host, in small letters, without the port"),
    name(NameId::RequestHeaders, "request.headers", NameType::TextMap, Scope::Match, "the headers, by name"),
    name(NameId::RequestQuery, "request.query", NameType::TextMap, Scope::Match, "the query parameters, by name"),
    name(NameId::RequestIp, "request.ip", NameType::Text, Scope::Match, "the caller's address"),
    name(NameId::RequestBody, "request.body", NameType::Json, Scope::Resolve, "the body, as JSON"),
    name(
        NameId::IdentityConsumer,
        "identity.consumer",
        NameType::MaybeText,
        Scope::Admit,
        "the Consumer's name; missing for an anonymous caller",
    ),
    name(
        NameId::IdentityTenant,
        "identity.tenant",
        NameType::MaybeText,
        Scope::Admit,
        "the name of the caller's Tenant; missing for a caller of none",
    ),
    name(
        NameId::IdentitySubscription,
        "identity.subscription",
        NameType::MaybeText,
        Scope::Admit,
        "the name of the Subscription that the request is under; missing on a route that is in no Product",
    ),
    name(NameId::IdentityRoles, "identity.roles", NameType::Texts, Scope::Admit, "the caller's roles"),
    name(NameId::IdentityLabels, "identity.labels", NameType::TextMap, Scope::Admit, "the Consumer's labels, by name"),
    name(
        NameId::IdentityClaims,
        "identity.claims",
        NameType::Json,
        Scope::Admit,
        "what the caller's token claims, as JSON; missing for a caller that no token proved",
    ),
    name(NameId::RouteName, "route.name", NameType::Text, Scope::Admit, "the Route's name"),
    name(NameId::RouteLabels, "route.labels", NameType::TextMap, Scope::Admit, "the Route's labels, by name"),
    Name {
        known: "once the model is resolved",
        ..name(
            NameId::ModelName,
            "model.name",
            NameType::Text,
            Scope::Resolve,
            "the name of the Model document that serves the request",
        )
    },
    name(NameId::Now, "now", NameType::Time, Scope::Match, "the time, in UTC"),
];

/// Names that only phases after the last scope can know, and what to say of them.
pub(crate) const LATER: &[(&str, &str)] = &[
    ("target", "the target is chosen after the last expression has been read"),
    ("response", "the answer comes after the last expression has been read"),
    ("usage", "usage is known after the last expression has been read"),
];

impl NameId {
    /// This name's row.
    #[must_use]
    pub fn row(self) -> Option<&'static Name> {
        NAMES.iter().find(|row| row.id == self)
    }
}

/// What an expression looks at; a rule reads this to see, for one, which keys a caller can forge.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NameRef {
    /// The name.
    pub name: NameId,
    /// The key, for headers, query and labels; the first member, for the body and claims. `None`: any of them, or the name has no keys.
    pub key: Option<String>,
}

/// A request, as expressions see it. Each method is asked only for what the expression at hand looks at, and must not build more.
pub trait Names {
    /// The value of a text; `None` where it is missing.
    fn text(&self, name: NameId) -> Option<Cow<'_, str>>;
    /// One entry of a map: headers (the key comes in small letters), query, labels; `None` where it is missing.
    fn entry(&self, name: NameId, key: &str) -> Option<Cow<'_, str>>;
    /// One item of a list, from 0; `None` past its end.
    fn item(&self, name: NameId, index: usize) -> Option<Cow<'_, str>>;
    /// A JSON value; `None` where there is none, as for a body that is not JSON.
    fn json(&self, name: NameId) -> Option<&serde_json::Value>;
    /// The time of this request, in milliseconds since 1970-01-01T00:00Z.
    fn now_unix_ms(&self) -> i64;
}
