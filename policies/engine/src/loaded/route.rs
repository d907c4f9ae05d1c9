//! Routes, and the policies of every scope, each policy made ready once.

use std::sync::Arc;

use aigw_kinds::authentication::Authentication;
use aigw_kinds::authorization::Authorization;
use aigw_kinds::limit::Limit;
use aigw_kinds::product::ProductPlan;
use aigw_kinds::prompt::Prompt;
use aigw_kinds::route::{RoutePlan, ServedModels};
use aigw_kinds::tenant::{Tenant, TenantPlan};
use aigw_kinds::validation::Validation;
use aigw_kinds::{
    AuthenticationId, AuthorizationId, LimitId, ParameterValues, Policies, PolicySet, Program, TenantId, ValidationId,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{LoadError, LoadErrorCode};

/// A route, ready.
#[derive(Debug)]
pub struct LoadedRoute {
    /// Its policies that authenticate.
    pub authentication: Vec<Arc<Authentication>>,
    /// What the Gateway gives to it.
    pub wider: Policies,
    /// What it names itself.
    pub own: Policies,
    /// The models it serves.
    pub models: ServedModels,
    /// Whether it needs no rule that allows.
    pub open: bool,
}

/// A product, ready.
#[derive(Debug)]
pub struct LoadedProduct {
    /// The policies of what is used under it.
    pub policies: Policies,
    notices: Option<(HeaderValue, Option<HeaderValue>)>,
}

impl LoadedProduct {
    /// Tells that it is deprecated, and when it ends, where that is so.
    pub(crate) fn describe(&self, headers: &mut HeaderMap) {
        let Some((deprecation, sunset)) = &self.notices else { return };
        headers.insert(DEPRECATION, deprecation.clone());
        if let Some(sunset) = sunset {
            headers.insert(SUNSET, sunset.clone());
        }
    }
}

/// RFC 9745.
const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
/// RFC 8594.
const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// Every policy, ready to be shared by the scopes that name it.
pub(super) struct Shelf<'p> {
    program: &'p Program,
    parameters: &'p ParameterValues,
    authentications: Vec<Arc<Authentication>>,
    authorizations: Vec<Arc<Authorization>>,
    validations: Vec<Arc<Validation>>,
    limits: Vec<Arc<Limit>>,
}

impl<'p> Shelf<'p> {
    pub(super) fn new(program: &'p Program, parameters: &'p ParameterValues) -> Result<Self, LoadError> {
        let ids = 0_u32..;
        let authentications = ids.clone().map(AuthenticationId).zip(&program.authentications);
        let authentications = authentications.map(|(id, plan)| Authentication::new(id, plan).map(Arc::new));
        let authorizations = ids.clone().map(AuthorizationId).zip(&program.authorizations);
        let validations = ids.clone().map(ValidationId).zip(&program.validations);
        let validations = validations.map(|(id, plan)| Validation::new(id, plan).map(Arc::new));
        let limits = ids.map(LimitId).zip(&program.limits).map(|(id, plan)| Limit::new(id, plan, parameters).map(Arc::new));
        Ok(Self {
            program,
            parameters,
            authentications: authentications
                .collect::<Result<_, _>>()
                .map_err(|fault| LoadErrorCode::ProgramUnloadable.with(fault))?,
            authorizations: authorizations.map(|(id, plan)| Arc::new(Authorization::new(id, plan, program))).collect(),
            validations: validations.collect::<Result<_, _>>().map_err(|fault| LoadErrorCode::ProgramUnloadable.with(fault))?,
            limits: limits.collect::<Result<_, _>>().map_err(|fault| LoadErrorCode::ParametersInvalid.with(fault))?,
        })
    }

    pub(super) fn route(&self, plan: &RoutePlan) -> Result<LoadedRoute, LoadError> {
        Ok(LoadedRoute {
            authentication: shared(&self.authentications, plan.authentication.iter().map(|id| id.index())),
            wider: self.policies(&plan.wider)?,
            own: self.policies(&plan.own)?,
            models: ServedModels::new(&plan.serve, self.program),
            open: plan.authorization_open,
        })
    }

    /// A tenant, its limits counted for it alone.
    pub(super) fn tenant(&self, id: TenantId, plan: &TenantPlan) -> Result<Tenant, LoadError> {
        let mut policies = self.policies(&plan.policies)?;
        policies.limits.iter_mut().for_each(|limit| *limit = Arc::new(Limit::clone(limit).for_each_tenant()));
        Tenant::new(id, self.program, policies)
            .ok_or_else(|| LoadErrorCode::ProgramInvalid.with("a tenant is not in the program"))
    }

    pub(super) fn product(&self, plan: &ProductPlan) -> Result<LoadedProduct, LoadError> {
        let notices = plan.notices().and_then(|(deprecation, sunset)| {
            Some((HeaderValue::try_from(deprecation).ok()?, sunset.and_then(|sunset| HeaderValue::try_from(sunset).ok())))
        });
        Ok(LoadedProduct { policies: self.policies(&plan.policies)?, notices })
    }

    /// The policies of one scope.
    pub(super) fn policies(&self, set: &PolicySet) -> Result<Policies, LoadError> {
        let prompt =
            |used| Prompt::new(used, self.program, self.parameters).map_err(|fault| LoadErrorCode::ProgramUnloadable.with(fault));
        Ok(Policies {
            authorization: shared(&self.authorizations, set.authorization.iter().map(|id| id.index())),
            validations: shared(&self.validations, set.validations.iter().map(|id| id.index())),
            limits: shared(&self.limits, set.limits.iter().map(|id| id.index())),
            prompts: set.prompts.iter().map(prompt).collect::<Result<_, _>>()?,
        })
    }
}

fn shared<T>(all: &[Arc<T>], indices: impl Iterator<Item = usize>) -> Vec<Arc<T>> {
    indices.filter_map(|index| all.get(index).cloned()).collect()
}
