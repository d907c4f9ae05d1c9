//! Text to span tree: how every policy file is read, and how everything that is wrong with it is said.
//!
//! One reader for the whole house. [`read`] turns YAML text into [`Document`]s: trees of [`Node`]s that know the bytes they
//! came from, with the comments beside them. [`bind`] hands a node to serde. A fault of the user's is a [`Finding`] in a
//! [`Findings`] collector, with positions in one or several files; it is never an `Err`. A [`Fix`] is a list of byte [`Edit`]s
//! on the original text, so comments and layout survive it.
//!
//! What this crate must not do: know a policy, touch a file system, or write YAML.

mod finding;
mod findings;
mod limits;
pub mod rules;
mod sources;
mod tree;

pub use finding::{Edit, Finding, Fix, Label, Level, RuleId};
pub use findings::Findings;
pub use limits::Limits;
pub use sources::{FileId, Position, SourceFile, Sources, Span};
pub use tree::{Comment, Document, Entry, Node, NodeKind, Style};
