//! What is known of a request while policies decide about it: a view of things that others own, most of it read only where a policy asks.
//!
//! Nothing is parsed, copied or formatted before it is asked for.

mod query;
mod tree;

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use aigw_core::Timestamp;
use aigw_expr::{NameId, Names};
use http::{HeaderMap, Method};
use serde_json::Value;

use crate::model::ModelPlan;
use crate::product::ProductPlan;
use crate::route::RoutePlan;
use crate::subscription::SubscriptionPlan;
use crate::tenant::TenantPlan;
use crate::{Identity, Labels};

pub use query::QueryPairs;
pub use tree::{Tree, TreeFault};

/// What is known of a request. Later phases fill in what earlier ones could not know.
#[derive(Debug)]
pub struct Facts<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path, normalised, without the query.
    pub path: &'a str,
    /// The host in small letters without its port, where the request names one.
    pub host: Option<&'a str>,
    /// The headers as they came.
    pub headers: &'a HeaderMap,
    /// The caller's address, as the trusted proxies tell it.
    pub ip: IpAddr,
    /// The time of the request.
    pub now: Timestamp,
    /// The caller, once authenticated; `None` for an anonymous one.
    pub identity: Option<Arc<Identity>>,
    /// The tenant that the caller is of.
    pub tenant: Option<&'a TenantPlan>,
    /// The subscription that the request is under, once authorised.
    pub subscription: Option<&'a SubscriptionPlan>,
    /// Its product.
    pub product: Option<&'a ProductPlan>,
    /// The route, once matched.
    pub route: Option<&'a RoutePlan>,
    /// The model, once resolved.
    pub model: Option<&'a ModelPlan>,
    raw_query: Option<&'a str>,
    query: OnceLock<QueryPairs<'a>>,
    raw_body: Option<&'a [u8]>,
    body: OnceLock<Result<Tree, TreeFault>>,
}

/// The head of a request, as [`Facts`] begins with it.
#[derive(Clone, Copy, Debug)]
pub struct HeadFacts<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path, normalised, without the query.
    pub path: &'a str,
    /// The host in small letters without its port, where the request names one.
    pub host: Option<&'a str>,
    /// The query as it came, without the `?`.
    pub query: Option<&'a str>,
    /// The headers as they came.
    pub headers: &'a HeaderMap,
    /// The caller's address, as the trusted proxies tell it.
    pub ip: IpAddr,
    /// The time of the request.
    pub now: Timestamp,
}

impl<'a> Facts<'a> {
    /// What the head of a request tells.
    pub fn new(head: HeadFacts<'a>) -> Self {
        let HeadFacts { method, path, host, query, headers, ip, now } = head;
        Self {
            method,
            path,
            host,
            headers,
            ip,
            now,
            identity: None,
            tenant: None,
            subscription: None,
            product: None,
            route: None,
            model: None,
            raw_query: query,
            query: OnceLock::new(),
            raw_body: None,
            body: OnceLock::new(),
        }
    }

    /// Makes the body known. It is parsed only if a policy reads it, and has been scanned and bounded by now.
    pub fn set_body(&mut self, raw: &'a [u8]) {
        self.raw_body = Some(raw);
        self.body = OnceLock::new();
    }

    /// The body as a tree. Parsed at the first call.
    ///
    /// # Errors
    /// Where there is none: it is not JSON, or can be read in two ways.
    pub fn tree(&self) -> Result<&Tree, &TreeFault> {
        self.body.get_or_init(|| self.raw_body.ok_or(TreeFault::Json).and_then(tree::read)).as_ref()
    }

    /// The query's parameters, decoded, in order. Parsed at the first call.
    pub fn query(&self) -> &QueryPairs<'a> {
        self.query.get_or_init(|| QueryPairs::parse(self.raw_query.unwrap_or_default()))
    }

    /// The query as it came, without the `?`.
    pub fn raw_query(&self) -> Option<&'a str> {
        self.raw_query
    }

    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut values = self.headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        let first = values.next()?;
        Some(match values.next() {
            None => first,
            Some(second) => Cow::Owned(values.fold(format!("{first}, {second}"), |joined, value| joined + ", " + value.as_ref())),
        })
    }
}

fn label<'a>(labels: &'a Labels, key: &str) -> Option<Cow<'a, str>> {
    labels.get(key).map(|value| Cow::Borrowed(value.as_str()))
}

impl Names for Facts<'_> {
    fn text(&self, name: NameId) -> Option<Cow<'_, str>> {
        match name {
            NameId::RequestMethod => Some(Cow::Borrowed(self.method.as_str())),
            NameId::RequestPath => Some(Cow::Borrowed(self.path)),
            NameId::RequestHost => self.host.map(Cow::Borrowed),
            NameId::RequestIp => Some(Cow::Owned(self.ip.to_string())),
            NameId::IdentityConsumer => Some(Cow::Borrowed(self.identity.as_ref()?.name.as_ref()?.as_str())),
            NameId::IdentityTenant => self.tenant.map(|tenant| Cow::Borrowed(tenant.origin.name.as_str())),
            NameId::IdentitySubscription => self.subscription.map(|own| Cow::Borrowed(own.origin.name.as_str())),
            NameId::RouteName => self.route.map(|route| Cow::Borrowed(route.origin.name.as_str())),
            NameId::ModelName => self.model.map(|model| Cow::Borrowed(model.origin.name.as_str())),
            _ => None,
        }
    }

    fn entry(&self, name: NameId, key: &str) -> Option<Cow<'_, str>> {
        match name {
            NameId::RequestHeaders => self.header(key),
            NameId::RequestQuery => self.query().get(key).map(Cow::Borrowed),
            NameId::IdentityLabels => label(&self.identity.as_ref()?.labels, key),
            NameId::RouteLabels => label(&self.route?.labels, key),
            _ => None,
        }
    }

    fn item(&self, name: NameId, index: usize) -> Option<Cow<'_, str>> {
        match name {
            NameId::IdentityRoles => self.identity.as_ref()?.roles.get(index).map(|role| Cow::Borrowed(role.as_str())),
            _ => None,
        }
    }

    fn json(&self, name: NameId) -> Option<&Value> {
        match name {
            NameId::RequestBody => self.tree().ok().map(|tree| &tree.value),
            NameId::IdentityClaims => self.identity.as_ref()?.claims.as_ref(),
            _ => None,
        }
    }

    fn now_unix_ms(&self) -> i64 {
        self.now.as_millis()
    }
}

#[cfg(test)]
mod tests;
