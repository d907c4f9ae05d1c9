//! What subscriptions decide in the authorize phase: under which product a request is served, or what is missing.
//!
//! What a request costs is a look at its caller's own subscriptions; the memory is what routes, products and subscriptions are declared to have.

use aigw_core::{ErrorCode, Timestamp};
use http::{HeaderMap, HeaderName};

use crate::product::ProductPlan;
use crate::subscription::{SubscriptionPlan, SubscriptionState};
use crate::{Identity, ProductId, Program, Refusal, RouteId, SubscriptionId};

/// The header by which a caller with several subscriptions says which it means. It never goes upstream.
pub const SUBSCRIPTION: HeaderName = HeaderName::from_static("x-aigw-subscription");

/// More names than these in one message help nobody.
const MOST_NAMES: usize = 10;
/// How much of a name that a client made up is repeated to it, in characters.
const NAME_IN_MESSAGE: usize = 80;

/// Who has subscribed to what, ready.
#[derive(Debug)]
pub struct Subscriptions {
    /// By consumer.
    of_consumer: Vec<Vec<SubscriptionId>>,
    /// The products that hold a route, sorted, by route.
    of_route: Vec<Vec<ProductId>>,
}

/// A subscription of a program, with its product.
#[derive(Clone, Copy, Debug)]
pub struct Subscribed<'p> {
    /// The product.
    pub product_id: ProductId,
    /// Its plan.
    pub product: &'p ProductPlan,
    /// The subscription.
    pub subscription: &'p SubscriptionPlan,
}

impl Subscriptions {
    /// Those of a program.
    pub fn new(program: &Program) -> Self {
        let mut of_consumer = vec![Vec::new(); program.consumers.len()];
        for (id, plan) in (0_u32..).map(SubscriptionId).zip(&program.subscriptions) {
            if let Some(own) = of_consumer.get_mut(plan.consumer.index()) {
                own.push(id);
            }
        }
        let mut of_route = vec![Vec::new(); program.routes.len()];
        for (id, plan) in (0_u32..).map(ProductId).zip(&program.products) {
            for route in &plan.routes {
                if let Some(products) = of_route.get_mut(route.index()) {
                    products.push(id);
                }
            }
        }
        Self { of_consumer, of_route }
    }

    /// The subscription that a request is served under; `None` for a route that is in no product. The one of the caller's credential, else the one
    /// that its header names, else the only one that is in force.
    ///
    /// # Errors
    /// 401 without a caller, 403 with what is missing, or 400 where several are in force and none is named.
    pub fn select<'p>(
        &self,
        route: RouteId,
        caller: Option<&Identity>,
        headers: &HeaderMap,
        now: Timestamp,
        program: &'p Program,
    ) -> Result<Option<Subscribed<'p>>, Refusal> {
        let products = self.of_route.get(route.index()).map(Vec::as_slice).unwrap_or_default();
        if products.is_empty() {
            return Ok(None);
        }
        let Some(caller) = caller else {
            return Err(Refusal::new(ErrorCode::MissingCredentials, "this route serves subscribers only; send a credential"));
        };
        let own = caller.consumer.and_then(|id| self.of_consumer.get(id.index())).map(Vec::as_slice).unwrap_or_default();
        let subscribed = |id: &SubscriptionId| {
            let subscription = id.of(program)?;
            let product_id = subscription.product;
            products.binary_search(&product_id).ok()?;
            Some(Subscribed { product_id, product: product_id.of(program)?, subscription })
        };
        if let Some(id) = caller.subscription {
            let Some(found) = own.contains(&id).then(|| subscribed(&id)).flatten() else {
                return Err(required("the subscription of this credential does not hold this route"));
            };
            return found.in_force(now).map(|()| Some(found));
        }
        let fitting: Vec<Subscribed<'p>> = own.iter().filter_map(subscribed).collect();
        if let Some(named) = headers.get(&SUBSCRIPTION) {
            let found = fitting.iter().find(|found| named.as_bytes() == found.subscription.origin.name.as_str().as_bytes());
            let Some(found) = found else {
                let shown: String = String::from_utf8_lossy(named.as_bytes()).chars().take(NAME_IN_MESSAGE).collect();
                return Err(required(format!("this caller has no subscription `{shown}` that holds this route")));
            };
            return found.in_force(now).map(|()| Some(*found));
        }
        only(&fitting, now)?.map_or_else(|| Err(none(products, caller, now, program)), |found| Ok(Some(found)))
    }
}

