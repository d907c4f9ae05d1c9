//! Whether a program holds together: every id refers to something, and an environment's values fit their declarations.
//!
//! A compiler that is right never makes a program that fails here; a file from outside may.

use std::collections::BTreeMap;
use std::net::IpAddr;

use aigw_source::nearest;
use http::Uri;
use regex::RegexBuilder;

use crate::authentication::{ClaimRule, ClaimTest, IssuerSource};
use crate::gateway::{ParameterKind, ParameterPlan};
use crate::limit::{Amount, KeyPart};
use crate::prompt::PromptValue;
use crate::provider::{AzureApi, CredentialPlan, WirePlan};
use crate::route::ServePlan;
use crate::{ExpressionId, ExpressionType, PROGRAM_VERSION, ParameterValues, PolicySet, Program, Setting};

/// Largest compiled pattern in bytes.
const MAX_PATTERN_BYTES: usize = 1 << 20;

/// A program that does not hold together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProgramFault {
    /// Written by another version.
    #[error("the program is of version {0}, and this is version {PROGRAM_VERSION}")]
    Version(u32),
    /// An id that refers to nothing, or to the wrong sort of thing.
    #[error("{place} refers to {kind} {id}, which is not in the program")]
    Dangling {
        /// What refers.
        place: String,
        /// What it refers to.
        kind: &'static str,
        /// The id.
        id: u32,
    },
    /// A list that must hold something is empty.
    #[error("{0} is empty")]
    Empty(String),
}

/// A parameter without a good value in this environment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("parameter `{name}`: {why}")]
pub struct ParameterFault {
    name: String,
    why: String,
}

impl Program {
    /// Checks that it is of this version and that every id in it refers to what it should.
    ///
    /// # Errors
    /// The first that does not.
    pub fn check_ids(&self) -> Result<(), ProgramFault> {
        if self.version != PROGRAM_VERSION {
            return Err(ProgramFault::Version(self.version));
        }
        self.check_gateway()?;
        self.check_providers()?;
        self.check_models()?;
        self.check_callers()?;
        self.check_policies()?;
        self.check_issuers()?;
        self.check_routes()?;
        self.check_matches()
    }

    /// Checks that there is one good value for each declared parameter.
    ///
    /// # Errors
    /// The first parameter without.
    pub fn check_parameters(&self, values: &ParameterValues) -> Result<(), ParameterFault> {
        for (index, parameter) in self.parameters.iter().enumerate() {
            let fault = |why: String| ParameterFault { name: parameter.name.clone(), why };
            let value = values.0.get(index).ok_or_else(|| fault("it has no value".to_owned()))?;
            parameter.check(value).map_err(fault)?;
        }
        match values.0.len().checked_sub(self.parameters.len()) {
            Some(0) => Ok(()),
            _ => Err(ParameterFault {
                name: String::new(),
                why: "there are values for parameters that are not declared".to_owned(),
            }),
        }
    }

    /// The values of one environment by parameter, from those given by name; where `test` is allowed, a declared `test` value stands in for one
    /// that is not given.
    ///
    /// # Errors
    /// Every parameter without a good value, and every name that is not declared.
    pub fn parameter_values(&self, given: &BTreeMap<String, String>, test: bool) -> Result<ParameterValues, Vec<ParameterFault>> {
        let (mut values, mut faults) = (Vec::new(), Vec::new());
        for parameter in &self.parameters {
            let fault = |why: String| ParameterFault { name: parameter.name.clone(), why };
            let value = given.get(&parameter.name).or(parameter.test.as_ref().filter(|_| test));
            match value.map(|value| parameter.check(value).map(|()| value.clone())) {
                Some(Ok(value)) => values.push(value),
                Some(Err(why)) => faults.push(fault(why)),
                None if test => faults.push(fault("it has no value, and its declaration no `test` value".to_owned())),
                None => faults.push(fault("it has no value".to_owned())),
            }
        }
        let declared = || self.parameters.iter().map(|parameter| parameter.name.as_str());
        for name in given.keys().filter(|name| !declared().any(|known| known == name.as_str())) {
            let meant = nearest(name, declared()).map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
            faults.push(ParameterFault { name: name.clone(), why: format!("the Gateway does not declare it{meant}") });
        }
        if faults.is_empty() { Ok(ParameterValues(values)) } else { Err(faults) }
    }

