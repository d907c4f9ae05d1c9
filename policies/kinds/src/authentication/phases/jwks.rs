//! The documents that issuers publish: their keys (JWK Set, RFC 7517) and where those are (OpenID Connect Discovery 1.0, section 4).

use aigw_core::{KeyMaterial, KeySet, PublicKey, SignatureAlgorithm};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, UnparsedPublicKey, VerificationAlgorithm};
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde_json::Value;

/// Longest document of an issuer in bytes. Entra ID's keys with their certificates take 20 KiB.
pub const MAX_ISSUER_DOCUMENT_BYTES: usize = 512 * 1024;
/// Keys that one issuer may publish. Large ones publish ten.
pub const MAX_ISSUER_KEYS: usize = 100;
/// Longest id of a key in bytes.
pub(super) const MAX_KEY_ID_BYTES: usize = 256;
/// Sizes of RSA keys in bits (RFC 7518, section 3.3, for the least; verification of larger ones than the most takes too long).
const RSA_BITS: std::ops::RangeInclusive<usize> = 2_048..=8_192;
/// RSA exponents are at most so many bytes; all in use have three.
const MAX_RSA_EXPONENT_BYTES: usize = 4;

/// Some issuers pad, though RFC 7515, section 2, has none of it.
const BASE64URL: GeneralPurpose =
    GeneralPurpose::new(&URL_SAFE, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent));

/// A document of an issuer that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssuerDocumentFault {
    /// Too long.
    #[error("the document is longer than {MAX_ISSUER_DOCUMENT_BYTES} bytes")]
    Long,
    /// Not what it should be.
    #[error("the document is not {0}")]
    Form(&'static str),
    /// More keys than anybody needs.
    #[error("the document holds more than {MAX_ISSUER_KEYS} keys")]
    Many,
    /// Nothing to verify with.
    #[error("the document holds no key that can verify signatures: RSA of 2048 to 8192 bits, P-256, P-384 or Ed25519")]
    NoKeys,
    /// Somebody else's.
    #[error("the document is of another issuer")]
    Issuer,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    r#use: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    /// The private part. A key whose private part is published proves nothing.
    d: Option<Value>,
    /// Whose key it is, in Entra ID's documents.
    issuer: Option<String>,
}

/// Reads the keys of an issuer. What is no key to verify with is passed over: other types, other uses, other sizes, keys of which the private part
/// stands there too, and keys that name an issuer other than `issuer` (with `{tenantid}` for the tenant's id, as Entra ID writes it).
///
/// # Errors
/// Where nothing is left, or the document is none.
pub fn read_keys(document: &[u8], issuer: Option<&KeyIssuer<'_>>) -> Result<KeySet, IssuerDocumentFault> {
    if document.len() > MAX_ISSUER_DOCUMENT_BYTES {
        return Err(IssuerDocumentFault::Long);
    }
    let form = IssuerDocumentFault::Form("a JWK Set");
    let mut document: Value = serde_json::from_slice(document).map_err(|_| form.clone())?;
    let Some(Value::Array(keys)) = document.get_mut("keys").map(Value::take) else { return Err(form) };
    if keys.len() > MAX_ISSUER_KEYS {
        return Err(IssuerDocumentFault::Many);
    }
    let keys = keys.into_iter().filter_map(|key| public_key(serde_json::from_value(key).ok()?, issuer));
    let keys: Vec<_> = keys.collect();
    if keys.is_empty() { Err(IssuerDocumentFault::NoKeys) } else { Ok(KeySet { keys }) }
}

/// Whose keys are looked for in a document that holds those of several issuers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyIssuer<'a> {
    /// The issuer.
    pub issuer: &'a str,
    /// What stands in its place of `{tenantid}`.
    pub tenant: &'a str,
}

