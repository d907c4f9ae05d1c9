//! The kind's rooms.

mod plan;
mod spec;

pub use plan::*;
pub use spec::*;
