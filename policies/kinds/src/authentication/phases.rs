//! The authenticate phase: who sent this request.
//!
//! Each method of a policy proves a caller by credentials of its own sort, in a file of its own; what is here looks for them and joins what they prove.

mod api_key;

use std::sync::Arc;

use aigw_core::{ErrorCode, PeerCertificate, Phase, Timestamp, Verdict};
use http::header::{AUTHORIZATION, InvalidHeaderName};
use http::{HeaderMap, HeaderName};

use crate::authentication::AuthenticationPlan;
use crate::{AuthenticationId, Decider, Decision, Identity, Refusal};

pub use api_key::{KeyEntry, KeyFault, KeyTable, MAX_KEY_BYTES};

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

/// An authentication policy, ready.
#[derive(Clone, Debug)]
pub struct Authentication {
    id: AuthenticationId,
    headers: Vec<HeaderName>,
    anonymous: bool,
}

impl Authentication {
    /// Makes a plan ready.
    ///
    /// # Errors
    /// A header name that is none.
    pub fn new(id: AuthenticationId, plan: &AuthenticationPlan) -> Result<Self, InvalidHeaderName> {
        let headers = plan.api_key_headers.iter().map(|name| HeaderName::try_from(name.as_str())).collect::<Result<_, _>>()?;
        Ok(Self { id, headers, anonymous: plan.anonymous })
    }

    /// The headers in which it looks for a key.
    pub fn headers(&self) -> &[HeaderName] {
        &self.headers
    }

    fn credentials<'h>(&self, headers: &'h HeaderMap) -> impl Iterator<Item = Credential<'h>> {
        let named = self.headers.iter().flat_map(|name| headers.get_all(name).iter().map(move |value| (name, value)));
        named.filter_map(|(name, value)| credential(name, value.as_bytes()))
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

/// Who sent the request. Every policy must find a good key in a header of its own, or, where it allows anonymous callers, there must be no key
/// in any header of any of them; and all keys must be of one consumer.
///
/// # Errors
/// 401, with the reason in the code.
pub fn authenticate(
    policies: &[Arc<Authentication>],
    keys: &KeyTable,
    presented: &Presented<'_>,
    decisions: &mut Vec<Decision>,
) -> Result<Option<Arc<Identity>>, Refusal> {
    let Presented { headers, now, .. } = *presented;
    let mut proved: Option<Proved<'_>> = None;
    for policy in policies {
        let by = Decider::Authentication(policy.id);
        let mut found = false;
        for credential in policy.credentials(headers) {
            found = true;
            match judge(credential, proved, keys, now) {
                Ok(judged) => proved = Some(judged),
                Err(refusal) => return refused(decisions, by, refusal),
            }
        }
        let anonymous = || policy.anonymous && policies.iter().all(|other| other.credentials(headers).next().is_none());
        if !found && !anonymous() {
            return refused(decisions, by, missing(policy));
        }
        decisions.push(Decision::new(by, Phase::Authenticate, Verdict::Allowed));
    }
    Ok(proved.map(|proved| Arc::clone(&proved.entry.identity)))
}

#[derive(Clone, Copy)]
struct Proved<'k> {
    key: &'k [u8],
    entry: &'k KeyEntry,
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
    if let Some(same) = earlier.filter(|earlier| earlier.key == key) {
        return Ok(same);
    }
    let Some(entry) = keys.find(key) else {
        return Err(Refusal::new(ErrorCode::InvalidApiKey, "the API key is not known here"));
    };
    if entry.not_after.is_some_and(|end| now >= end) {
        return Err(Refusal::new(ErrorCode::ApiKeyExpired, "the API key has expired; ask for a new one"));
    }
    if earlier.is_some_and(|earlier| !earlier.entry.identity.is_same_caller(&entry.identity)) {
        return Err(Refusal::new(ErrorCode::InvalidApiKey, "the request carries API keys of different callers; send one"));
    }
    Ok(earlier.unwrap_or(Proved { key, entry }))
}

fn refused<T>(decisions: &mut Vec<Decision>, by: Decider, refusal: Refusal) -> Result<T, Refusal> {
    decisions.push(Decision::new(by, Phase::Authenticate, Verdict::Refused));
    Err(refusal)
}

fn missing(policy: &Authentication) -> Refusal {
    let mut message = "an API key is required".to_owned();
    for (index, name) in policy.headers.iter().enumerate() {
        message.push_str(if index == 0 { "; send it as " } else { " or " });
        let form = if *name == AUTHORIZATION { "`authorization: Bearer KEY`".to_owned() } else { format!("`{name}: KEY`") };
        message.push_str(&form);
    }
    Refusal::new(ErrorCode::MissingApiKey, message)
}

#[cfg(test)]
mod tests;
