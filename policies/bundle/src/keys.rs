//! Keys: public ones that verify, private ones that sign, and their PEM forms. Seeds, salts and passphrases are handed in.

mod encrypted;
mod pem;
mod private;
mod public;
#[cfg(test)]
mod tests;

pub use private::SigningKey;
pub use public::{Algorithm, KeyId, PublicKey};

/// Why a key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not PEM, or PEM of something else.
    #[error("this is not a PEM block `{expected}`")]
    Pem {
        /// The label that was looked for.
        expected: &'static str,
    },
    /// A public key of another algorithm or encoding.
    #[error("this is not an Ed25519 key or an uncompressed ECDSA P-256 key")]
    Public,
    /// A key with which anybody could sign.
    #[error("this Ed25519 key has a small order: signatures under it prove nothing")]
    SmallOrder,
    /// Not an Ed25519 private key.
    #[error("this is not an Ed25519 private key in PKCS#8")]
    Private,
    /// The private key is encrypted and no passphrase was given.
    #[error("the private key needs its passphrase")]
    PassphraseNeeded,
    /// The passphrase does not open the private key.
    #[error("the passphrase does not open the private key")]
    WrongPassphrase,
    /// The private key is encrypted in a way that is not read here.
    #[error("the private key is not encrypted by PBES2 with PBKDF2, HMAC-SHA-256 and AES-256-CBC")]
    Encryption,
}

/// Something that signs: a key at hand, or a key store behind a command.
pub trait Signer {
    /// The key that the signatures verify under.
    fn public_key(&self) -> &PublicKey;

    /// Signs these bytes: Ed25519 over them as they are, ECDSA P-256 over their SHA-256, as DER or as the 64 bytes of r and s.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError>;
}

/// Why a signer did not sign, in one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SignerError(String);

impl SignerError {
    /// That message, in lower case and on one line.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}
