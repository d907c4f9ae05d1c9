//! The private key at hand: Ed25519, kept as its seed, never printed, wiped when dropped.

use std::fmt;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use zeroize::Zeroizing;

use super::{KeyError, PublicKey, Signer, SignerError, encrypted, pem};

const LABEL: &str = "PRIVATE KEY";
const ENCRYPTED_LABEL: &str = "ENCRYPTED PRIVATE KEY";

/// What stands before the 32 bytes of the seed in PKCS#8 version 1 (RFC 8410, section 7): what `openssl genpkey` writes too.
const PKCS8: [u8; 16] = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// An Ed25519 key that signs.
pub struct SigningKey {
    seed: Zeroizing<[u8; 32]>,
    public: PublicKey,
}

impl SigningKey {
    /// The key of this seed, which must come from a good random source. The caller wipes its own copy.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyError::Private)?;
        let public = PublicKey::from_ed25519(pair.public_key().as_ref())?;
        Ok(Self { seed: Zeroizing::new(*seed), public })
    }

    /// A key from a PEM block `PRIVATE KEY`, or `ENCRYPTED PRIVATE KEY` with its passphrase: PKCS#8 as this crate and openssl write it.
    pub fn from_pem(text: &str, passphrase: Option<&[u8]>) -> Result<Self, KeyError> {
        if let Some(der) = pem::decode(text, ENCRYPTED_LABEL) {
            let der = encrypted::open(&der, passphrase.ok_or(KeyError::PassphraseNeeded)?)?;
            // A wrong passphrase can happen to leave valid padding; then it is the key inside that is not one.
            return Self::from_pkcs8(&der).map_err(|_| KeyError::WrongPassphrase);
        }
        Self::from_pkcs8(&pem::decode(text, LABEL).ok_or(KeyError::Pem { expected: LABEL })?)
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let seed = der.strip_prefix(&PKCS8).and_then(|seed| <&[u8; 32]>::try_from(seed).ok());
        Self::from_seed(seed.ok_or(KeyError::Private)?)
    }

    /// A PEM block `PRIVATE KEY`, not encrypted. Whoever reads it can sign.
    pub fn to_pem(&self) -> Zeroizing<String> {
        pem::encode(&self.pkcs8(), LABEL)
    }

    /// A PEM block `ENCRYPTED PRIVATE KEY` (PBES2: PBKDF2 with HMAC-SHA-256, AES-256-CBC), as `openssl pkey` reads it. Salt and
    /// initialisation vector must be random and used once.
    pub fn to_encrypted_pem(&self, passphrase: &[u8], salt: &[u8; 16], iv: &[u8; 16]) -> Result<Zeroizing<String>, KeyError> {
        Ok(pem::encode(&encrypted::seal(&self.pkcs8(), passphrase, salt, iv)?, ENCRYPTED_LABEL))
    }

    fn pkcs8(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new([&PKCS8[..], &self.seed[..]].concat())
    }
}

impl Signer for SigningKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        let refused = |_| SignerError::new("the private key cannot be used");
        let pair = Ed25519KeyPair::from_seed_unchecked(&self.seed[..]).map_err(refused)?;
        let signature = pair.try_sign(message).map_err(|_| SignerError::new("signing failed"))?;
        Ok(signature.as_ref().to_vec())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public.id().short())
    }
}
