//! What clients speak: reading their requests, and writing answers and errors that are ours.

pub mod errors;
pub mod openai;
