//! A token on its way from bytes to claims that are proved: JWS in compact form (RFC 7515, section 7.1) with JSON claims (RFC 7519).
//!
//! Which algorithm is verified follows from the key; what the token's header names must fit it, and is never enough.

use aigw_core::{KeyMaterial, KeySet, PublicKey, SignatureAlgorithm};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters,
    RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::jwks::MAX_KEY_ID_BYTES;
use super::strict;

/// Longest token in bytes. Entra ID's with 200 groups, the most that it writes into one, take 12 KiB.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;
/// Longest header of a token in bytes, decoded.
const MAX_HEADER_BYTES: usize = 4 * 1024;
/// A token that names no key is tried with at most so many: each try takes up to a tenth of a millisecond.
const MAX_TRIES: usize = 8;

/// A token that was read and not yet verified.
#[derive(Debug)]
pub(super) struct Token<'t> {
    signed: &'t [u8],
    signature: Vec<u8>,
    algorithm: SignatureAlgorithm,
    key_id: Option<String>,
    /// What it claims.
    pub(super) claims: Value,
}

/// Why a token's signature proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignatureFault {
    /// It names a key that the issuer did not have when it was asked last, or names none and no key fits.
    UnknownKey,
    /// Its key is not for its algorithm.
    Algorithm,
    /// It is not of the key's holder, or not over these claims.
    Wrong,
}

/// Whether a bearer's value is a token and not an API key: three parts in base64url, of which the last, the signature, may be empty.
pub(super) fn is_token(value: &[u8]) -> bool {
    let mut parts = value.split(|byte| *byte == b'.');
    let part = |part: &[u8]| part.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let filled = |bytes: Option<&[u8]>| bytes.is_some_and(|bytes| !bytes.is_empty() && part(bytes));
    filled(parts.next()) && filled(parts.next()) && parts.next().is_some_and(part) && parts.next().is_none()
}

impl<'t> Token<'t> {
    /// Reads a token; what is wrong with it otherwise, for its bearer.
    pub(super) fn read(text: &'t [u8]) -> Result<Self, &'static str> {
        const FORM: &str = "the bearer token is not a signed JWT: three parts in base64url, the first two of them JSON objects";
        if text.len() > MAX_TOKEN_BYTES {
            return Err("the bearer token is longer than 16 KiB");
        }
        let mut parts = text.rsplitn(2, |byte| *byte == b'.');
        let (signature, signed) = (parts.next().ok_or(FORM)?, parts.next().ok_or(FORM)?);
        let mut parts = signed.split(|byte| *byte == b'.');
        let (header, payload) = (parts.next().ok_or(FORM)?, parts.next().ok_or(FORM)?);
        let decoded = |part: &[u8]| URL_SAFE_NO_PAD.decode(part).map_err(|_| FORM);
        let header = decoded(header)?;
        if parts.next().is_some() || header.len() > MAX_HEADER_BYTES {
            return Err(FORM);
        }
        let header = strict::object(&header).ok_or(FORM)?;
        let claims = strict::object(&decoded(payload)?).ok_or(FORM)?;
        let (algorithm, key_id) = read_header(&header)?;
        Ok(Self { signed, signature: decoded(signature)?, algorithm, key_id, claims })
    }

    /// Whether one of these keys signed it.
    pub(super) fn verify(&self, keys: &KeySet) -> Result<(), SignatureFault> {
        let Some(id) = &self.key_id else {
            let mut tried = keys.keys.iter().filter(|key| key.does(self.algorithm)).take(MAX_TRIES);
            return if tried.any(|key| self.is_by(key)) { Ok(()) } else { Err(SignatureFault::UnknownKey) };
        };
        let mut fault = SignatureFault::UnknownKey;
        for key in keys.keys.iter().filter(|key| key.id.as_deref() == Some(id.as_str())).take(MAX_TRIES) {
            if !key.does(self.algorithm) {
                fault = SignatureFault::Algorithm;
            } else if self.is_by(key) {
                return Ok(());
            } else {
                fault = SignatureFault::Wrong;
            }
        }
        Err(fault)
    }

    fn is_by(&self, key: &PublicKey) -> bool {
        let plain = |algorithm: &'static dyn VerificationAlgorithm, bytes: &[u8]| {
            UnparsedPublicKey::new(algorithm, bytes).verify(self.signed, &self.signature).is_ok()
        };
        match &key.material {
            KeyMaterial::P256(point) => plain(&ECDSA_P256_SHA256_FIXED, point),
            KeyMaterial::P384(point) => plain(&ECDSA_P384_SHA384_FIXED, point),
            KeyMaterial::Ed25519(point) => plain(&ED25519, point),
            KeyMaterial::Rsa { modulus, exponent } => rsa(self.algorithm).is_some_and(|parameters| {
                let key = RsaPublicKeyComponents { n: modulus, e: exponent };
                key.verify(parameters, self.signed, &self.signature).is_ok()
            }),
        }
    }
}

fn rsa(algorithm: SignatureAlgorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        SignatureAlgorithm::Rs256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        SignatureAlgorithm::Rs384 => Some(&RSA_PKCS1_2048_8192_SHA384),
        SignatureAlgorithm::Rs512 => Some(&RSA_PKCS1_2048_8192_SHA512),
        SignatureAlgorithm::Ps256 => Some(&RSA_PSS_2048_8192_SHA256),
        SignatureAlgorithm::Ps384 => Some(&RSA_PSS_2048_8192_SHA384),
        SignatureAlgorithm::Ps512 => Some(&RSA_PSS_2048_8192_SHA512),
        SignatureAlgorithm::Es256 | SignatureAlgorithm::Es384 | SignatureAlgorithm::EdDsa => None,
    }
}

/// What a header says of the signature. Keys or addresses of keys in it (`jwk`, `jku`, `x5c`, `x5u`) are nobody's business.
fn read_header(header: &Value) -> Result<(SignatureAlgorithm, Option<String>), &'static str> {
    let name = header.get("alg").and_then(Value::as_str).ok_or("the bearer token's header names no algorithm")?;
    let algorithm = SignatureAlgorithm::of_name(name)
        .ok_or("the bearer token's algorithm is not one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 and EdDSA")?;
    if header.get("crit").is_some() {
        return Err("the bearer token's header has `crit`: extensions are not understood here");
    }
    // RFC 8725, section 3.11, and RFC 9068, section 4: what is typed as something else is not meant as an access token.
    let kind = header.get("typ").map(|kind| kind.as_str().unwrap_or_default().to_ascii_lowercase());
    let kind = kind.as_deref().map(|kind| kind.strip_prefix("application/").unwrap_or(kind));
    if !matches!(kind, None | Some("jwt" | "at+jwt")) {
        return Err("the bearer token's type is neither `JWT` nor `at+jwt`");
    }
    let key_id = match header.get("kid") {
        None => None,
        Some(Value::String(id)) if id.len() <= MAX_KEY_ID_BYTES => Some(id.clone()),
        Some(_) => return Err("the bearer token's `kid` is no text, or too long"),
    };
    Ok((algorithm, key_id))
}
