//! Bounds on what is read: everything from outside has one.

/// Bounds on one file. Each has a default that no honest policy file comes near.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one file. Default 1 MiB: a set of 10,000 rules in one file is half of that.
    pub file_bytes: usize,
    /// Nested collections, aliases followed. Default 64: the deepest policy has about ten, and a recursive walk over
    /// 64 levels is safe on any stack.
    pub depth: usize,
    /// Keys, scalars and collections of one file after aliases are followed. Default 100,000: stops an alias bomb.
    pub nodes: usize,
    /// Bytes of keys and scalars of one file after aliases are followed. Default 4 MiB: without it, aliases of one huge
    /// scalar stay within `nodes` and still expand to gigabytes.
    pub text_bytes: usize,
    /// Documents in one file. Default 1,000.
    pub documents: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file_bytes: 1 << 20, depth: 64, nodes: 100_000, text_bytes: 4 << 20, documents: 1_000 }
    }
}
