//! The authenticate phase: who sent this request.
//!
//! Each method of a policy proves a caller by credentials of its own sort, in a file of its own; what is here looks for them and joins what they prove.

mod api_key;
mod claims;
mod issuer;
mod jwks;
mod mtls;
mod policy;
mod refusals;
mod strict;
mod token;
mod verified;

use std::sync::Arc;

use aigw_core::{ErrorCode, KeySet, PeerCertificate, Phase, Timestamp, Verdict};
use http::{HeaderMap, HeaderName};

use crate::consumer::ConsumerPlan;
use crate::{Decider, Decision, Identity, IssuerId, Refusal};
use issuer::TokenFault;
use policy::Credential;
use refusals::{missing, no_token, other_scheme};
use token::{Token, is_token};
use verified::Digest;

pub use api_key::{KeyEntry, KeyFault, KeyTable, MAX_KEY_BYTES};
pub(crate) use issuer::is_guid;
pub use issuer::{Issuer, IssuerFault, Issuers, KeySource, check_address};
pub use jwks::{IssuerDocumentFault, KeyIssuer, MAX_ISSUER_DOCUMENT_BYTES, MAX_ISSUER_KEYS, read_discovery, read_keys};
pub use mtls::{CertificateFault, CertificateTable};
pub use policy::Authentication;
pub use token::MAX_TOKEN_BYTES;
pub use verified::{MAX_VERIFIED_TOKENS, VerifiedTokens};

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

/// What credentials are judged by.
#[derive(Clone, Copy)]
pub struct Judges<'j> {
    /// The API keys and certificates of the program.
    pub credentials: &'j Credentials,
    /// The issuers of tokens of the program.
    pub issuers: &'j Issuers,
    /// The keys of issuers, as they are now.
    pub key_sets: &'j dyn Fn(IssuerId) -> Option<Arc<KeySet>>,
    /// Tokens that were verified before.
    pub verified: &'j VerifiedTokens,
}

/// Why a request's caller is not known.
#[derive(Debug)]
pub struct Unproved {
    /// What the client is told.
    pub refusal: Refusal,
    /// The issuer that may have the key that is missing by now: asking it and trying again can succeed.
    pub keys_of: Option<IssuerId>,
}

impl From<Refusal> for Unproved {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, keys_of: None }
    }
}

/// Who sent the request. Every policy must find a good credential of its own, a key or token in one of its headers or a certificate of its
/// authority, or, where it allows anonymous callers, there must be no credential for any of them. All that are found must be good, and of one
/// caller. Where a token is among them, it says who that is.
///
/// Where any of the policies takes tokens, a bearer's value that looks like one is a token and nothing else; a policy passes over what is another's.
///
/// # Errors
/// 401, with the reason in the code; 503 where the keys of a token's issuer cannot be had.
pub fn authenticate(
    policies: &[Arc<Authentication>],
    judges: &Judges<'_>,
    presented: &Presented<'_>,
    decisions: &mut Vec<Decision>,
) -> Result<Option<Arc<Identity>>, Unproved> {
    let round = Round { policies, judges, now: presented.now, tokens: policies.iter().any(|policy| policy.takes_tokens()) };
    let mut proved: Option<Proved<'_>> = None;
    for policy in policies {
        let by = Decider::Authentication(policy.id);
        let found = match round.policy(policy, presented, &mut proved) {
            Ok(found) => found,
            Err(unproved) => {
                decisions.push(Decision::new(by, Phase::Authenticate, Verdict::Refused));
                return Err(unproved);
            }
        };
        let decision = Decision::new(by, Phase::Authenticate, Verdict::Allowed);
        decisions.push(match found {
            Some(note) => decision.noting(note),
            None => decision,
        });
    }
    Ok(proved.map(|proved| proved.identity))
}

/// What all credentials of a request are judged with.
struct Round<'r> {
    policies: &'r [Arc<Authentication>],
    judges: &'r Judges<'r>,
    now: Timestamp,
    /// Whether any of the policies takes tokens.
    tokens: bool,
}

#[derive(Clone)]
struct Proved<'h> {
    /// The key or token that proved it; none for a certificate.
    text: &'h [u8],
    identity: Arc<Identity>,
    token: bool,
    note: Option<&'static str>,
}

impl Proved<'_> {
    /// Which of two proofs of one caller speaks for it: the first, or the token.
    fn after(self, earlier: Option<Self>) -> Self {
        match earlier {
            Some(earlier) if earlier.token || !self.token => earlier,
            _ => self,
        }
    }
}

