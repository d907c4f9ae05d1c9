//! Public keys, their identity, and the verification of a signature.

use std::fmt;

use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::{KeyError, pem};
use crate::Digest;

const LABEL: &str = "PUBLIC KEY";

/// What stands before the 32 bytes of an Ed25519 key in its SubjectPublicKeyInfo (RFC 8410, section 4).
const ED25519_SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// What stands before the 65 bytes of an uncompressed P-256 point in its SubjectPublicKeyInfo (RFC 5480, section 2).
const P256_SPKI: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
    0x01, 0x07, 0x03, 0x42, 0x00,
];

const P256_POINT_BYTES: usize = 65;

/// How a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Algorithm {
    /// Ed25519 (RFC 8032).
    #[serde(rename = "ed25519")]
    Ed25519,
    /// ECDSA over P-256 with SHA-256, for cloud key stores that have no Ed25519.
    #[serde(rename = "ecdsa-p256")]
    EcdsaP256,
}

/// A public key in its one encoding. Two equal keys have equal bytes, so counting keys is counting these.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublicKey {
    algorithm: Algorithm,
    spki: Vec<u8>,
}

/// The identity of a key: the SHA-256 of its SubjectPublicKeyInfo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId(Digest);

impl PublicKey {
    /// A key from its SubjectPublicKeyInfo in DER: Ed25519, or ECDSA P-256 with an uncompressed point.
    pub fn from_spki(spki: &[u8]) -> Result<Self, KeyError> {
        let algorithm = if let Some(key) = ed25519(spki) {
            if has_small_order(key) {
                return Err(KeyError::SmallOrder);
            }
            Algorithm::Ed25519
        } else if p256(spki).is_some() {
            Algorithm::EcdsaP256
        } else {
            return Err(KeyError::Public);
        };
        let key = Self { algorithm, spki: spki.to_vec() };
        // Parsing tells whether the point is on the curve.
        key.parsed(key.algorithms().0).map_err(|_| KeyError::Public)?;
        Ok(key)
    }

    /// A key from a PEM block `PUBLIC KEY`, or from the base64 of its SubjectPublicKeyInfo.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        let der = pem::decode(text, LABEL).map(|der| der.to_vec()).or_else(|| STANDARD.decode(text.trim()).ok());
        Self::from_spki(&der.ok_or(KeyError::Pem { expected: LABEL })?)
    }

    /// The key of these 32 bytes of Ed25519.
    pub(super) fn from_ed25519(key: &[u8]) -> Result<Self, KeyError> {
        Self::from_spki(&[&ED25519_SPKI, key].concat())
    }

    /// How it signs.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The SubjectPublicKeyInfo in DER.
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// A PEM block `PUBLIC KEY`.
    pub fn to_pem(&self) -> String {
        pem::encode(&self.spki, LABEL).to_string()
    }

    /// The base64 of the SubjectPublicKeyInfo: the body of the PEM block in one line.
    pub fn to_base64(&self) -> String {
        STANDARD.encode(&self.spki)
    }

    /// Its identity.
    pub fn id(&self) -> KeyId {
        KeyId(Digest::of(&self.spki))
    }

    /// Whether the signature is of this message by this key. Ed25519 is strict: one encoding of a signature, no small orders.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let (first, second) = self.algorithms();
        let by = |algorithm| self.parsed(algorithm).is_ok_and(|key| key.verify_sig(message, signature).is_ok());
        by(first) || second.is_some_and(by)
    }

    /// The signature as DSSE tools write it: ECDSA as DER, whichever form a key store returned; Ed25519 as it is.
    pub(crate) fn usual_form(&self, signature: Vec<u8>) -> Vec<u8> {
        match signature.split_at_checked(32) {
            // DER of exactly 64 bytes exists, though no one will ever meet it: its first bytes then say so.
            Some((r, s)) if self.algorithm == Algorithm::EcdsaP256 && s.len() == 32 && !r.starts_with(&[0x30, 62]) => {
                let numbers = [der_integer(r), der_integer(s)].concat();
                [&[0x30, u8::try_from(numbers.len()).unwrap_or(u8::MAX)], &numbers[..]].concat()
            }
            _ => signature,
        }
    }

    /// ECDSA signatures come as DER from most key stores, and as the two numbers alone from Azure Key Vault.
    fn algorithms(&self) -> (&'static dyn VerificationAlgorithm, Option<&'static dyn VerificationAlgorithm>) {
        match self.algorithm {
            Algorithm::Ed25519 => (&signature::ED25519, None),
            Algorithm::EcdsaP256 => (&signature::ECDSA_P256_SHA256_ASN1, Some(&signature::ECDSA_P256_SHA256_FIXED)),
        }
    }

    fn parsed(&self, algorithm: &'static dyn VerificationAlgorithm) -> Result<ParsedPublicKey, KeyError> {
        let key = ed25519(&self.spki).or_else(|| p256(&self.spki)).ok_or(KeyError::Public)?;
        ParsedPublicKey::new(algorithm, key).map_err(|_| KeyError::Public)
    }
}

/// An unsigned number of at most 32 bytes as a DER integer: no needless zeros, but one where the top bit would mean a minus.
fn der_integer(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count().min(number.len().saturating_sub(1));
    let digits = number.get(zeros..).unwrap_or_default();
    let sign: &[u8] = if digits.first().is_some_and(|byte| *byte >= 0x80) { &[0] } else { &[] };
    let length = u8::try_from(sign.len() + digits.len()).unwrap_or(u8::MAX);
    [&[0x02, length], sign, digits].concat()
}

fn ed25519(spki: &[u8]) -> Option<&[u8]> {
    spki.strip_prefix(&ED25519_SPKI).filter(|key| key.len() == 32)
}

fn p256(spki: &[u8]) -> Option<&[u8]> {
    spki.strip_prefix(&P256_SPKI).filter(|point| point.len() == P256_POINT_BYTES && point.first() == Some(&4))
}

/// The y coordinates, little-endian, of the points of order 1, 2, 4 and 8 on edwards25519, and the two that are a way to write
/// 0 and 1 with the prime added. A key with one of them verifies signatures that nobody made.
fn has_small_order(key: &[u8]) -> bool {
    const ORDER_8: [[u8; 32]; 2] = [
        [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac,
            0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
        ],
        [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53,
            0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
        ],
    ];
    let Some((last, low)) = key.split_last() else { return false };
    let last = last & 0x7f;
    let middle_is = |byte: u8| low.iter().skip(1).all(|b| *b == byte);
    let zero_or_one = last == 0 && middle_is(0) && low.first().is_some_and(|b| *b <= 1);
    let around_prime = last == 0x7f && middle_is(0xff) && low.first().is_some_and(|b| (0xec..=0xee).contains(b));
    let order_8 = ORDER_8.iter().any(|y| y.split_last() == Some((&last, low)));
    zero_or_one || around_prime || order_8
}

impl KeyId {
    /// 64 hexadecimal digits.
    pub fn to_hex(self) -> String {
        self.0.to_hex()
    }

    /// The first 16 hexadecimal digits: enough to tell the keys of one organisation apart, not enough to trust.
    pub fn short(self) -> String {
        self.to_hex().chars().take(16).collect()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.id().short())
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ed25519 => "ed25519",
            Self::EcdsaP256 => "ecdsa-p256",
        })
    }
}
