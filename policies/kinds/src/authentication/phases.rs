//! The authenticate phase: who sent this request.
//!
//! Each method of a policy proves a caller by credentials of its own sort, in a file of its own; what is here looks for them and joins what they prove.

mod api_key;
mod mtls;

use std::sync::Arc;

use aigw_core::{ErrorCode, Name, PeerCertificate, Phase, Timestamp, Verdict};
use http::header::{AUTHORIZATION, InvalidHeaderName};
use http::{HeaderMap, HeaderName};

use crate::authentication::AuthenticationPlan;
use crate::consumer::ConsumerPlan;
use crate::{AuthenticationId, Decider, Decision, Identity, Refusal};

pub use api_key::{KeyEntry, KeyFault, KeyTable, MAX_KEY_BYTES};
pub use mtls::{CertificateFault, CertificateTable};

const BEARER: &[u8] = b"bearer ";

/// What a request brings that may prove who sent it.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'h> {
    /// Its headers.
    pub headers: &'h HeaderMap,
    /// The certificate of the connection it came by.
    pub certificate: Option<&'h PeerCertificate>,
    /// The time of the request.
    pub now: Timestamp,
}

/// Everything that a program knows callers by.
#[derive(Debug, Default)]
pub struct Credentials {
    keys: KeyTable,
    certificates: CertificateTable,
}

/// A credential of a program that cannot be looked up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialFault {
    /// An API key.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// A client certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateFault),
}

impl Credentials {
    /// The credentials of these consumers.
    ///
    /// # Errors
    /// The first that cannot be looked up.
    pub fn new(consumers: &[ConsumerPlan]) -> Result<Self, CredentialFault> {
        Ok(Self { keys: KeyTable::new(consumers)?, certificates: CertificateTable::new(consumers)? })
    }
}

/// An authentication policy, ready.
#[derive(Clone, Debug)]
pub struct Authentication {
    id: AuthenticationId,
    headers: Vec<HeaderName>,
    /// The authority whose client certificates it accepts.
    authority: Option<Name>,
    anonymous: bool,
}

impl Authentication {
    /// Makes a plan ready.
    ///
    /// # Errors
    /// A header name that is none.
    pub fn new(id: AuthenticationId, plan: &AuthenticationPlan) -> Result<Self, InvalidHeaderName> {
        let headers = plan.api_key_headers.iter().map(|name| HeaderName::try_from(name.as_str())).collect::<Result<_, _>>()?;
        Ok(Self { id, headers, authority: plan.mtls.as_ref().map(|mtls| mtls.ca.clone()), anonymous: plan.anonymous })
    }

    /// The headers in which it looks for a key.
    pub fn headers(&self) -> &[HeaderName] {
        &self.headers
    }

    fn credentials<'h>(&self, headers: &'h HeaderMap) -> impl Iterator<Item = Credential<'h>> {
        let named = self.headers.iter().flat_map(|name| headers.get_all(name).iter().map(move |value| (name, value)));
        named.filter_map(|(name, value)| credential(name, value.as_bytes()))
    }

    /// The connection's certificate where it is this policy's to judge, and the authority that counts. One that leads nowhere any more is every
    /// policy's; one of another authority is none of this policy's.
    fn certificate<'s, 'h>(&'s self, presented: &Presented<'h>) -> Option<(&'h PeerCertificate, &'s Name)> {
        let (certificate, authority) = presented.certificate.zip(self.authority.as_ref())?;
        let is_ours = certificate.authorities.is_empty() || certificate.authorities.contains(authority);
        is_ours.then_some((certificate, authority))
    }

    /// Whether there is anything for it to judge.
    fn is_addressed(&self, presented: &Presented<'_>) -> bool {
        self.certificate(presented).is_some() || self.credentials(presented.headers).next().is_some()
    }
}

/// What stands in a header that may hold a key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Credential<'h> {
    Key(&'h [u8]),
    OtherScheme,
}

/// `None` where the header is there and empty: clients without a key send those.
fn credential<'h>(name: &HeaderName, value: &'h [u8]) -> Option<Credential<'h>> {
    let value = value.trim_ascii();
    if value.is_empty() {
        return None;
    }
    if *name != AUTHORIZATION {
        return Some(Credential::Key(value));
    }
    if value.eq_ignore_ascii_case(BEARER.trim_ascii_end()) {
        return None;
    }
    match value.split_at_checked(BEARER.len()) {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case(BEARER) => Some(Credential::Key(key.trim_ascii_start())),
        _ => Some(Credential::OtherScheme),
    }
}

