//! A program made ready for one environment: everything that a request needs, looked up by id, with nothing left to parse.
//!
//! Making it is the self-check of an activation: what loads runs. Nothing on the request's path reads a plan that could still be wrong.

mod gateway;
mod names;
mod places;
mod route;
mod upstream;

use std::sync::Arc;

use aigw_core::{ErrorCode, IssuerKey, KeySet, LimitState, Operation, PolicyVerdict};
use aigw_kinds::authentication::{Credentials, Issuers, Judges, Presented, Unproved, VerifiedTokens, authenticate};
use aigw_kinds::authorization::{Asked, Authorized, authorize, authorize_model, may_use};
use aigw_kinds::facts::Facts;
use aigw_kinds::prompt::{PromptInput, apply_prompts};
use aigw_kinds::route::{MatchRow, RoutePlan};
use aigw_kinds::subscription::{Subscribed, Subscriptions};
use aigw_kinds::tenant::{Tenant, check_tenant};
use aigw_kinds::{
    Decision, EndpointId, Expressions, Identity, ModelId, ParameterValues, ProductId, Program, ProviderId, Refusal, RouteId,
    Scopes, TenantId, Watch,
};
use aigw_providers::json::Splice;

use self::names::decoded;
use self::places::Places;
use self::route::Shelf;
use crate::matcher::{Matcher, Misfit};

pub use gateway::{LoadedCors, LoadedGateway};
pub use route::{LoadedProduct, LoadedRoute};
pub use upstream::{LoadedEndpoint, LoadedIdentity, LoadedModel, LoadedProvider};

/// A program, ready to run in one environment.
#[derive(Debug)]
pub struct Loaded {
    program: Program,
    expressions: Expressions,
    matcher: Matcher,
    credentials: Credentials,
    issuers: Issuers,
    routes: Vec<LoadedRoute>,
    tenants: Vec<Tenant>,
    products: Vec<LoadedProduct>,
    subscriptions: Subscriptions,
    models: Vec<LoadedModel>,
    providers: Vec<LoadedProvider>,
    endpoints: Vec<LoadedEndpoint>,
    gateway: LoadedGateway,
    places: Places,
}

/// A program that cannot run in this environment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct LoadError {
    /// Why, as activation records show it.
    pub code: LoadErrorCode,
    /// What is wrong, for people.
    pub message: String,
}

/// Why a program cannot run, as activation records show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoadErrorCode {
    /// The program is of another version, or refers to what is not in it.
    ProgramInvalid,
    /// An expression, template, pattern or digest in it is not one.
    ProgramUnloadable,
    /// The environment's parameters do not fit it.
    ParametersInvalid,
}

/// What tokens are judged by, beside the program.
#[derive(Clone, Copy)]
pub struct Tokens<'t> {
    /// The keys of issuers.
    pub key_sets: &'t dyn Fn(IssuerKey) -> Option<Arc<KeySet>>,
    /// Tokens of this program that were verified before.
    pub verified: &'t VerifiedTokens,
}

/// What a request's head reaches.
#[derive(Clone, Copy, Debug)]
pub struct Matched<'l> {
    /// The row that decided.
    pub row: &'l MatchRow,
    /// Where it stands: `file:line:column`.
    pub at: &'l Arc<str>,
    /// The route's plan.
    pub plan: &'l RoutePlan,
    /// The route, ready.
    pub route: &'l LoadedRoute,
}

impl LoadErrorCode {
    /// The code as text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ProgramInvalid => "program_invalid",
            Self::ProgramUnloadable => "program_unloadable",
            Self::ParametersInvalid => "parameters_invalid",
        }
    }

    fn with(self, fault: impl ToString) -> LoadError {
        LoadError { code: self, message: fault.to_string() }
    }
}

