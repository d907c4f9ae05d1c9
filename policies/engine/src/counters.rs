//! Counting: claims against a store, and the store that keeps its counters in memory.

mod admit;
mod memory;

pub use admit::{LimitReading, Notes, admit};
pub use memory::{MAX_KEYS, MemoryCounters};
