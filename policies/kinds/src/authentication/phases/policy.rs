//! An authentication policy, ready: where its credentials stand in a request, and which of them are its own to judge.

use aigw_core::{Name, PeerCertificate};
use http::header::{AUTHORIZATION, InvalidHeaderName};
use http::{HeaderMap, HeaderName};

use super::Presented;
use crate::authentication::AuthenticationPlan;
use crate::{AuthenticationId, IssuerId};

const BEARER: &[u8] = b"bearer ";

/// An authentication policy, ready.
#[derive(Clone, Debug)]
pub struct Authentication {
    pub(super) id: AuthenticationId,
    /// Where an API key or a token may stand.
    headers: Vec<HeaderName>,
    pub(super) key_headers: Vec<HeaderName>,
    pub(super) issuers: Vec<IssuerId>,
    /// The authority whose client certificates it accepts.
    pub(super) authority: Option<Name>,
    pub(super) anonymous: bool,
}

impl Authentication {
    /// Makes a plan ready.
    ///
    /// # Errors
    /// A header name that is none.
    pub fn new(id: AuthenticationId, plan: &AuthenticationPlan) -> Result<Self, InvalidHeaderName> {
        let key_headers: Vec<HeaderName> =
            plan.api_key_headers.iter().map(|name| HeaderName::try_from(name.as_str())).collect::<Result<_, _>>()?;
        let mut headers = key_headers.clone();
        if !plan.issuers.is_empty() && !headers.contains(&AUTHORIZATION) {
            headers.push(AUTHORIZATION);
        }
        let authority = plan.mtls.as_ref().map(|mtls| mtls.ca.clone());
        Ok(Self { id, headers, key_headers, issuers: plan.issuers.clone(), authority, anonymous: plan.anonymous })
    }

    /// The headers in which it looks for a credential.
    pub fn headers(&self) -> &[HeaderName] {
        &self.headers
    }

    pub(super) fn takes_tokens(&self) -> bool {
        !self.issuers.is_empty()
    }

    pub(super) fn takes_keys_in(&self, name: &HeaderName) -> bool {
        self.key_headers.contains(name)
    }

    /// What stands in its headers, whatever it is.
    pub(super) fn sent<'h>(&self, headers: &'h HeaderMap) -> impl Iterator<Item = (&HeaderName, Credential<'h>)> {
        let named = self.headers.iter().flat_map(|name| headers.get_all(name).iter().map(move |value| (name, value)));
        named.filter_map(|(name, value)| Some((name, credential(name, value.as_bytes())?)))
    }

    /// The connection's certificate where it is this policy's to judge, and the authority that counts. One that leads nowhere any more is every
    /// policy's; one of another authority is none of this policy's.
    pub(super) fn certificate<'s, 'h>(&'s self, presented: &Presented<'h>) -> Option<(&'h PeerCertificate, &'s Name)> {
        let (certificate, authority) = presented.certificate.zip(self.authority.as_ref())?;
        let is_ours = certificate.authorities.is_empty() || certificate.authorities.contains(authority);
        is_ours.then_some((certificate, authority))
    }

    /// Whether there is anything for it to judge.
    pub(super) fn is_addressed(&self, presented: &Presented<'_>) -> bool {
        self.certificate(presented).is_some() || self.sent(presented.headers).next().is_some()
    }
}

/// What stands in a header that may hold a credential.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Credential<'h> {
    /// A key, or a token: see [`is_token`].
    Bearer(&'h [u8]),
    /// A key.
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
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case(BEARER) => Some(Credential::Bearer(rest.trim_ascii_start())),
        _ => Some(Credential::OtherScheme),
    }
}
