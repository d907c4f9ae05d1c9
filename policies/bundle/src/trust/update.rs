//! How a trust root changes hands: signed by enough keys of the old one and by enough of the new one.

use super::{TrustFile, TrustRoot, count};
use crate::envelope::TRUST_TYPE;
use crate::sign::{SignError, signed_envelope};
use crate::{Envelope, Reason, Refusal, Signer};

/// An envelope with this trust root, signed by these keys.
pub fn sign_trust(file: &TrustFile, signers: &[&dyn Signer]) -> Result<Vec<u8>, SignError> {
    let payload = file.clone().check()?.file.to_json()?.into_bytes();
    Ok(signed_envelope(TRUST_TYPE, payload, signers)?.to_json()?)
}

/// The trust root in this envelope, if it may replace the old one: signed by the threshold of the old root and by its own, of a higher
/// revision, and of no lower epoch.
pub fn verify_trust_update(old: &TrustRoot, envelope: &[u8]) -> Result<TrustRoot, Refusal> {
    let envelope = Envelope::parse(envelope)?;
    count(&envelope, old, old.role_of_root()?, "the trust root in force")?;
    if envelope.payload_type != TRUST_TYPE {
        return Err(Refusal::new(Reason::PayloadType, "what was signed is not a trust root"));
    }
    let new = TrustRoot::parse(&envelope.payload)?;
    count(&envelope, &new, new.role_of_root()?, "the new trust root")?;
    if new.revision <= old.revision || new.epoch < old.epoch {
        let message = format!(
            "revision {} in epoch {} cannot replace revision {} in epoch {}",
            new.revision, new.epoch, old.revision, old.epoch
        );
        return Err(Refusal::new(Reason::OlderTrust, message));
    }
    Ok(new)
}

impl TrustRoot {
    fn role_of_root(&self) -> Result<&super::Role, Refusal> {
        let missing = || Refusal::new(Reason::TrustInvalid, "the trust root has no `root`: nobody's signature replaces it");
        self.root.as_ref().ok_or_else(missing)
    }
}