/// The only one in force. `None` where there is none at all.
fn only<'p>(fitting: &[Subscribed<'p>], now: Timestamp) -> Result<Option<Subscribed<'p>>, Refusal> {
    let mut in_force = fitting.iter().filter(|found| found.in_force(now).is_ok());
    match (in_force.next(), in_force.next()) {
        (Some(found), None) => Ok(Some(*found)),
        (None, _) => {
            match fitting.iter().filter_map(|found| found.in_force(now).err()).min_by_key(|refusal| hope(refusal.code)) {
                Some(refusal) => Err(refusal),
                None => Ok(None),
            }
        }
        (Some(_), Some(_)) => {
            let names = fitting.iter().filter(|found| found.in_force(now).is_ok());
            let names = listed(names.map(|found| found.subscription.origin.name.as_str()));
            let message = format!("several subscriptions hold this route; name one of {names} in the header `{SUBSCRIPTION}`");
            Err(Refusal::new(ErrorCode::SubscriptionAmbiguous, message))
        }
    }
}

/// Of several that are not in force, what is nearest to being so is told.
const fn hope(code: ErrorCode) -> u8 {
    match code {
        ErrorCode::SubscriptionPending => 0,
        ErrorCode::SubscriptionSuspended => 1,
        ErrorCode::SubscriptionExpired => 2,
        ErrorCode::ProductRetired => 3,
        _ => 4,
    }
}

/// What a caller without any subscription to the route could subscribe to; another tenant's products are not told.
fn none(products: &[ProductId], caller: &Identity, now: Timestamp, program: &Program) -> Refusal {
    let on_offer = products.iter().filter_map(|id| id.of(program)).filter(|product| !product.is_retired(now));
    let open = on_offer.filter(|product| product.tenant.is_none() || product.tenant == caller.tenant);
    let names = listed(open.map(|product| product.origin.name.as_str()));
    if names.is_empty() {
        return required("this route serves subscribers only, and no product that holds it is open to this caller");
    }
    required(format!("this route serves subscribers only; it takes a subscription to {names}"))
}

fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.take(MOST_NAMES).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
}

fn required(message: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    Refusal::new(ErrorCode::SubscriptionRequired, message)
}

impl Subscribed<'_> {
    /// Whether it lets its consumer in at this time.
    ///
    /// # Errors
    /// 403, with why not.
    pub fn in_force(&self, now: Timestamp) -> Result<(), Refusal> {
        let code = match self.subscription.state {
            _ if self.product.is_retired(now) => ErrorCode::ProductRetired,
            SubscriptionState::Requested => ErrorCode::SubscriptionPending,
            SubscriptionState::Rejected => ErrorCode::SubscriptionRejected,
            SubscriptionState::Suspended => ErrorCode::SubscriptionSuspended,
            SubscriptionState::Cancelled => ErrorCode::SubscriptionCancelled,
            SubscriptionState::Approved if self.subscription.expires.is_some_and(|end| now >= end) => {
                ErrorCode::SubscriptionExpired
            }
            SubscriptionState::Approved => return Ok(()),
        };
        let subscription = &self.subscription.origin.name;
        let message = match code {
            ErrorCode::ProductRetired => format!("the product `{}` is retired", self.product.origin.name),
            ErrorCode::SubscriptionPending => format!("the subscription `{subscription}` is not approved yet"),
            ErrorCode::SubscriptionRejected => format!("the subscription `{subscription}` was rejected"),
            ErrorCode::SubscriptionSuspended => format!("the subscription `{subscription}` is suspended"),
            ErrorCode::SubscriptionCancelled => format!("the subscription `{subscription}` is cancelled"),
            _ => format!("the subscription `{subscription}` has expired"),
        };
        Err(Refusal::new(code, message))
    }
}

#[cfg(test)]
mod tests;