    fn check_gateway(&self) -> Result<(), ProgramFault> {
        let place = || "the gateway".to_owned();
        let origins = self.gateway.cors.iter().flat_map(|cors| &cors.origins);
        origins.into_iter().try_for_each(|origin| self.setting(origin, place))
    }

    fn check_providers(&self) -> Result<(), ProgramFault> {
        for provider in &self.providers {
            let place = || format!("provider `{}`", provider.origin.name);
            let version = match &provider.wire {
                WirePlan::AzureOpenai(AzureApi::Deployments { version }) => Some(version),
                WirePlan::AzureOpenai(AzureApi::V1 { version }) => version.as_ref(),
                WirePlan::Openai | WirePlan::OpenaiCompatible | WirePlan::Mock(_) => None,
            };
            version.map_or(Ok(()), |version| self.setting(version, place))?;
            provider.endpoints.iter().try_for_each(|id| known(id.of(self).is_some(), place, "endpoint", id.0))?;
        }
        for endpoint in &self.endpoints {
            let place = || format!("endpoint `{}`", endpoint.name);
            known(endpoint.provider.of(self).is_some(), place, "provider", endpoint.provider.0)?;
            endpoint.url.as_ref().map_or(Ok(()), |url| self.setting(url, place))?;
            let client_id = match &endpoint.credential {
                Some(CredentialPlan::ManagedIdentity(identity)) => identity.client_id.as_ref(),
                Some(CredentialPlan::Key(_)) | None => None,
            };
            client_id.map_or(Ok(()), |id| self.setting(id, place))?;
        }
        Ok(())
    }

    fn check_models(&self) -> Result<(), ProgramFault> {
        for model in &self.models {
            let place = || format!("model `{}`", model.origin.name);
            for target in &model.targets {
                known(target.provider.of(self).is_some(), place, "provider", target.provider.0)?;
                if target.endpoints.is_empty() {
                    return Err(ProgramFault::Empty(format!("the list of endpoints of a target of {}", place())));
                }
                target.endpoints.iter().try_for_each(|id| known(id.of(self).is_some(), place, "endpoint", id.0))?;
                self.setting(&target.weight, place)?;
                self.expression(target.when, ExpressionType::Bool, place)?;
            }
            self.expression(model.sticky, ExpressionType::Text, place)?;
            model.fallback.iter().try_for_each(|id| known(id.of(self).is_some(), place, "model", id.0))?;
        }
        Ok(())
    }

    fn check_callers(&self) -> Result<(), ProgramFault> {
        for tenant in &self.tenants {
            self.policy_set(&tenant.policies, || format!("tenant `{}`", tenant.origin.name))?;
        }
        for product in &self.products {
            let place = || format!("product `{}`", product.origin.name);
            product.routes.iter().try_for_each(|id| known(id.of(self).is_some(), place, "route", id.0))?;
            product.models.iter().try_for_each(|id| known(id.of(self).is_some(), place, "model", id.0))?;
            product.tenant.map_or(Ok(()), |id| known(id.of(self).is_some(), place, "tenant", id.0))?;
            self.policy_set(&product.policies, place)?;
        }
        for subscription in &self.subscriptions {
            let place = || format!("subscription `{}`", subscription.origin.name);
            known(subscription.consumer.of(self).is_some(), place, "consumer", subscription.consumer.0)?;
            known(subscription.product.of(self).is_some(), place, "product", subscription.product.0)?;
        }
        for consumer in &self.consumers {
            let place = || format!("consumer `{}`", consumer.origin.name);
            let named = consumer.keys.iter().filter_map(|key| key.subscription);
            let named = named.chain(consumer.tokens.iter().filter_map(|token| token.subscription));
            let named = named.chain(consumer.certificates.iter().filter_map(|certificate| certificate.subscription));
            named.into_iter().try_for_each(|id| known(id.of(self).is_some(), place, "subscription", id.0))?;
            consumer.tenant.map_or(Ok(()), |id| known(id.of(self).is_some(), place, "tenant", id.0))?;
        }
        Ok(())
    }

