//! JSON as it lies on the wire: scanned once, never made into a tree, edited by byte span.
//!
//! [`scan`] validates a whole document and lists the members of its top-level object; [`scan_object`] and [`elements`]
//! do the same for a part that a policy reads; [`Splice`] writes the few edits into the original bytes. Nothing here
//! knows what a member means, and nothing re-serialises what it was not asked to change.

mod error;
mod object;
mod scanner;
mod splice;
mod text;

pub use error::ScanError;
pub use object::{Element, Elements, Kind, Member, Object, Span, check, elements, scan, scan_object};
pub use splice::{Overlap, Splice};
pub use text::{as_bool, as_u64, push_quoted, quote, string_value};

/// The deepest nesting that any [`ScanLimits`] can ask for: the scanner's fixed stack, one bit a level.
pub const MAX_DEPTH: u16 = 512;

/// Bounds on what is scanned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanLimits {
    /// The most containers inside one another, the outermost included; more than [`MAX_DEPTH`] counts as [`MAX_DEPTH`].
    pub depth: u16,
    /// The most members of the top-level object.
    pub members: usize,
}

impl Default for ScanLimits {
    /// 64 levels, the default of `Gateway.spec.bounds.jsonDepth`, and 1,024 members: fifty times what the largest dialect names.
    fn default() -> Self {
        Self { depth: 64, members: 1024 }
    }
}

#[cfg(test)]
mod tests;
