//! The bundle: one file that carries a compiled folder of policies, says who signed it for what, and is verified before anything in it is parsed.
//!
//! This crate knows bytes only. It does not know what a policy is, and it opens no file, reads no clock and draws no random number: files,
//! the time and seeds are handed in.
//!
//! Entry points: [`Content::build`] and [`sign`] make a bundle, [`add_signature`] and [`resign`] sign one again, and [`Inspection`] looks inside
//! without trusting.

mod container;
mod content;
mod digest;
mod envelope;
mod inspect;
mod keys;
mod limits;
mod reason;
mod sign;
mod statement;
mod version;

pub use container::{Container, FORMAT_VERSION};
pub use content::Content;
pub use digest::{Blob, Digest};
pub use envelope::{Envelope, EnvelopeSignature, MAX_SIGNATURES, STATEMENT_TYPE, TRUST_TYPE, pae};
pub use inspect::Inspection;
pub use keys::{Algorithm, KeyError, KeyId, PublicKey, Signer, SignerError, SigningKey};
pub use limits::Limits;
pub use reason::{Reason, Refusal};
pub use sign::{SignError, add_signature, resign, sign};
pub use statement::{Gates, LintGate, Provenance, Release, STATEMENT_VERSION, Statement};
pub use version::Version;

#[cfg(test)]
mod fixtures;
