//! The bundle: one file that carries a compiled folder of policies, says who signed it for what, and is verified before anything in it is parsed.
//!
//! This crate knows bytes only. It does not know what a policy is, and it opens no file, reads no clock and draws no random number.

mod container;
mod content;
mod digest;
mod limits;
mod reason;

pub use container::{Container, FORMAT_VERSION};
pub use content::Content;
pub use digest::{Blob, Digest};
pub use limits::Limits;
pub use reason::{Reason, Refusal};
