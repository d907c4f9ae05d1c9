//! The kind's rooms.

pub(crate) mod lower;
mod plan;
mod spec;

pub use plan::*;
pub use spec::*;
