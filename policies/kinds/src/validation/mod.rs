//! The kind's rooms.

pub(crate) mod lower;
mod phases;
mod plan;
mod schema;
mod signatures;
mod spec;

pub use phases::*;
pub use plan::*;
pub use schema::SchemaFault;
pub use signatures::SignatureClass;
pub use spec::*;
