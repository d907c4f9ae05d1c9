//! Everything about a target that does not depend on the request, worked out once for each program.

use std::sync::Arc;

use aigw_core::{EndpointKey, Operation};
use aigw_kinds::model::ModelPlan;
use aigw_kinds::provider::{CredentialPlan, EndpointPlan, ProviderPlan, TimeoutsPlan, WirePlan};
use aigw_kinds::route::ServePlan;
use aigw_kinds::{EndpointId, ExpressionId, ModelId, ProviderId, RouteId};
use aigw_providers::wire::mock::MockSettings;
use aigw_providers::wire::{Api, Definition, Target};
use http::uri::PathAndQuery;

use crate::loaded::Loaded;
use crate::state::{Budget, Cooling, State};

/// One target at one endpoint.
#[derive(Debug)]
pub(crate) struct Candidate {
    /// `provider/endpoint/model`, or `provider/endpoint` for `http` routes.
    pub(crate) label: Arc<str>,
    pub(crate) endpoint: EndpointKey,
    pub(crate) wire: &'static Definition,
    pub(crate) api: Api,
    /// What the provider calls the model; empty for `http` routes.
    pub(crate) wire_model: String,
    /// Where a call goes: for models all of it, for `http` routes the endpoint's own path, which stands before the request's.
    pub(crate) path: PathAndQuery,
    pub(crate) timeouts: TimeoutsPlan,
    /// What proves who calls; none where nothing is sent.
    pub(crate) credential: Option<CredentialPlan>,
    /// Set for the built-in stand-in.
    pub(crate) mock: Option<MockSettings>,
    pub(crate) budget: Arc<Budget>,
    pub(crate) cooling: Arc<Cooling>,
    pub(crate) priority: u32,
    /// Its share among equals. More than zero.
    pub(crate) share: f64,
    pub(crate) when: Option<ExpressionId>,
}

/// The candidates of every model and of every route that serves `http`, by their ids.
#[derive(Debug)]
pub(crate) struct Targets {
    models: Vec<Vec<Candidate>>,
    routes: Vec<Vec<Candidate>>,
}

impl Targets {
    /// Works out a program's targets. What has no share is left out: it is never called.
    pub(crate) fn new(loaded: &Loaded, state: &State) -> Self {
        let program = loaded.program();
        let maker = Maker { loaded, state };
        let models = (0_u32..).zip(&program.models).map(|(id, model)| maker.of_model(ModelId(id), model)).collect();
        let routes = program.routes.iter().map(|route| maker.of_route(&route.serve)).collect();
        state.forget_unused();
        Self { models, routes }
    }

    /// The candidates of a model.
    pub(crate) fn of_model(&self, model: ModelId) -> &[Candidate] {
        self.models.get(model.index()).map(Vec::as_slice).unwrap_or_default()
    }

    /// The candidates of a route that serves `http`.
    pub(crate) fn of_route(&self, route: RouteId) -> &[Candidate] {
        self.routes.get(route.index()).map(Vec::as_slice).unwrap_or_default()
    }
}

struct Maker<'a> {
    loaded: &'a Loaded,
    state: &'a State,
}

impl Maker<'_> {
    fn of_model(&self, id: ModelId, plan: &ModelPlan) -> Vec<Candidate> {
        let weights = self.loaded.model(id).map(|model| model.weights.as_slice()).unwrap_or_default();
        let mut candidates = Vec::new();
        for (target, weight) in plan.targets.iter().zip(weights).filter(|(_, weight)| **weight > 0) {
            // The target's share is divided evenly among its endpoints.
            let share = *weight as f64 / target.endpoints.len().max(1) as f64;
            for endpoint in &target.endpoints {
                let made = self.candidate(target.provider, *endpoint, Some((&target.model, &target.wire_model, plan.operation)));
                candidates.extend(made.map(|made| Candidate { priority: target.priority, share, when: target.when, ..made }));
            }
        }
        candidates
    }

    fn of_route(&self, serve: &ServePlan) -> Vec<Candidate> {
        match serve {
            ServePlan::Models { .. } => Vec::new(),
            ServePlan::Http { provider, endpoints, .. } => {
                endpoints.iter().filter_map(|endpoint| self.candidate(*provider, *endpoint, None)).collect()
            }
        }
    }

    /// `None` only in a program that would not load.
    fn candidate(&self, provider_id: ProviderId, id: EndpointId, model: Option<(&str, &str, Operation)>) -> Option<Candidate> {
        let provider = provider_id.of(self.loaded.program())?;
        let endpoint = id.of(self.loaded.program())?;
        let ready = self.loaded.provider(provider_id)?;
        let base_path = self.loaded.endpoint(id)?.base.as_ref().map_or("", |base| base.path.as_str());
        let path = match model {
            Some((_, model, operation)) => (ready.wire.path_and_query)(&Target { operation, base_path, model, api: &ready.api }),
            None => format!("{base_path}/"),
        };
        let label = label(provider, endpoint, model.map(|(name, ..)| name));
        Some(Candidate {
            endpoint: EndpointKey(id.0),
            wire: ready.wire,
            wire_model: model.map(|(_, wire_model, _)| wire_model.to_owned()).unwrap_or_default(),
            path: PathAndQuery::try_from(path).ok()?,
            timeouts: provider.timeouts.clone(),
            credential: endpoint.credential.clone(),
            mock: mock_settings(&provider.wire),
            budget: self.state.budget(provider.origin.name.as_str()),
            cooling: self.state.cooling(&label),
            label: label.into(),
            api: ready.api.clone(),
            priority: 0,
            share: 1.0,
            when: None,
        })
    }
}

fn mock_settings(wire: &WirePlan) -> Option<MockSettings> {
    let WirePlan::Mock(plan) = wire else { return None };
    Some(MockSettings { text: plan.text.clone(), latency: plan.latency, chunk_interval: plan.chunk_interval })
}

fn label(provider: &ProviderPlan, endpoint: &EndpointPlan, model: Option<&str>) -> String {
    let place = format!("{}/{}", provider.origin.name, endpoint.name);
    model.map_or(place.clone(), |model| format!("{place}/{model}"))
}
