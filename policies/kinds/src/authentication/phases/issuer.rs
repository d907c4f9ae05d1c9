//! Issuers of tokens, ready: which tokens each takes, and whose a good one is.

use std::sync::Arc;

use aigw_core::{ErrorCode, KeySet, Millis, Name, Timestamp};
use http::Uri;
use serde_json::Value;

use super::claims::{Rule, fit, moment, roles, written};
use super::jwks::KeyIssuer;
use super::token::{SignatureFault, Token};
use crate::authentication::{ClaimRoles, IssuerPlan, IssuerSource, UndeclaredPlan};
use crate::consumer::ConsumerPlan;
use crate::program_check::is_loopback;
use crate::{ConsumerId, Identity, IssuerId, ParameterValues, Program, Refusal, Setting, TenantId};

/// What `iss` of Entra ID's tokens of version 1.0 begins with: in the global cloud and that of the US government, and in China's.
/// <https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference>, <https://docs.azure.cn/entra/identity-platform/access-tokens>, 2026-11.
const ENTRA_V1: [&str; 2] = ["https://sts.windows.net/", "https://sts.chinacloudapi.cn/"];
/// How Entra ID writes an application's id as an id URI where nobody chose another.
const API_SCHEME: &str = "api://";
const GROUPS: &str = "groups";

/// Every issuer of a program, ready, by [`IssuerId`].
#[derive(Debug, Default)]
pub struct Issuers(Vec<Issuer>);

/// An issuer, ready.
#[derive(Debug)]
pub struct Issuer {
    name: Name,
    keys: KeySource,
    /// What `iss` may be.
    accepted: Vec<String>,
    audience: Vec<String>,
    /// In milliseconds.
    skew: i64,
    require: Vec<Rule>,
    roles: Option<ClaimRoles>,
    undeclared: Option<UndeclaredPlan>,
    selectors: Vec<Selector>,
    tenants: Arc<[Claimed]>,
}

/// Where an issuer's keys are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeySource {
    /// A JWK Set at this address.
    Jwks {
        /// The address.
        url: String,
    },
    /// A JWK Set at this address with keys of several issuers, as Entra ID publishes them.
    Entra {
        /// The address.
        url: String,
        /// The issuer whose keys count.
        issuer: String,
        /// The tenant's id.
        tenant: String,
    },
    /// Where the discovery document below the issuer's address says.
    Discovery {
        /// The address of the document.
        url: String,
        /// The issuer, which the document must name to the letter.
        issuer: String,
    },
}

/// An issuer of a program that cannot be made ready in this environment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {why}")]
pub struct IssuerFault {
    what: String,
    why: String,
}

/// Whose tokens with these claims are.
#[derive(Debug)]
struct Selector {
    rules: Vec<Rule>,
    consumer: Arc<Identity>,
}

/// Which tenant tokens with these claims are of, whatever their issuer.
#[derive(Debug)]
struct Claimed {
    rules: Vec<Rule>,
    tenant: TenantId,
}

/// What a good token proves.
#[derive(Clone, Debug)]
pub(super) struct Proof {
    pub(super) identity: Arc<Identity>,
    /// What else there is to know.
    pub(super) note: Option<&'static str>,
    /// The first moment at which it is good.
    pub(super) from: Timestamp,
    /// From then on it is not.
    pub(super) until: Timestamp,
}

/// Why a token proves nothing.
#[derive(Debug)]
pub(super) enum TokenFault {
    /// For good.
    Refused(Refusal),
    /// Unless the issuer has other keys by now.
    Keys(Refusal),
}

impl From<Refusal> for TokenFault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Issuers {
    /// The issuers of a program in one environment.
    ///
    /// # Errors
    /// An issuer whose parameters do not do.
    pub fn new(program: &Program, parameters: &ParameterValues) -> Result<Self, IssuerFault> {
        let tenants = (0_u32..).map(TenantId).zip(&program.tenants).filter(|(_, plan)| !plan.claims.is_empty());
        let tenants = tenants.map(|(tenant, plan)| {
            let fault = |why| IssuerFault { what: format!("the claims of the tenant `{}`", plan.origin.name), why };
            Ok(Claimed { rules: Rule::all(&plan.claims, parameters).map_err(fault)?, tenant })
        });
        let tenants: Arc<[Claimed]> = tenants.collect::<Result<_, _>>()?;
        let mut issuers = Vec::with_capacity(program.issuers.len());
        for (id, plan) in (0_u32..).map(IssuerId).zip(&program.issuers) {
            issuers.push(Issuer::new(id, plan, &program.consumers, &tenants, parameters)?);
        }
        Ok(Self(issuers))
    }

