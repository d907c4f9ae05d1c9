//! What findings mean, and the rules that look across kinds: is it good, beyond being correct.
//!
//! The registry ([`rules`]) knows every code that any crate raises, with an explanation and two examples. Most rules stand here, one folder each;
//! they read specs and paths ([`aigw_kinds::Repository`]) and report to a collector. A rule reports what is certain: one that is wrong about a
//! sensible policy is worse than none.
//!
//! What this crate must not do: read text as YAML, resolve names a second time (an unknown name is another crate's finding), or change a program.

mod explain;
mod registry;
mod rule;
mod rules;
mod view;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use explain::{documentation, explanation};
pub use registry::{can_be_silenced, find, rules, run};
pub use rule::{Examples, RaisedBy, Rule};