    fn check_policies(&self) -> Result<(), ProgramFault> {
        for policy in &self.authorizations {
            for rule in &policy.rules {
                let place = || format!("authorization `{}/{}`", policy.origin.name, rule.name);
                self.expression(rule.when, ExpressionType::Bool, place)?;
                rule.routes.iter().try_for_each(|id| known(id.of(self).is_some(), place, "route", id.0))?;
            }
        }
        for limit in &self.limits {
            let place = || format!("limit `{}`", limit.origin.name);
            for part in &limit.per {
                if let KeyPart::Expr(id) = part {
                    self.expression(Some(*id), ExpressionType::Text, place)?;
                }
            }
            for rule in &limit.rules {
                self.expression(rule.when, ExpressionType::Bool, place)?;
                if let Amount::Fixed(amount) = &rule.amount {
                    self.setting(amount, place)?;
                }
            }
        }
        Ok(())
    }

    fn check_routes(&self) -> Result<(), ProgramFault> {
        for route in &self.routes {
            let place = || format!("route `{}`", route.origin.name);
            match &route.serve {
                ServePlan::Models { models, default } => {
                    models.iter().chain(default).try_for_each(|id| known(id.of(self).is_some(), place, "model", id.0))?;
                }
                ServePlan::Http { provider, endpoints, .. } => {
                    known(provider.of(self).is_some(), place, "provider", provider.0)?;
                    endpoints.iter().try_for_each(|id| known(id.of(self).is_some(), place, "endpoint", id.0))?;
                }
            }
            route.authentication.iter().try_for_each(|id| known(id.of(self).is_some(), place, "authentication", id.0))?;
            route.tenant.map_or(Ok(()), |id| known(id.of(self).is_some(), place, "tenant", id.0))?;
            route.policies().try_for_each(|set| self.policy_set(set, place))?;
            self.guarded(route)?;
        }
        Ok(())
    }

    fn policy_set(&self, set: &PolicySet, place: impl Fn() -> String + Copy) -> Result<(), ProgramFault> {
        set.authorization.iter().try_for_each(|id| known(id.of(self).is_some(), place, "authorization", id.0))?;
        set.validations.iter().try_for_each(|id| known(id.of(self).is_some(), place, "validation", id.0))?;
        set.limits.iter().try_for_each(|id| known(id.of(self).is_some(), place, "limit", id.0))?;
        for used in &set.prompts {
            known(used.prompt.of(self).is_some(), place, "prompt", used.prompt.0)?;
            for (_, value) in &used.with {
                match value {
                    PromptValue::Value(_) => {}
                    PromptValue::Param(id) => known(id.of(self).is_some(), place, "parameter", id.0)?,
                    PromptValue::Expr(id) => self.value_expression(*id, place)?,
                }
            }
        }
        Ok(())
    }

    fn check_issuers(&self) -> Result<(), ProgramFault> {
        for policy in &self.authentications {
            let place = || format!("authentication `{}`", policy.origin.name);
            policy.issuers.iter().try_for_each(|id| known(id.of(self).is_some(), place, "issuer", id.0))?;
        }
        for issuer in &self.issuers {
            let place = || format!("issuer `{}`", issuer.name);
            let rest = match &issuer.source {
                IssuerSource::Named { issuer, jwks } => [Some(issuer), jwks.as_ref()],
                IssuerSource::Entra { tenant, authority } => [Some(tenant), Some(authority)],
            };
            rest.into_iter().flatten().chain(&issuer.audience).try_for_each(|setting| self.setting(setting, place))?;
            if issuer.audience.is_empty() {
                return Err(ProgramFault::Empty(format!("the audience of {}", place())));
            }
            self.claim_rules(&issuer.require, place)?;
            let tenant = issuer.undeclared.as_ref().and_then(|caller| caller.tenant);
            tenant.map_or(Ok(()), |id| known(id.of(self).is_some(), place, "tenant", id.0))?;
        }
        for tenant in &self.tenants {
            self.claim_rules(&tenant.claims, || format!("tenant `{}`", tenant.origin.name))?;
        }
        for consumer in &self.consumers {
            let place = || format!("consumer `{}`", consumer.origin.name);
            for token in &consumer.tokens {
                known(token.issuer.of(self).is_some(), place, "issuer", token.issuer.0)?;
                self.claim_rules(&token.claims, place)?;
                if token.claims.is_empty() {
                    return Err(ProgramFault::Empty(format!("the claims of {}", place())));
                }
            }
        }
        Ok(())
    }

    fn claim_rules(&self, rules: &[ClaimRule], place: impl Fn() -> String + Copy) -> Result<(), ProgramFault> {
        rules.iter().try_for_each(|rule| match &rule.test {
            ClaimTest::Equals(setting) | ClaimTest::Contains(setting) => self.setting(setting, place),
            ClaimTest::Present => Ok(()),
        })
    }

