//! Where targets lead.

use aigw_kinds::model::{ModelSpec, TargetSpec};
use aigw_kinds::provider::{EndpointSpec, ProviderSpec, ProviderType};
use aigw_kinds::{Doc, Repository, Typed};

/// Where a target, or a route that serves `http`, leads.
#[derive(Debug, Clone)]
pub(crate) struct Destination<'a> {
    /// The provider.
    pub(crate) provider: Typed<'a, ProviderSpec>,
    /// The endpoint that is named, if any.
    pub(crate) endpoint: Option<&'a str>,
}

impl<'a> Destination<'a> {
    /// The endpoints that are meant; none for a mock.
    pub(crate) fn endpoints(&self) -> impl Iterator<Item = (&'a str, &'a EndpointSpec)> + use<'a> {
        let named = self.endpoint;
        let all = self.provider.spec.endpoints.iter().map(|(name, spec)| (name.as_str(), spec));
        all.filter(move |(name, _)| named.is_none_or(|named| *name == named))
    }

    /// How many places requests can go to.
    pub(crate) fn places(&self) -> usize {
        match self.provider.spec.r#type {
            ProviderType::Mock => 1,
            _ => self.endpoints().count(),
        }
    }

    /// Whether calls go out with a credential of ours, so that somebody pays for them.
    pub(crate) fn is_paid(&self) -> bool {
        self.endpoints().any(|(_, endpoint)| endpoint.auth.is_some())
    }
}

/// Where `provider/model`, `provider/endpoint/model`, `provider` or `provider/endpoint` leads; `None` where the provider is not known.
pub(crate) fn destination<'a>(repository: &'a Repository, target: &'a str) -> Option<Destination<'a>> {
    let (name, rest) = target.split_once('/').unwrap_or((target, ""));
    let provider = repository.typed::<ProviderSpec>(name)?;
    let first = rest.split('/').next().unwrap_or_default();
    let endpoint = provider.spec.endpoints.keys().map(aigw_core::Name::as_str).find(|own| *own == first);
    Some(Destination { provider, endpoint })
}

/// Where the targets of a model lead; those whose provider is not known are left out.
pub(crate) fn model_destinations<'a>(repository: &'a Repository, model: &'a ModelSpec) -> Vec<(&'a TargetSpec, Destination<'a>)> {
    model.targets.iter().filter_map(|target| Some((target, destination(repository, &target.target)?))).collect()
}

/// Whether a key is written, so that its value is not the default's.
pub(crate) fn written(doc: &Doc, pointer: &str) -> bool {
    doc.node.at(pointer).is_some()
}
