//! The kind's rooms.

mod credential;
pub(crate) mod lower;
mod plan;
mod spec;

pub use credential::{is_client_id, keeps_tokens};
pub(crate) use lower::MOCK_ENDPOINT;
pub use plan::*;
pub use spec::*;
