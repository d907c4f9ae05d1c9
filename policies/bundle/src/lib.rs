//! The bundle: one file that carries a compiled folder of policies, says who signed it for what, and is verified before anything in it is parsed.
//!
//! This crate knows bytes only. It does not know what a policy is, and it opens no file, reads no clock and draws no random number: files,
//! the time and seeds are handed in, and what must be remembered ([`State`]) is handed back for the caller to keep.
//!
//! Entry points: [`Content::build`] and [`sign`] make a bundle, [`add_signature`] and [`resign`] sign one again, [`verify`] is the only way
//! to a [`Verified`] one, [`explain`] is the same walk with every step written down, and [`Inspection`] looks inside without trusting.

mod container;
mod content;
mod digest;
mod envelope;
mod inspect;
mod keys;
mod limits;
mod reason;
mod sign;
mod state;
mod statement;
mod trust;
mod verify;
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
pub use state::{Accepted, State};
pub use statement::{Gates, LintGate, Provenance, Release, STATEMENT_VERSION, Statement};
pub use trust::{ChannelEntry, Gate, KeyEntry, KeyState, RootEntry, TrustFile, TrustRoot, sign_trust, verify_trust_update};
pub use verify::{Expectation, Explanation, Outcome, Step, Verified, explain, verify};
pub use version::Version;

#[cfg(test)]
mod fixtures;
