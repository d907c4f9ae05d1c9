//! A program at work: requests go in, answers and decision records come out.
//!
//! Ordinary `async` Rust, generic over [`aigw_core::World`]: no socket, clock, task or random source of its own. [`Engine::run`] gives an answer's
//! head and a body; what is left to decide lives in that body, and what must happen at the end happens when it is dropped. The order of things
//! stands in `phases.rs`.

pub mod counters;
pub mod loaded;
pub mod matcher;

mod answer;
mod body;
mod call;
mod cors;
mod edge;
mod engine;
mod errors;
mod exchange;
mod head;
mod mock;
mod models;
mod phases;
mod ratelimit;
mod reply;
mod settle;
mod state;
mod status;
#[cfg(test)]
mod testing;
mod wait;

pub use answer::{Answer, AnswerError};
pub use engine::Engine;
pub use loaded::{LoadError, Loaded, LoadedIdentity};
pub use state::{LoadCounts, MAX_ADDRESSES, State};
pub use status::status_of;

#[cfg(test)]
mod test_program;