impl Round<'_> {
    /// Judges everything that is for one policy, and gives what else there is to know.
    fn policy<'h>(
        &self,
        policy: &Authentication,
        presented: &Presented<'h>,
        proved: &mut Option<Proved<'h>>,
    ) -> Result<Option<&'static str>, Unproved> {
        let (mut found, mut note) = (false, None);
        for (name, credential) in policy.sent(presented.headers) {
            if let Some(judged) = self.judge(policy, name, credential, proved.as_ref())? {
                found = true;
                note = note.or(judged.note);
                *proved = Some(judged.after(proved.take()));
            }
        }
        if let Some((certificate, authority)) = policy.certificate(presented) {
            found = true;
            let judged = self.judges.credentials.certificates.judge(certificate, authority, self.now)?;
            if proved.as_ref().is_some_and(|earlier| !earlier.identity.is_same_caller(judged)) {
                let message = "the client certificate and the request's other credentials are of different callers";
                return Err(Refusal::new(ErrorCode::UnknownCertificate, message).into());
            }
            proved.get_or_insert_with(|| Proved { text: &[], identity: Arc::clone(judged), token: false, note: None });
        }
        let anonymous = || policy.anonymous && !self.policies.iter().any(|other| other.is_addressed(presented));
        if found || anonymous() { Ok(note) } else { Err(missing(policy).into()) }
    }

    /// What a credential proves to a policy; nothing, where it is for another one.
    fn judge<'h>(
        &self,
        policy: &Authentication,
        name: &HeaderName,
        credential: Credential<'h>,
        earlier: Option<&Proved<'h>>,
    ) -> Result<Option<Proved<'h>>, Unproved> {
        let judged = match credential {
            Credential::Bearer(text) if self.tokens && is_token(text) => {
                if !policy.takes_tokens() {
                    return Ok(None);
                }
                self.token(policy, text)?
            }
            Credential::Key(text) | Credential::Bearer(text) if policy.takes_keys_in(name) => match earlier {
                Some(same) if same.text == text => return Ok(Some(same.clone())),
                _ => self.key(text)?,
            },
            Credential::Bearer(_) if self.policies.iter().any(|other| other.takes_keys_in(name)) => return Ok(None),
            Credential::Bearer(_) | Credential::Key(_) => return Err(no_token().into()),
            Credential::OtherScheme => return Err(other_scheme(policy).into()),
        };
        if earlier.is_some_and(|earlier| !earlier.identity.is_same_caller(&judged.identity)) {
            let code = if judged.token { ErrorCode::TokenInvalid } else { ErrorCode::InvalidApiKey };
            return Err(Refusal::new(code, "the request carries credentials of different callers; send one").into());
        }
        Ok(Some(judged))
    }

    fn key<'h>(&self, text: &'h [u8]) -> Result<Proved<'h>, Refusal> {
        let Some(entry) = self.judges.credentials.keys.find(text) else {
            return Err(Refusal::new(ErrorCode::InvalidApiKey, "the API key is not known here"));
        };
        if entry.not_before.is_some_and(|begin| self.now < begin) {
            return Err(Refusal::new(ErrorCode::ApiKeyNotYetValid, "the API key is not valid yet; use the one before"));
        }
        if entry.not_after.is_some_and(|end| self.now >= end) {
            return Err(Refusal::new(ErrorCode::ApiKeyExpired, "the API key has expired; ask for a new one"));
        }
        Ok(Proved { text, identity: Arc::clone(&entry.identity), token: false, note: None })
    }

    fn token<'h>(&self, policy: &Authentication, text: &'h [u8]) -> Result<Proved<'h>, Unproved> {
        let proved = |proof: issuer::Proof| Proved { text, identity: proof.identity, token: true, note: proof.note };
        let Judges { issuers, key_sets, verified, .. } = self.judges;
        let invalid = |message| Refusal::new(ErrorCode::TokenInvalid, message);
        if text.len() > MAX_TOKEN_BYTES {
            return Err(invalid("the bearer token is longer than 16 KiB").into());
        }
        let digest = Digest::of(text).ok_or_else(|| invalid("the bearer token has no digest"))?;
        for id in &policy.issuers {
            let Some(keys) = key_sets(*id) else { continue };
            if let Some(proof) = verified.find(Digest::by(digest, *id), &keys, self.now) {
                return Ok(proved(proof));
            }
        }
        let token = Token::read(text).map_err(invalid)?;
        let issuer =
            policy.issuers.iter().find_map(|id| Some((*id, issuers.get(*id)?)).filter(|(_, issuer)| issuer.issued(&token)));
        let Some((id, issuer)) = issuer else {
            return Err(
                Refusal::new(ErrorCode::TokenIssuer, "the bearer token's issuer is not one that this route trusts").into()
            );
        };
        let keys = key_sets(id);
        match issuer.judge(token, keys.as_deref(), self.now) {
            Ok(proof) => {
                if let Some(keys) = &keys {
                    verified.keep(Digest::by(digest, id), keys, proof.clone());
                }
                Ok(proved(proof))
            }
            Err(TokenFault::Refused(refusal)) => Err(refusal.into()),
            Err(TokenFault::Keys(refusal)) => Err(Unproved { refusal, keys_of: Some(id) }),
        }
    }
}

#[cfg(test)]
mod tests;