    /// An issuer.
    pub fn get(&self, id: IssuerId) -> Option<&Issuer> {
        self.0.get(id.index())
    }

    /// All of them, in the order of their ids.
    pub fn all(&self) -> &[Issuer] {
        &self.0
    }
}

impl Issuer {
    fn new(
        id: IssuerId,
        plan: &IssuerPlan,
        consumers: &[ConsumerPlan],
        tenants: &Arc<[Claimed]>,
        parameters: &ParameterValues,
    ) -> Result<Self, IssuerFault> {
        let fault = |why: String| IssuerFault { what: format!("issuer `{}`", plan.name), why };
        let text = |setting: &Setting<String>| value(setting, parameters).map_err(fault);
        let rules = |rules| Rule::all(rules, parameters).map_err(fault);
        let audience = plan.audience.iter().map(text).collect::<Result<Vec<_>, _>>()?;
        let (accepted, keys, audience) = match &plan.source {
            IssuerSource::Named { issuer, jwks } => {
                let issuer = text(issuer)?;
                let keys = match jwks {
                    Some(url) => KeySource::Jwks { url: text(url)? },
                    None => KeySource::Discovery { url: discovery(&issuer), issuer: issuer.clone() },
                };
                (vec![issuer], keys, audience)
            }
            IssuerSource::Entra { tenant, authority } => {
                let (accepted, keys) = entra(&text(tenant)?, &text(authority)?).map_err(fault)?;
                (accepted, keys, audience.into_iter().flat_map(entra_audiences).collect())
            }
        };
        check_address(keys.url()).map_err(|why| fault(format!("`{}`: {why}", keys.url())))?;
        let mut selectors = Vec::new();
        for (consumer, declared) in (0_u32..).map(ConsumerId).zip(consumers) {
            for token in declared.tokens.iter().filter(|token| token.issuer == id) {
                let consumer = Identity::of_consumer(consumer, declared, plan.name.clone()).under(token.subscription);
                selectors.push(Selector { rules: rules(&token.claims)?, consumer });
            }
        }
        Ok(Self {
            name: plan.name.clone(),
            keys,
            accepted,
            audience,
            skew: i64::try_from(plan.skew.as_millis()).unwrap_or(i64::MAX),
            require: rules(&plan.require)?,
            roles: plan.roles.clone(),
            undeclared: plan.undeclared.clone(),
            selectors,
            tenants: Arc::clone(tenants),
        })
    }

    /// Its name.
    pub const fn name(&self) -> &Name {
        &self.name
    }

    /// Where its keys are.
    pub const fn keys(&self) -> &KeySource {
        &self.keys
    }

    /// What `iss` of its tokens may be; never empty.
    pub fn accepted(&self) -> &[String] {
        &self.accepted
    }

    /// What `aud` of its tokens may be; never empty.
    pub fn audience(&self) -> &[String] {
        &self.audience
    }

    /// Whether a token says that it is of this issuer.
    pub(super) fn issued(&self, token: &Token<'_>) -> bool {
        let issuer = token.claims.get("iss").and_then(Value::as_str);
        issuer.is_some_and(|issuer| self.accepted.iter().any(|accepted| accepted == issuer))
    }

    /// What a token proves. Its times and audience come first: they cost nothing, and what is past asks no issuer for keys.
    pub(super) fn judge(&self, token: Token<'_>, keys: Option<&KeySet>, now: Timestamp) -> Result<Proof, TokenFault> {
        let (from, until) = self.times(&token.claims, now)?;
        self.check_audience(&token.claims)?;
        let Some(keys) = keys else {
            let refusal =
                Refusal::new(ErrorCode::IdentityUnavailable, "the keys of the token's issuer cannot be had now; try again");
            return Err(TokenFault::Keys(refusal.retry_after(Some(Millis::from_secs(1)))));
        };
        let invalid = |message| Refusal::new(ErrorCode::TokenInvalid, message);
        token.verify(keys).map_err(|fault| match fault {
            SignatureFault::UnknownKey => TokenFault::Keys(invalid("no key of the issuer made the bearer token's signature")),
            SignatureFault::Algorithm => invalid("the bearer token's algorithm is not that of its key").into(),
            SignatureFault::Wrong => invalid("the bearer token's signature is wrong").into(),
        })?;
        let claims = token.claims;
        let overage = leaves_groups_out(&claims);
        if let Some(rule) = self.require.iter().find(|rule| !rule.holds(&claims)) {
            let beside = if overage { "; it names its groups elsewhere, since they are too many" } else { "" };
            let message = format!("the bearer token's claim `{}` is not what this route requires{beside}", rule.claim.0);
            return Err(Refusal::new(ErrorCode::TokenClaims, message).into());
        }
        let missed = overage && self.roles.as_ref().is_some_and(|roles| roles.from.iter().any(|path| path.0 == GROUPS));
        let note = missed.then_some("the token leaves out its groups, since they are too many: none of them gave a role");
        Ok(Proof { identity: Arc::new(self.caller(claims)?), note, from, until })
    }

