//! Text to span tree: how every policy file is read, and how everything that is wrong with it is said.
//!
//! One reader for the whole house. [`read`] turns YAML text into [`Document`]s: trees of [`Node`]s that know the bytes they
//! came from, with the comments beside them. [`bind`] hands a node to serde. A fault of the user's is a [`Finding`] in a
//! [`Findings`] collector, with positions in one or several files; it is never an `Err`. A [`Fix`] is a list of byte [`Edit`]s
//! on the original text, so comments and layout survive it.
//!
//! What this crate must not do: know a policy, touch a file system, or write YAML.

mod allow;
mod bind;
mod build;
mod edit;
mod finding;
mod findings;
mod inner;
mod intake;
mod json;
mod limits;
mod nearest;
mod parse;
mod read;
pub mod rules;
mod scalar;
mod settle;
mod sources;
#[cfg(test)]
mod testing;
mod traps;
mod tree;

pub use allow::{Allow, allows, apply_allows};
pub use bind::{BindError, bind, try_bind};
pub use edit::{EditError, apply_edits};
pub use finding::{Edit, Finding, Fix, Label, Level, RuleId};
pub use findings::Findings;
pub use limits::Limits;
pub use nearest::nearest;
pub use read::read;
pub use sources::{FileId, Position, SourceFile, Sources, Span};
pub use traps::traps;
pub use tree::{Comment, Document, Entry, Node, NodeKind, Style};
