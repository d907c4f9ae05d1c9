//! Signing: a release of some content becomes a bundle; a bundle gets another signature, or another release of the same content.

use crate::container::Container;
use crate::envelope::STATEMENT_TYPE;
use crate::statement::Release;
use crate::{Content, Envelope, EnvelopeSignature, Inspection, Limits, MAX_SIGNATURES, Refusal, Signer, SignerError, Statement};

/// Why something was not signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// What is to be signed is not in order.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The signer failed.
    #[error("the key {key} did not sign: {source}")]
    Signer {
        /// The short id of the key.
        key: String,
        /// Why.
        source: SignerError,
    },
    /// The signer returned something that its public key does not verify.
    #[error("the key {key} returned a signature that its public key does not verify")]
    BadSignature {
        /// The short id of the key.
        key: String,
    },
    /// The key has signed already; a second signature would not count.
    #[error("the key {key} has signed already, and a key counts once")]
    AlreadySigned {
        /// The short id of the key.
        key: String,
    },
    /// Nobody is to sign.
    #[error("at least one key must sign")]
    NoSigners,
    /// More signatures than an envelope carries.
    #[error("an envelope carries at most {MAX_SIGNATURES} signatures")]
    TooManySignatures,
}

/// A bundle with this content, released so and signed by these keys.
pub fn sign(content: &Content, release: Release, signers: &[&dyn Signer]) -> Result<Vec<u8>, SignError> {
    let statement = Statement::of(content, release)?;
    let envelope = signed_envelope(STATEMENT_TYPE, statement.to_json()?, signers)?;
    Ok(Container { envelope: &envelope.to_json()?, content: content.bytes() }.write()?)
}

/// The same bundle with one more signature. The content is checked against the statement first: nobody should sign what does not hold together.
pub fn add_signature(bundle: &[u8], signer: &dyn Signer, limits: &Limits) -> Result<Vec<u8>, SignError> {
    let mut inspection = Inspection::of(bundle, limits)?;
    append_signature(&mut inspection.envelope, signer)?;
    let content = Container::parse(bundle, limits)?.content;
    Ok(Container { envelope: &inspection.envelope.to_json()?, content }.write()?)
}

/// The same content in another release: another channel, a later expiry, a higher sequence number, other keys. Start from
/// [`Statement::release`]. Signatures on the old release do not carry over.
pub fn resign(bundle: &[u8], release: Release, signers: &[&dyn Signer], limits: &Limits) -> Result<Vec<u8>, SignError> {
    Inspection::of(bundle, limits)?;
    let content = Content::from_gz(Container::parse(bundle, limits)?.content, limits)?;
    sign(&content, release, signers)
}

/// An envelope around this payload, signed by each of these keys.
pub(crate) fn signed_envelope(payload_type: &str, payload: Vec<u8>, signers: &[&dyn Signer]) -> Result<Envelope, SignError> {
    let mut envelope = Envelope { payload_type: payload_type.to_owned(), payload, signatures: Vec::new() };
    for signer in signers {
        append_signature(&mut envelope, *signer)?;
    }
    if envelope.signatures.is_empty() { Err(SignError::NoSigners) } else { Ok(envelope) }
}

fn append_signature(envelope: &mut Envelope, signer: &dyn Signer) -> Result<(), SignError> {
    let id = signer.public_key().id();
    let (key, key_id) = (id.short(), id.to_hex());
    if envelope.signatures.iter().any(|signature| signature.key_id == key_id) {
        return Err(SignError::AlreadySigned { key });
    }
    if envelope.signatures.len() >= MAX_SIGNATURES {
        return Err(SignError::TooManySignatures);
    }
    let pae = envelope.pae();
    let signature = signer.sign(&pae).map_err(|source| SignError::Signer { key: key.clone(), source })?;
    let signature = signer.public_key().usual_form(signature);
    if !signer.public_key().verifies(&pae, &signature) {
        return Err(SignError::BadSignature { key });
    }
    envelope.signatures.push(EnvelopeSignature { key_id, signature });
    Ok(())
}

#[cfg(test)]
mod tests;