impl Loaded {
    /// Makes a program ready for an environment.
    ///
    /// # Errors
    /// The first thing that would not work. What `aigw validate` accepts loads.
    pub fn new(program: Program, parameters: ParameterValues) -> Result<Self, LoadError> {
        use LoadErrorCode::{ParametersInvalid, ProgramInvalid, ProgramUnloadable};
        program.check_ids().map_err(|fault| ProgramInvalid.with(fault))?;
        program.check_parameters(&parameters).map_err(|fault| ParametersInvalid.with(fault))?;
        let expressions = Expressions::compile(&program).map_err(|fault| ProgramUnloadable.with(fault))?;
        let matcher = Matcher::new(&program).map_err(|fault| ProgramUnloadable.with(fault))?;
        let credentials = Credentials::new(&program.consumers).map_err(|fault| ProgramUnloadable.with(fault))?;
        let shelf = Shelf::new(&program, &parameters)?;
        let issuers = Issuers::new(&program, &parameters).map_err(|fault| ParametersInvalid.with(fault))?;
        Ok(Self {
            routes: program.routes.iter().map(|plan| shelf.route(plan)).collect::<Result<_, _>>()?,
            tenants: (0_u32..)
                .map(TenantId)
                .zip(&program.tenants)
                .map(|(id, plan)| shelf.tenant(id, plan))
                .collect::<Result<_, _>>()?,
            products: program.products.iter().map(|plan| shelf.product(plan)).collect::<Result<_, _>>()?,
            subscriptions: Subscriptions::new(&program),
            models: program.models.iter().map(|plan| LoadedModel::new(plan, &parameters)).collect::<Result<_, _>>()?,
            providers: program.providers.iter().map(|plan| LoadedProvider::new(plan, &parameters)).collect::<Result<_, _>>()?,
            endpoints: program.endpoints.iter().map(|plan| LoadedEndpoint::new(plan, &parameters)).collect::<Result<_, _>>()?,
            gateway: LoadedGateway::new(&program.gateway, &parameters)?,
            places: Places::new(&program),
            program,
            expressions,
            matcher,
            credentials,
            issuers,
        })
    }

    /// The same, each evaluation of an expression seen by `watch`: for tests of policies. What the headers of credentials hold stays hidden.
    #[must_use]
    pub fn watched(self, watch: Arc<dyn Watch>) -> Self {
        let secrets = self.program.authentications.iter().flat_map(|plan| &plan.api_key_headers).map(String::as_str);
        Self { expressions: self.expressions.watched(watch, secrets), ..self }
    }

    /// The program as compiled.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The program's expressions.
    pub fn expressions(&self) -> &Expressions {
        &self.expressions
    }

    /// The gateway's own settings.
    pub fn gateway(&self) -> &LoadedGateway {
        &self.gateway
    }

    /// A route.
    pub fn route(&self, id: RouteId) -> Option<&LoadedRoute> {
        self.routes.get(id.index())
    }

    /// A tenant.
    pub fn tenant(&self, id: TenantId) -> Option<&Tenant> {
        self.tenants.get(id.index())
    }

    /// A product.
    pub fn product(&self, id: ProductId) -> Option<&LoadedProduct> {
        self.products.get(id.index())
    }

