//! The kind's rooms.

pub(crate) mod lower;
mod plan;
mod spec;

pub(crate) use lower::check_pattern;
pub use plan::*;
pub use spec::*;
