//! The kind's rooms.

pub(crate) mod lower;
mod phases;
mod plan;
mod spec;

pub use phases::*;
pub use plan::*;
pub use spec::*;
