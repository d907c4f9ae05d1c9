//! The kind's rooms.

pub(crate) mod lower;
mod phases;
mod plan;
mod spec;

pub(crate) use lower::parameter_kind;
pub use phases::*;
pub use plan::*;
pub use spec::*;