    /// The first moment of a token, and the first after its last.
    fn times(&self, claims: &Value, now: Timestamp) -> Result<(Timestamp, Timestamp), Refusal> {
        let invalid = |message| Refusal::new(ErrorCode::TokenInvalid, message);
        let expires = claims.get("exp").ok_or_else(|| invalid("the bearer token has no `exp`: it would never expire"))?;
        let expires = moment(expires).ok_or_else(|| invalid("the bearer token's `exp` is no time"))?;
        let begins = claims.get("nbf").map(|begins| moment(begins).ok_or_else(|| invalid("the bearer token's `nbf` is no time")));
        let begins = begins.transpose()?.unwrap_or(i64::MIN);
        let from = Timestamp::from_millis(begins.saturating_sub(self.skew));
        let until = Timestamp::from_millis(expires.saturating_add(self.skew));
        if now >= until {
            return Err(Refusal::new(ErrorCode::TokenExpired, "the bearer token has expired; get a new one"));
        }
        if now < from {
            return Err(Refusal::new(ErrorCode::TokenNotYetValid, "the bearer token is not valid yet"));
        }
        Ok((from, until))
    }

    fn check_audience(&self, claims: &Value) -> Result<(), Refusal> {
        let ours = |value: &Value| value.as_str().is_some_and(|text| self.audience.iter().any(|audience| audience == text));
        let good = match claims.get("aud") {
            Some(Value::Array(all)) => all.iter().any(ours),
            Some(one) => ours(one),
            None => false,
        };
        if good {
            return Ok(());
        }
        Err(Refusal::new(
            ErrorCode::TokenAudience,
            "the bearer token is for another audience; ask its issuer for one for this gateway",
        ))
    }

    /// Whose claims these are.
    fn caller(&self, claims: Value) -> Result<Identity, Refusal> {
        let mut found: Option<&Arc<Identity>> = None;
        for selector in self.selectors.iter().filter(|selector| fit(&selector.rules, &claims)) {
            if found.is_some_and(|earlier| !earlier.is_same_caller(&selector.consumer)) {
                let message = "the bearer token's claims select several Consumers; its caller cannot be told";
                return Err(Refusal::new(ErrorCode::TokenAmbiguous, message));
            }
            if found.is_some_and(|earlier| earlier.subscription != selector.consumer.subscription) {
                let message = "the bearer token's claims fit credentials of its Consumer that are under several subscriptions";
                return Err(Refusal::new(ErrorCode::TokenAmbiguous, message));
            }
            found = Some(&selector.consumer);
        }
        let mut identity = match (found, &self.undeclared) {
            (Some(consumer), _) => Identity::clone(consumer),
            (None, Some(undeclared)) => self.undeclared(undeclared, &claims),
            (None, None) => {
                let message = "the bearer token is good, and nobody declared a Consumer for its claims";
                return Err(Refusal::new(ErrorCode::TokenUndeclared, message));
            }
        };
        identity.tenant = self.tenant(&identity, &claims)?;
        if let Some(given) = &self.roles {
            identity.roles.extend(roles(given, &claims));
            identity.roles.sort();
            identity.roles.dedup();
        }
        identity.claims = Some(claims);
        Ok(identity)
    }

    /// The tenant of a caller: claims give one where nothing was declared, and never another than was. A Consumer without one is declared to be of none.
    fn tenant(&self, caller: &Identity, claims: &Value) -> Result<Option<TenantId>, Refusal> {
        let mut fitting = self.tenants.iter().filter(|claimed| fit(&claimed.rules, claims)).map(|claimed| claimed.tenant);
        let Some(claimed) = fitting.next() else { return Ok(caller.tenant) };
        let mismatch = |message| Err(Refusal::new(ErrorCode::TenantMismatch, message));
        if fitting.next().is_some() {
            return mismatch("the bearer token's claims are of several tenants; its caller's cannot be told");
        }
        match caller.tenant {
            Some(own) if own == claimed => Ok(Some(own)),
            None if caller.consumer.is_none() => Ok(Some(claimed)),
            _ => mismatch("the bearer token's claims are of another tenant than its caller"),
        }
    }

