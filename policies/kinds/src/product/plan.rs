//! A product as compiled.

use aigw_core::Timestamp;
use serde::{Deserialize, Serialize};

use crate::product::ProductState;
use crate::{Labels, ModelId, Origin, PolicySet, RouteId, TenantId};

/// Routes and models that are offered together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductPlan {
    /// Name and place.
    pub origin: Origin,
    /// Its labels.
    pub labels: Labels,
    /// Its routes, sorted; never empty.
    pub routes: Vec<RouteId>,
    /// The models that may be used under it, sorted; empty for all that its routes serve.
    pub models: Vec<ModelId>,
    /// The tenant whose consumers alone may subscribe.
    pub tenant: Option<TenantId>,
    /// Whether it is on offer.
    pub state: ProductState,
    /// Since when it is deprecated, where it is.
    pub deprecated: Option<Timestamp>,
    /// From when on it is retired.
    pub sunset: Option<Timestamp>,
    /// The policies of what is used under it.
    pub policies: PolicySet,
}

impl ProductPlan {
    /// Whether it has been taken from offer.
    pub fn is_retired(&self, now: Timestamp) -> bool {
        self.state == ProductState::Retired || self.sunset.is_some_and(|end| now >= end)
    }

    /// Whether a model may be used under it.
    pub fn has_model(&self, model: ModelId) -> bool {
        self.models.is_empty() || self.models.binary_search(&model).is_ok()
    }

    /// Whether a route is in it.
    pub fn has_route(&self, route: RouteId) -> bool {
        self.routes.binary_search(&route).is_ok()
    }

    /// What every answer under it says, where it is deprecated: the value of `Deprecation` (RFC 9745 section 2.1) and that of `Sunset` (RFC 8594
    /// section 3), the latter where it has an end.
    pub fn notices(&self) -> Option<(String, Option<String>)> {
        let since = self.deprecated?;
        let date = |moment: Timestamp| {
            let moment = jiff::Timestamp::from_millisecond(moment.as_millis()).ok()?;
            jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&moment).ok()
        };
        Some((format!("@{}", since.as_millis().div_euclid(1_000)), self.sunset.and_then(date)))
    }
}
