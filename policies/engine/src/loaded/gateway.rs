//! The gateway's own settings, ready.

use std::net::IpAddr;

use aigw_core::ErrorCode;
use aigw_kinds::ParameterValues;
use aigw_kinds::gateway::{BoundsPlan, CorsPlan, ErrorOverride, GatewayPlan};
use http::{HeaderName, HeaderValue};
use ipnet::IpNet;

use super::upstream::setting;
use super::{LoadError, LoadErrorCode};

/// The gateway's own settings.
#[derive(Debug)]
pub struct LoadedGateway {
    /// Bounds on every request.
    pub bounds: BoundsPlan,
    /// The caller's headers that go upstream.
    pub forward_headers: Vec<HeaderName>,
    /// Cross-origin access, where it is allowed.
    pub cors: Option<LoadedCors>,
    trusted_proxies: Vec<IpNet>,
    errors: Vec<ErrorOverride>,
}

/// Cross-origin access for browsers.
#[derive(Debug)]
pub struct LoadedCors {
    /// Allowed origins.
    pub origins: Vec<HeaderValue>,
    /// Whether any origin is allowed.
    pub any_origin: bool,
    /// Whether credentials are allowed.
    pub credentials: bool,
    /// How long a browser may keep a preflight's answer, in seconds, as a header.
    pub max_age: HeaderValue,
}

impl LoadedGateway {
    pub(super) fn new(plan: &GatewayPlan, parameters: &ParameterValues) -> Result<Self, LoadError> {
        let header = |name: &String| {
            HeaderName::try_from(name.as_str())
                .map_err(|_| LoadErrorCode::ProgramUnloadable.with(format!("`{name}` in `forwardHeaders` is not a header name")))
        };
        Ok(Self {
            bounds: plan.bounds.clone(),
            forward_headers: plan.forward_headers.iter().map(header).collect::<Result<_, _>>()?,
            cors: plan.cors.as_ref().map(|cors| LoadedCors::new(cors, parameters)).transpose()?,
            trusted_proxies: plan.trusted_proxies.clone(),
            errors: plan.errors.clone(),
        })
    }

    /// What the policy says of this code, where it says anything.
    pub fn error(&self, code: ErrorCode) -> Option<&ErrorOverride> {
        self.errors.iter().find(|error| error.code == code)
    }

    /// Whether this address may say whose request it forwards.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.trusted_proxies.iter().any(|network| network.contains(&peer))
    }
}

impl LoadedCors {
    fn new(plan: &CorsPlan, parameters: &ParameterValues) -> Result<Self, LoadError> {
        let mut origins = Vec::with_capacity(plan.origins.len());
        for origin in &plan.origins {
            let text = setting(origin, parameters)?;
            let fault = |_| LoadErrorCode::ParametersInvalid.with(format!("`{text}` in `cors` is not an origin"));
            origins.push(HeaderValue::try_from(text).map_err(fault)?);
        }
        Ok(Self {
            any_origin: origins.iter().any(|origin| origin == "*"),
            origins,
            credentials: plan.credentials,
            max_age: HeaderValue::from(plan.max_age.as_millis() / 1_000),
        })
    }

    /// Whether pages of this origin may read answers.
    pub fn allows(&self, origin: &HeaderValue) -> bool {
        self.any_origin || self.origins.contains(origin)
    }
}
