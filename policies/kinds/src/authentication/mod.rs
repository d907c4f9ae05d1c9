//! The kind's rooms.

pub(crate) mod lower;
pub(crate) mod phases;
mod plan;
mod spec;

pub(crate) use lower::claim_rules;
pub use phases::*;
pub use plan::*;
pub use spec::*;
