//! Providers, endpoints and models with the values of this environment.

use aigw_kinds::model::ModelPlan;
use aigw_kinds::provider::{
    AzureApi, CredentialPlan, EndpointPlan, ManagedIdentityPlan, ProviderPlan, WirePlan, is_client_id, keeps_tokens,
};
use aigw_kinds::{ParameterValues, Setting};
use aigw_providers::wire::{Api, Definition, azure_openai, mock, openai, openai_compatible};
use http::Uri;
use http::uri::{Authority, Scheme};

use super::{LoadError, LoadErrorCode};

/// A provider's wire.
#[derive(Debug)]
pub struct LoadedProvider {
    /// What it speaks.
    pub wire: &'static Definition,
    /// How its paths are versioned.
    pub api: Api,
}

/// Where an endpoint is.
#[derive(Debug)]
pub struct LoadedEndpoint {
    /// Its address; `None` for the mock.
    pub base: Option<BaseUrl>,
    /// Whose token it is called with; `None` where it is called with none.
    pub identity: Option<LoadedIdentity>,
}

/// An Azure managed identity, and what its token is good for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LoadedIdentity {
    /// The client id of a user-assigned identity; `None` for the machine's own.
    pub client_id: Option<String>,
    /// The resource.
    pub resource: String,
}

/// An address that calls begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    /// `https`, or on loopback `http`.
    pub scheme: Scheme,
    /// Host and port.
    pub authority: Authority,
    /// The path before a call's own, without a slash at its end.
    pub path: String,
}

/// A model's numbers.
#[derive(Debug)]
pub struct LoadedModel {
    /// The weights of its targets, in their order.
    pub weights: Vec<u64>,
}

impl LoadedProvider {
    pub(super) fn new(plan: &ProviderPlan, parameters: &ParameterValues) -> Result<Self, LoadError> {
        let (wire, api) = match &plan.wire {
            WirePlan::Openai => (&openai::DEFINITION, Api::Plain),
            WirePlan::OpenaiCompatible => (&openai_compatible::DEFINITION, Api::Plain),
            WirePlan::Mock(_) => (&mock::DEFINITION, Api::Plain),
            WirePlan::AzureOpenai(AzureApi::Deployments { version }) => {
                (&azure_openai::DEFINITION, Api::Deployments { version: setting(version, parameters)?.to_owned() })
            }
            WirePlan::AzureOpenai(AzureApi::V1 { version }) => {
                let version = version.as_ref().map(|version| setting(version, parameters).map(str::to_owned)).transpose()?;
                (&azure_openai::DEFINITION, Api::V1 { version })
            }
        };
        Ok(Self { wire, api })
    }
}

impl LoadedEndpoint {
    pub(super) fn new(plan: &EndpointPlan, parameters: &ParameterValues) -> Result<Self, LoadError> {
        let url = plan.url.as_ref().map(|url| setting(url, parameters)).transpose()?;
        let base = url.map(BaseUrl::new).transpose()?;
        let identity = match &plan.credential {
            Some(CredentialPlan::ManagedIdentity(identity)) => Some(LoadedIdentity::new(identity, parameters)?),
            Some(CredentialPlan::Key(_)) | None => None,
        };
        if identity.is_some() && !url.is_some_and(keeps_tokens) {
            let message = format!("the endpoint `{}` is called with a token, and its address is not `https`", plan.name);
            return Err(LoadErrorCode::ParametersInvalid.with(message));
        }
        Ok(Self { base, identity })
    }
}

impl LoadedIdentity {
    fn new(plan: &ManagedIdentityPlan, parameters: &ParameterValues) -> Result<Self, LoadError> {
        let client_id = plan.client_id.as_ref().map(|id| setting(id, parameters)).transpose()?;
        match client_id.filter(|id| !is_client_id(id)) {
            Some(id) => {
                let shown: String = id.chars().take(80).collect();
                Err(LoadErrorCode::ParametersInvalid.with(format!("`{shown}` is not the client id of an identity")))
            }
            None => Ok(Self { client_id: client_id.map(str::to_owned), resource: plan.resource.clone() }),
        }
    }
}

impl BaseUrl {
    fn new(text: &str) -> Result<Self, LoadError> {
        let fault = || LoadErrorCode::ParametersInvalid.with(format!("`{text}` is not the address of an endpoint"));
        let parts = text.parse::<Uri>().map_err(|_| fault())?.into_parts();
        let scheme = parts.scheme.filter(|scheme| *scheme == Scheme::HTTPS || *scheme == Scheme::HTTP).ok_or_else(fault)?;
        let authority = parts.authority.filter(|authority| !authority.as_str().contains('@')).ok_or_else(fault)?;
        let path = parts.path_and_query.as_ref().map_or("", |path| path.path()).trim_end_matches('/').to_owned();
        if parts.path_and_query.is_some_and(|path| path.query().is_some()) {
            return Err(fault());
        }
        Ok(Self { scheme, authority, path })
    }
}

impl LoadedModel {
    pub(super) fn new(plan: &ModelPlan, parameters: &ParameterValues) -> Result<Self, LoadError> {
        let weight = |weight: &Setting<u64>| match weight {
            Setting::Value(weight) => Ok(*weight),
            Setting::Param(id) => parameters.0.get(id.index()).and_then(|value| value.parse().ok()).ok_or_else(|| {
                LoadErrorCode::ParametersInvalid.with(format!("a weight of model `{}` is not a whole number", plan.origin.name))
            }),
        };
        Ok(Self { weights: plan.targets.iter().map(|target| weight(&target.weight)).collect::<Result<_, _>>()? })
    }
}

/// The text of a setting in this environment.
pub(super) fn setting<'s>(setting: &'s Setting<String>, parameters: &'s ParameterValues) -> Result<&'s str, LoadError> {
    match setting {
        Setting::Value(text) => Ok(text),
        Setting::Param(id) => {
            let value = parameters.0.get(id.index()).map(String::as_str);
            value.ok_or_else(|| LoadErrorCode::ParametersInvalid.with(format!("parameter {} has no value", id.0)))
        }
    }
}
