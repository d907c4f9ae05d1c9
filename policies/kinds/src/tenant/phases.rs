//! What a tenant decides about a request: whether a route is for its callers, and where their requests may go.

use aigw_core::ErrorCode;

use crate::route::RoutePlan;
use crate::{EndpointId, Identity, ModelId, Policies, Program, Refusal, TenantId};

/// A tenant, ready.
#[derive(Debug)]
pub struct Tenant {
    /// The policies of its callers; its limits count for it alone.
    pub policies: Policies,
    /// Whether its requests may go to the endpoint of that index; `None` where it requires nothing.
    allowed: Option<Box<[bool]>>,
    /// Whether a request of it for the model of that index has somewhere to go; `None` where it requires nothing.
    served: Option<Box<[bool]>>,
}

impl Tenant {
    /// Makes a tenant ready, with its policies; `None` only for an id that is not in the program.
    pub fn new(id: TenantId, program: &Program, policies: Policies) -> Option<Self> {
        let plan = id.of(program)?;
        let requires = !plan.require.is_empty();
        let allowed = || program.endpoints.iter().map(|endpoint| plan.takes(&endpoint.labels)).collect();
        let served = || program.models.iter().map(|model| plan.is_served_by(model, program)).collect();
        Some(Self { policies, allowed: requires.then(allowed), served: requires.then(served) })
    }

    /// Whether its requests may go there.
    pub fn may_call(&self, endpoint: EndpointId) -> bool {
        self.allowed.as_ref().is_none_or(|allowed| allowed.get(endpoint.index()).copied().unwrap_or(false))
    }

    /// Whether its requests for a model have somewhere to go.
    pub fn may_use(&self, model: ModelId) -> bool {
        self.served.as_ref().is_none_or(|served| served.get(model.index()).copied().unwrap_or(false))
    }
}

/// Whether a route serves this caller: those of its tenant, or everybody where it has none. The answer names no tenant: whose route it is, is not the caller's business. That
/// there is one, everybody learns who asks without a credential, since routes are matched before callers are known.
///
/// # Errors
/// 401 `missing_credentials` without a caller, 403 `wrong_tenant`.
pub fn check_tenant(route: &RoutePlan, caller: Option<&Identity>) -> Result<(), Refusal> {
    let Some(own) = route.tenant else { return Ok(()) };
    let Some(caller) = caller else {
        return Err(Refusal::new(
            ErrorCode::MissingCredentials,
            "this route serves callers of one tenant only; send a credential",
        ));
    };
    if caller.tenant == Some(own) {
        return Ok(());
    }
    Err(Refusal::new(ErrorCode::WrongTenant, "this route does not serve callers of your tenant"))
}

#[cfg(test)]
mod tests;
