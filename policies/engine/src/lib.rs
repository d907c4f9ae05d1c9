//! A program at work: requests go in, answers and decision records come out.
//!
//! Ordinary `async` Rust, generic over [`aigw_core::World`]: no socket, clock, task or random source of its own. [`Engine::run`] gives an answer's
//! head and a body; what is left to decide lives in that body, and what must happen at the end happens when it is dropped.

mod answer;
mod engine;
mod settle;
mod state;
mod status;
mod wait;

/// What a program becomes once its parameters have values.
mod loaded {
    /// A program, ready to run.
    pub struct Loaded {}
}

pub use answer::{Answer, AnswerError};
pub use engine::Engine;
pub use loaded::Loaded;
pub use state::State;
pub use status::status_of;
