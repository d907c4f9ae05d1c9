//! The kind's rooms.

pub(crate) mod lower;
pub(crate) mod parameters;
mod plan;
mod spec;

pub(crate) use lower::Attached;
pub use plan::*;
pub use spec::*;
