//! The kind's rooms.

pub(crate) mod lower;
mod phases;
mod plan;
pub(crate) mod rows;
mod spec;
pub(crate) mod ties;

pub use phases::*;
pub use plan::*;
pub use spec::*;
pub use ties::sort_rows;
