//! The kind's rooms.

mod phases;
mod plan;
mod spec;

pub use phases::*;
pub use plan::*;
pub use spec::*;
