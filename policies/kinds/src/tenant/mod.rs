//! The kind's rooms.

pub(crate) mod lower;
mod phases;
mod plan;
pub(crate) mod require;
mod spec;

pub use phases::*;
pub use plan::*;
pub use spec::*;
