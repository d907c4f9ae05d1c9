//! A client certificate as a test writes it.

use aigw_core::{DistinguishedName, PeerCertificate};
use aigw_kinds::Program;

use super::shelf::Reporter;
use crate::certificates::{NEVER, digest};
use crate::rules::BAD_VALUE;
use crate::suite::IdentityCertificateSpec;

/// A certificate as a test writes it; `None` where it is at fault.
pub(super) fn written(
    at: &mut Reporter<'_>,
    program: &Program,
    spec: &IdentityCertificateSpec,
    pointer: &str,
) -> Option<PeerCertificate> {
    let subject = match spec.subject.as_deref().map(DistinguishedName::parse).transpose() {
        Ok(name) => name.unwrap_or_default(),
        Err(fault) => {
            at.error(BAD_VALUE, &format!("{pointer}/subject"), fault.to_string(), "write it as a Consumer's credential does");
            return None;
        }
    };
    Some(PeerCertificate {
        authorities: spec.authorities.clone().unwrap_or_else(|| program.client_authorities()),
        subject: subject.as_str().to_owned(),
        alternative_names: spec.san.clone(),
        // The schema has seen to its digits.
        fingerprint: spec.fingerprint.as_deref().and_then(digest).unwrap_or_default(),
        not_after: spec.not_after.map_or(NEVER, |moment| moment.0),
    })
}