/// Where the keys of an issuer are, as its discovery document says.
///
/// # Errors
/// Where the document is none, or of another issuer (section 4.3: the two must be identical).
pub fn read_discovery(document: &[u8], issuer: &str) -> Result<String, IssuerDocumentFault> {
    #[derive(Deserialize)]
    struct Discovery {
        issuer: String,
        jwks_uri: String,
    }
    if document.len() > MAX_ISSUER_DOCUMENT_BYTES {
        return Err(IssuerDocumentFault::Long);
    }
    let read: Discovery =
        serde_json::from_slice(document).map_err(|_| IssuerDocumentFault::Form("an OpenID Connect discovery document"))?;
    if read.issuer == issuer { Ok(read.jwks_uri) } else { Err(IssuerDocumentFault::Issuer) }
}

fn public_key(key: Jwk, issuer: Option<&KeyIssuer<'_>>) -> Option<PublicKey> {
    let is_theirs = |named: &String, wanted: &KeyIssuer<'_>| named.replace("{tenantid}", wanted.tenant) == wanted.issuer;
    if key.issuer.as_ref().zip(issuer).is_some_and(|(named, wanted)| !is_theirs(named, wanted)) {
        return None;
    }
    let verifies = key.key_ops.as_ref().is_none_or(|uses| uses.iter().any(|word| word == "verify"));
    if key.r#use.as_deref().is_some_and(|word| word != "sig") || !verifies || key.d.is_some() {
        return None;
    }
    if key.kid.as_ref().is_some_and(|id| id.len() > MAX_KEY_ID_BYTES) {
        return None;
    }
    let algorithm = match &key.alg {
        None => None,
        Some(name) => Some(SignatureAlgorithm::of_name(name)?),
    };
    let id = key.kid.as_deref().map(Into::into);
    Some(PublicKey { id, algorithm, material: material(&key)? })
}

fn material(key: &Jwk) -> Option<KeyMaterial> {
    match (key.kty.as_str(), key.crv.as_deref()) {
        ("RSA", None) => {
            let (modulus, exponent) = (number(key.n.as_ref()?)?, number(key.e.as_ref()?)?);
            let sound = RSA_BITS.contains(&bits(&modulus)) && exponent.len() <= MAX_RSA_EXPONENT_BYTES;
            let odd = exponent.last().is_some_and(|last| last % 2 == 1) && *exponent != [1];
            (sound && odd).then_some(KeyMaterial::Rsa { modulus, exponent })
        }
        ("EC", Some("P-256")) => point(key, 32, &ECDSA_P256_SHA256_FIXED).map(KeyMaterial::P256),
        ("EC", Some("P-384")) => point(key, 48, &ECDSA_P384_SHA384_FIXED).map(KeyMaterial::P384),
        ("OKP", Some("Ed25519")) => {
            let bytes = BASE64URL.decode(key.x.as_ref()?).ok().filter(|bytes| bytes.len() == 32)?;
            UnparsedPublicKey::new(&ED25519, &bytes).parse().ok()?;
            Some(KeyMaterial::Ed25519(bytes.into()))
        }
        _ => None,
    }
}

/// A point on a curve, uncompressed (SEC 1, section 2.3.3). RFC 7518, section 6.2.1.2: coordinates have the curve's full length.
fn point(key: &Jwk, length: usize, algorithm: &'static dyn VerificationAlgorithm) -> Option<Box<[u8]>> {
    let mut point = vec![4];
    for coordinate in [key.x.as_ref()?, key.y.as_ref()?] {
        point.extend(BASE64URL.decode(coordinate).ok().filter(|bytes| bytes.len() == length)?);
    }
    UnparsedPublicKey::new(algorithm, &point).parse().ok()?;
    Some(point.into())
}

/// A number without leading zeros.
fn number(text: &str) -> Option<Box<[u8]>> {
    let bytes = BASE64URL.decode(text).ok()?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..).filter(|bytes| !bytes.is_empty()).map(Into::into)
}

fn bits(number: &[u8]) -> usize {
    let leading = number.first().map_or(0, |first| first.leading_zeros() as usize);
    number.len().saturating_mul(8).saturating_sub(leading)
}
