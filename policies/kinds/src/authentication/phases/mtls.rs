//! Client certificates: the connection has verified the chain and the possession; here is decided whose it is.

use std::collections::HashMap;
use std::sync::Arc;

use aigw_core::{ErrorCode, Name, PeerCertificate, Timestamp};

use crate::consumer::{CertificateMatch, ConsumerPlan};
use crate::{ConsumerId, Identity, Refusal, hex};

/// Every client certificate of a program, by what it is known by.
#[derive(Debug, Default)]
pub struct CertificateTable {
    by_fingerprint: HashMap<[u8; 32], Known>,
    by_alternative_name: HashMap<String, Vec<Known>>,
    by_subject: HashMap<String, Vec<Known>>,
}

#[derive(Debug)]
struct Known {
    identity: Arc<Identity>,
    /// The only authority that counts; any where the policy that asks accepts it, if `None`.
    authority: Option<Name>,
}

/// A certificate of a program that cannot be looked up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the fingerprint of the certificate `{0}` is not 64 hexadecimal digits, or stands twice")]
pub struct CertificateFault(Name);

impl CertificateTable {
    /// The certificates of these consumers.
    ///
    /// # Errors
    /// A fingerprint that is none, or stands twice.
    pub fn new(consumers: &[ConsumerPlan]) -> Result<Self, CertificateFault> {
        let mut table = Self::default();
        for (id, consumer) in (0_u32..).map(ConsumerId).zip(consumers) {
            for plan in &consumer.certificates {
                let identity = Identity::of_consumer(id, consumer, plan.id.clone()).under(plan.subscription);
                let known = Known { identity, authority: plan.ca.clone() };
                match &plan.by {
                    CertificateMatch::Fingerprint(digits) => {
                        let fault = || CertificateFault(plan.id.clone());
                        let digest = hex::digest(digits).ok_or_else(fault)?;
                        if table.by_fingerprint.insert(digest, known).is_some() {
                            return Err(fault());
                        }
                    }
                    CertificateMatch::San(name) => table.by_alternative_name.entry(name.clone()).or_default().push(known),
                    CertificateMatch::Subject(name) => table.by_subject.entry(name.clone()).or_default().push(known),
                }
            }
        }
        Ok(table)
    }

    /// Whose certificate this is, to a policy that accepts this authority. The most exact credential comes first: fingerprint, alternative name, subject.
    pub(super) fn judge(
        &self,
        certificate: &PeerCertificate,
        authority: &Name,
        now: Timestamp,
    ) -> Result<&Arc<Identity>, Refusal> {
        if !certificate.authorities.contains(authority) {
            return Err(unknown(
                "the client certificate is not accepted any more: it was revoked, or its authority was withdrawn",
            ));
        }
        if now >= certificate.not_after {
            let message = "the client certificate has expired; connect again with a new one";
            return Err(Refusal::new(ErrorCode::CertificateExpired, message));
        }
        let names = certificate.alternative_names.iter().filter_map(|name| self.by_alternative_name.get(name));
        let fits = self.by_fingerprint.get(&certificate.fingerprint).into_iter();
        let fits = fits.chain(names.flatten()).chain(self.by_subject.get(&certificate.subject).into_iter().flatten());
        let mut fits = fits.filter(|known| known.authority.as_ref().is_none_or(|only| only == authority));
        let Some(first) = fits.next() else {
            return Err(unknown("the client certificate is not known here"));
        };
        if fits.any(|other| !other.identity.is_same_caller(&first.identity)) {
            return Err(unknown("the client certificate fits several callers"));
        }
        Ok(&first.identity)
    }
}

fn unknown(message: &'static str) -> Refusal {
    Refusal::new(ErrorCode::UnknownCertificate, message)
}