    /// The first half of the authorize phase: whether the route serves callers of this tenant, and under which subscription.
    ///
    /// # Errors
    /// 401, 403, or 400 where several subscriptions would do.
    pub fn admit_caller(&self, matched: &Matched<'_>, facts: &Facts<'_>) -> Result<Option<Subscribed<'_>>, Refusal> {
        let caller = facts.identity.as_deref();
        check_tenant(matched.plan, caller)?;
        self.subscriptions.select(matched.row.route, caller, facts.headers, facts.now, &self.program)
    }

    /// A model.
    pub fn model(&self, id: ModelId) -> Option<&LoadedModel> {
        self.models.get(id.index())
    }

    /// A provider.
    pub fn provider(&self, id: ProviderId) -> Option<&LoadedProvider> {
        self.providers.get(id.index())
    }

    /// An endpoint.
    pub fn endpoint(&self, id: EndpointId) -> Option<&LoadedEndpoint> {
        self.endpoints.get(id.index())
    }

    /// All endpoints, in the order of their keys.
    pub fn endpoints(&self) -> &[LoadedEndpoint] {
        &self.endpoints
    }

    /// The match phase. `facts` knows the head.
    ///
    /// # Errors
    /// `route_not_found`, with what is nearest.
    pub fn find_route(&self, facts: &Facts<'_>, decisions: &mut Vec<Decision>) -> Result<Matched<'_>, Refusal> {
        let index = self.matcher.find(facts, &self.expressions, decisions);
        let matched = index.and_then(|index| {
            let row = self.program.matches.get(usize::try_from(index).ok()?)?;
            let at = self.places.row(index)?;
            Some(Matched { row, at, plan: row.route.of(&self.program)?, route: self.route(row.route)? })
        });
        matched.ok_or_else(|| self.matcher.miss(facts))
    }

    /// The conditions of a row of the match table that this head does not meet, but for its `when`; for whoever explains.
    pub fn misfits(&self, row: u32, facts: &Facts<'_>) -> Vec<Misfit> {
        self.matcher.misfits(row, facts)
    }

    /// The issuers of tokens, in the order of their keys.
    pub fn issuers(&self) -> &Issuers {
        &self.issuers
    }

    /// The authenticate phase, with the keys of issuers as they are now and what was verified before.
    ///
    /// # Errors
    /// 401, or 503 where the keys of a token's issuer cannot be had; and whether other keys would help.
    pub fn authenticate(
        &self,
        route: &LoadedRoute,
        presented: &Presented<'_>,
        tokens: &Tokens<'_>,
        decisions: &mut Vec<Decision>,
    ) -> Result<Option<Arc<Identity>>, Unproved> {
        let key_sets = |id: aigw_kinds::IssuerId| (tokens.key_sets)(IssuerKey(id.0));
        let judges =
            Judges { credentials: &self.credentials, issuers: &self.issuers, key_sets: &key_sets, verified: tokens.verified };
        authenticate(&route.authentication, &judges, presented, decisions)
    }

    /// The second half of the authorize phase: the rules. `facts` knows the caller, its tenant and its subscription.
    ///
    /// # Errors
    /// 403.
    pub fn authorize(
        &self,
        matched: &Matched<'_>,
        scopes: Scopes<'_>,
        facts: &Facts<'_>,
        decisions: &mut Vec<Decision>,
    ) -> Result<Authorized, Refusal> {
        authorize(scopes.authorization(), &matched.asked(facts), &self.expressions, decisions)
    }

    /// The model that a name means on this route, or its default where there is no name.
    ///
    /// # Errors
    /// 404 `model_not_found`, or 400 where a name is needed.
    pub fn resolve(&self, matched: &Matched<'_>, name: Option<&str>) -> Result<ModelId, Refusal> {
        matched.route.models.resolve(name, matched.row.operation, &self.program)
    }

    /// Whether the caller may use this model: what the authorize phase left to judge. To be asked again for each fallback. `facts` knows the body and the model.
    ///
    /// # Errors
    /// 403 `model_not_allowed`.
    pub fn authorize_model(
        &self,
        matched: &Matched<'_>,
        scopes: Scopes<'_>,
        facts: &Facts<'_>,
        model: ModelId,
        authorized: Authorized,
        decisions: &mut Vec<Decision>,
    ) -> Result<(), Refusal> {
        if facts.product.is_some_and(|product| !product.has_model(model)) {
            let message = "the subscription that this request is under does not hold this model";
            return Err(Refusal::new(ErrorCode::ModelNotAllowed, message).about("model"));
        }
        authorize_model(scopes.authorization(), &matched.asked(facts), model, authorized, &self.expressions, decisions)
    }

    /// The models that the caller may use on this route, for the list of models.
    pub fn usable_models(&self, matched: &Matched<'_>, scopes: Scopes<'_>, facts: &Facts<'_>) -> Vec<ModelId> {
        let asked = matched.asked(facts);
        let tenant = facts.identity.as_ref().and_then(|caller| self.tenant(caller.tenant?));
        let usable = |id: &ModelId| {
            let operation = id.of(&self.program).map_or(Operation::Chat, |plan| plan.operation);
            facts.product.is_none_or(|product| product.has_model(*id))
                && tenant.is_none_or(|tenant| tenant.may_use(*id))
                && may_use(scopes.authorization(), &asked, *id, operation, &self.expressions)
        };
        matched.route.models.all().iter().copied().filter(usable).collect()
    }

    /// The prompt phase: what to splice into a chat request's body.
    ///
    /// # Errors
    /// 400 where a value breaks a prompt's declared parameters.
    pub fn apply_prompts(
        &self,
        scopes: Scopes<'_>,
        input: &PromptInput<'_, '_>,
        decisions: &mut Vec<Decision>,
    ) -> Result<Splice, Refusal> {
        apply_prompts(scopes.prompts(), input, decisions)
    }

    /// A decision as the record shows it.
    pub fn verdict(&self, decision: Decision) -> PolicyVerdict {
        self.places.verdict(decision)
    }

    /// A limit's reading as the record shows it.
    pub fn limit_state(&self, reading: &crate::counters::LimitReading) -> LimitState {
        self.places.limit_state(reading)
    }
}

impl<'l> Matched<'l> {
    /// The policies of a request of which only the route is known.
    pub fn scopes(&self) -> Scopes<'l> {
        Scopes::of_route(&self.route.wider, &self.route.own)
    }

    /// What the row's capture of this name took from the path, decoded.
    pub fn capture(&self, name: &str, path: &str) -> Option<String> {
        self.row.path.capture(name, path).map(decoded)
    }

    fn asked<'f, 'a>(&self, facts: &'f Facts<'a>) -> Asked<'f, 'a> {
        Asked { operation: self.row.operation, route: self.row.route, open: self.route.open, facts }
    }
}

#[cfg(test)]
mod tests;