    fn undeclared(&self, plan: &UndeclaredPlan, claims: &Value) -> Identity {
        let label = |(name, claim): (&String, &crate::authentication::ClaimPath)| {
            Some((name.clone(), written(claim.find(claims)?)?.into_owned()))
        };
        Identity {
            consumer: None,
            name: None,
            credential: self.name.clone(),
            tenant: plan.tenant,
            subscription: None,
            roles: plan.roles.clone(),
            labels: plan.labels.iter().filter_map(label).collect(),
            claims: None,
        }
    }
}

impl KeySource {
    /// The address that is asked first; a discovery document's for [`KeySource::Discovery`].
    pub fn url(&self) -> &str {
        match self {
            Self::Jwks { url } | Self::Entra { url, .. } | Self::Discovery { url, .. } => url,
        }
    }

    /// Whose keys of the document count.
    pub fn key_issuer(&self) -> Option<KeyIssuer<'_>> {
        match self {
            Self::Entra { issuer, tenant, .. } => Some(KeyIssuer { issuer, tenant }),
            Self::Jwks { .. } | Self::Discovery { .. } => None,
        }
    }
}

/// Where keys may be asked for: nobody on the way may give others.
///
/// # Errors
/// What is wrong with the address.
pub fn check_address(url: &str) -> Result<(), &'static str> {
    let uri = url.parse::<Uri>().map_err(|_| "it is not an address")?;
    let authority =
        uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or("it is not an absolute address")?;
    match uri.scheme_str() {
        Some("https") => Ok(()),
        Some("http") if is_loopback(&authority.host().to_ascii_lowercase()) => Ok(()),
        Some("http") => Err("it is not `https`, so that whoever is on the way could put keys of their own into it"),
        _ => Err("it does not begin with `https://`"),
    }
}

/// OpenID Connect Discovery 1.0, section 4.1.
fn discovery(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
}

/// The text of a setting in an environment.
pub(super) fn value(setting: &Setting<String>, parameters: &ParameterValues) -> Result<String, String> {
    match setting {
        Setting::Value(text) => Ok(text.clone()),
        Setting::Param(id) => parameters.0.get(id.index()).cloned().ok_or_else(|| format!("parameter {} has no value", id.0)),
    }
}

/// What Entra ID's tokens for a tenant name as their issuer, and where its keys are.
/// <https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-the-issuer>, 2026-11.
fn entra(tenant: &str, authority: &str) -> Result<(Vec<String>, KeySource), String> {
    if !is_guid(tenant) {
        return Err("the tenant's id is not a GUID, such as `72f988bf-86f1-41af-91ab-2d7cd011db47`".to_owned());
    }
    let (tenant, authority) = (tenant.to_ascii_lowercase(), authority.trim_end_matches('/'));
    let issuer = format!("{authority}/{tenant}/v2.0");
    let mut accepted = vec![issuer.clone()];
    accepted.extend(ENTRA_V1.map(|prefix| format!("{prefix}{tenant}/")));
    let url = format!("{authority}/{tenant}/discovery/v2.0/keys");
    Ok((accepted, KeySource::Entra { url, issuer, tenant }))
}

/// Tokens of version 2.0 hold an application's id as their audience, those of version 1.0 what the client asked for: the id, or its id URI.
fn entra_audiences(audience: String) -> impl Iterator<Item = String> {
    let other = match audience.strip_prefix(API_SCHEME) {
        Some(id) => is_guid(id).then(|| id.to_owned()),
        None => is_guid(&audience).then(|| format!("{API_SCHEME}{audience}")),
    };
    std::iter::once(audience).chain(other)
}

/// Whether a text is a GUID in its usual form.
pub(crate) fn is_guid(text: &str) -> bool {
    let dash = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    text.len() == 36 && text.bytes().enumerate().all(|(at, byte)| if dash(at) { byte == b'-' } else { byte.is_ascii_hexdigit() })
}

/// Whether a token of Entra ID has too many groups to hold them ("overage"): more than 200 in a JWT, and any number in some flows (`hasgroups`).
/// <https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference#groups-overage-claim>, 2026-11.
fn leaves_groups_out(claims: &Value) -> bool {
    let named = claims.get("_claim_names").and_then(|names| names.get(GROUPS)).is_some();
    named || claims.get("hasgroups") == Some(&Value::Bool(true)) && claims.get(GROUPS).is_none()
}
