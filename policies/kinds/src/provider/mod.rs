//! The kind's rooms.

mod plan;

pub use plan::*;