/// Who sent the request. Every policy must find a good credential of its own, an API key in one of its headers or a certificate of its authority,
/// or, where it allows anonymous callers, there must be no credential for any of them. All that are found must be good, and of one caller.
///
/// # Errors
/// 401, with the reason in the code.
pub fn authenticate(
    policies: &[Arc<Authentication>],
    credentials: &Credentials,
    presented: &Presented<'_>,
    decisions: &mut Vec<Decision>,
) -> Result<Option<Arc<Identity>>, Refusal> {
    let now = presented.now;
    let mut proved: Option<Proved<'_>> = None;
    for policy in policies {
        let by = Decider::Authentication(policy.id);
        let mut found = false;
        for credential in policy.credentials(presented.headers) {
            found = true;
            match judge(credential, proved, &credentials.keys, now) {
                Ok(judged) => proved = Some(judged),
                Err(refusal) => return refused(decisions, by, refusal),
            }
        }
        if let Some((certificate, authority)) = policy.certificate(presented) {
            found = true;
            let identity = credentials.certificates.judge(certificate, authority, now);
            match identity.and_then(|identity| join(identity, proved)) {
                Ok(joined) => proved = Some(joined),
                Err(refusal) => return refused(decisions, by, refusal),
            }
        }
        let anonymous = || policy.anonymous && !policies.iter().any(|other| other.is_addressed(presented));
        if !found && !anonymous() {
            return refused(decisions, by, missing(policy));
        }
        decisions.push(Decision::new(by, Phase::Authenticate, Verdict::Allowed));
    }
    Ok(proved.map(|proved| Arc::clone(proved.identity)))
}

#[derive(Clone, Copy)]
struct Proved<'k> {
    /// The API key that proved it, if one did.
    key: Option<&'k [u8]>,
    identity: &'k Arc<Identity>,
}

/// What a certificate proves beside what was proved before.
fn join<'k>(identity: &'k Arc<Identity>, earlier: Option<Proved<'k>>) -> Result<Proved<'k>, Refusal> {
    match earlier {
        None => Ok(Proved { key: None, identity }),
        Some(earlier) if earlier.identity.is_same_caller(identity) => Ok(earlier),
        Some(_) => {
            let message = "the client certificate and the request's other credentials are of different callers";
            Err(Refusal::new(ErrorCode::UnknownCertificate, message))
        }
    }
}

fn judge<'k>(
    credential: Credential<'k>,
    earlier: Option<Proved<'k>>,
    keys: &'k KeyTable,
    now: Timestamp,
) -> Result<Proved<'k>, Refusal> {
    let Credential::Key(key) = credential else {
        return Err(Refusal::new(ErrorCode::InvalidApiKey, "the `authorization` header must be `Bearer` and an API key"));
    };
    if let Some(same) = earlier.filter(|earlier| earlier.key == Some(key)) {
        return Ok(same);
    }
    let Some(entry) = keys.find(key) else {
        return Err(Refusal::new(ErrorCode::InvalidApiKey, "the API key is not known here"));
    };
    if entry.not_after.is_some_and(|end| now >= end) {
        return Err(Refusal::new(ErrorCode::ApiKeyExpired, "the API key has expired; ask for a new one"));
    }
    if earlier.is_some_and(|earlier| !earlier.identity.is_same_caller(&entry.identity)) {
        return Err(Refusal::new(ErrorCode::InvalidApiKey, "the request carries credentials of different callers; send one"));
    }
    Ok(earlier.unwrap_or(Proved { key: Some(key), identity: &entry.identity }))
}

fn refused<T>(decisions: &mut Vec<Decision>, by: Decider, refusal: Refusal) -> Result<T, Refusal> {
    decisions.push(Decision::new(by, Phase::Authenticate, Verdict::Refused));
    Err(refusal)
}

fn missing(policy: &Authentication) -> Refusal {
    if policy.authority.is_some() && policy.headers.is_empty() {
        let message = "a client certificate of an authority that is accepted here is required";
        return Refusal::new(ErrorCode::MissingCertificate, message);
    }
    let mut message = "an API key is required".to_owned();
    for (index, name) in policy.headers.iter().enumerate() {
        message.push_str(if index == 0 { "; send it as " } else { " or " });
        let form = if *name == AUTHORIZATION { "`authorization: Bearer KEY`".to_owned() } else { format!("`{name}: KEY`") };
        message.push_str(&form);
    }
    if policy.authority.is_some() {
        message.push_str(", or connect with a client certificate");
    }
    Refusal::new(ErrorCode::MissingApiKey, message)
}

#[cfg(test)]
mod tests;
