//! Client certificates that are made up for tests: nobody connects, so that what a connection would have verified is said, and judged for real.

use aigw_core::{PeerCertificate, Timestamp};
use aigw_kinds::Program;
use aigw_kinds::consumer::{CertificateMatch, CertificatePlan};

use crate::once::Caller;

/// A time that no test comes to.
pub(crate) const NEVER: Timestamp = Timestamp::from_millis(i64::MAX);

/// A certificate that is this credential.
pub(crate) fn made_up(program: &Program, plan: &CertificatePlan) -> PeerCertificate {
    let mut certificate = PeerCertificate {
        authorities: plan.ca.clone().map_or_else(|| program.client_authorities(), |ca| vec![ca]),
        subject: String::new(),
        alternative_names: Vec::new(),
        fingerprint: [0; 32],
        not_after: NEVER,
    };
    match &plan.by {
        CertificateMatch::Subject(subject) => certificate.subject.clone_from(subject),
        CertificateMatch::San(name) => certificate.alternative_names.push(name.clone()),
        CertificateMatch::Fingerprint(digits) => certificate.fingerprint = digest(digits).unwrap_or_default(),
    }
    certificate
}

/// The certificate of a caller, where its credential is one.
pub(crate) fn of(program: &Program, caller: &Caller) -> Option<PeerCertificate> {
    let consumer = program.consumers.iter().find(|plan| plan.origin.name.as_str() == caller.consumer)?;
    if consumer.keys.iter().any(|key| key.id.as_str() == caller.credential) {
        return None;
    }
    let plan = consumer.certificates.iter().find(|plan| plan.id.as_str() == caller.credential)?;
    Some(made_up(program, plan))
}

/// The bytes of 64 hexadecimal digits.
pub(crate) fn digest(digits: &str) -> Option<[u8; 32]> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    let bytes: Vec<u8> = bytes.collect::<Option<_>>()?;
    bytes.try_into().ok().filter(|_| rest.is_empty())
}
