//! Counting: claims against a store, and the store that keeps its counters in memory.

mod admit;

pub use admit::{LimitReading, Notes, admit};
