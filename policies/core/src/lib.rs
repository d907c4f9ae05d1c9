//! The vocabulary that every other room shares: names, units, phases, codes, the decision record, and the [`World`] that effects are handed in through.
//!
//! Nothing here decides anything about a request, and nothing here touches a socket, a file, a clock or a random source.

mod code;
mod counters;
mod distinguished_name;
mod keyset;
mod name;
mod operation;
mod peer;
mod phase;
mod record;
mod secret;
mod time;
mod units;
mod world;

pub use code::ErrorCode;
pub use counters::{Admission, Claim, ClaimAmount, Counters, Permit, StoreError};
pub use distinguished_name::{DistinguishedName, MAX_SUBJECT_BYTES, NameAttribute, NameTextError};
pub use keyset::{IssuerKey, KeyMaterial, KeySet, PublicKey, SignatureAlgorithm};
pub use name::{MAX_NAME_BYTES, Name, NameError};
pub use operation::{Operation, SurfaceName};
pub use peer::{Peer, PeerCertificate};
pub use phase::{PHASES, Phase};
pub use record::{
    Attempt, AttemptOutcome, LimitState, Outcome, PolicyVerdict, Record, SkipReason, Skipped, UsageRecord, Verdict,
};
pub use secret::Secret;
pub use time::{Moment, Timestamp};
pub use units::{ByteSize, Millis, Share, UnitError};
pub use world::{Call, CallBody, CallTimeouts, EndpointKey, TransportError, TransportErrorKind, World};
