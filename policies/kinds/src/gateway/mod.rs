//! The kind's rooms.

pub(crate) mod lower;
mod ownership;
pub(crate) mod parameters;
mod plan;
mod spec;

pub(crate) use lower::Attached;
pub use ownership::{Captures, Decided, Entry, Ownership, PathPattern, Unwritable};
pub use plan::*;
pub use spec::*;
