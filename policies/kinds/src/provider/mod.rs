//! The kind's rooms.

pub(crate) mod lower;
mod plan;
mod spec;

pub(crate) use lower::MOCK_ENDPOINT;
pub use plan::*;
pub use spec::*;