    /// A program from outside must not open a route by leaving its lists empty.
    fn guarded(&self, route: &crate::route::RoutePlan) -> Result<(), ProgramFault> {
        let empty = |what: &str| Err(ProgramFault::Empty(format!("the {what} of route `{}`", route.origin.name)));
        if route.authentication.is_empty() && !route.anonymous {
            return empty("authentication");
        }
        if route.authorization().next().is_none() && !route.authorization_open {
            return empty("authorization");
        }
        Ok(())
    }

    fn check_matches(&self) -> Result<(), ProgramFault> {
        for (index, row) in self.matches.iter().enumerate() {
            let place = || format!("match row {index}");
            known(row.route.of(self).is_some(), place, "route", row.route.0)?;
            self.expression(row.when, ExpressionType::Bool, place)?;
        }
        Ok(())
    }

    fn setting<T>(&self, setting: &Setting<T>, place: impl Fn() -> String) -> Result<(), ProgramFault> {
        match setting {
            Setting::Value(_) => Ok(()),
            Setting::Param(id) => known(id.of(self).is_some(), place, "parameter", id.0),
        }
    }

    fn expression(
        &self,
        id: Option<ExpressionId>,
        gives: ExpressionType,
        place: impl Fn() -> String,
    ) -> Result<(), ProgramFault> {
        let Some(id) = id else { return Ok(()) };
        known(id.of(self).is_some_and(|plan| plan.gives == gives), place, "expression", id.0)
    }

    fn value_expression(&self, id: ExpressionId, place: impl Fn() -> String) -> Result<(), ProgramFault> {
        known(id.of(self).is_some_and(|plan| plan.gives != ExpressionType::Bool), place, "expression", id.0)
    }
}

fn known(found: bool, place: impl Fn() -> String, kind: &'static str, id: u32) -> Result<(), ProgramFault> {
    if found { Ok(()) } else { Err(ProgramFault::Dangling { place: place(), kind, id }) }
}

impl ParameterPlan {
    /// Whether a value fits the declaration.
    ///
    /// # Errors
    /// What it must be, in words.
    pub fn check(&self, value: &str) -> Result<(), String> {
        match &self.kind {
            ParameterKind::Url { hosts } => check_url(value, hosts),
            ParameterKind::String { pattern, max_length } => {
                if u32::try_from(value.chars().count()).is_ok_and(|length| length > *max_length) {
                    return Err(format!("the value is longer than {max_length} characters"));
                }
                let Some(pattern) = pattern else { return Ok(()) };
                let whole = RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(MAX_PATTERN_BYTES).build();
                let whole = whole.map_err(|_| format!("the pattern `{pattern}` does not compile"))?;
                if whole.is_match(value) { Ok(()) } else { Err(format!("the value does not match `{pattern}`")) }
            }
            ParameterKind::Integer { min, max } => {
                let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
                match value.parse::<u64>() {
                    Ok(number) if digits && (*min..=*max).contains(&number) => Ok(()),
                    _ => Err(format!("the value must be a whole number from {min} to {max}")),
                }
            }
        }
    }
}

fn check_url(value: &str, hosts: &[String]) -> Result<(), String> {
    let parts = value.parse::<Uri>().ok();
    let parts = parts.as_ref().and_then(|uri| Some((uri.scheme_str()?, uri.host()?, uri)));
    let Some((scheme, host, uri)) = parts.filter(|(.., uri)| uri.authority().is_some_and(|host| !host.as_str().contains('@')))
    else {
        return Err("the value must be an absolute address, such as `https://example.com`".to_owned());
    };
    let host = host.to_ascii_lowercase();
    if !(scheme == "https" || scheme == "http" && is_loopback(&host)) {
        return Err("the address must begin with `https://`; `http://` is for loopback".to_owned());
    }
    if uri.query().is_some() {
        return Err("the address must have no query".to_owned());
    }
    let fits = |pattern: &String| match pattern.strip_prefix('*') {
        Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
        None => host == *pattern,
    };
    if hosts.iter().any(fits) {
        return Ok(());
    }
    Err(format!(
        "the host `{host}` is not one of {}",
        hosts.iter().map(|host| format!("`{host}`")).collect::<Vec<_>>().join(", ")
    ))
}

/// Whether a host, in small letters, is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.ends_with(".localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests;
