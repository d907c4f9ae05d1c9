//! Serde over the tree: a value of any type from a node, each failure with its place.
//!
//! A field of text takes the text of any scalar that is not null, so `3.10` stays `3.10`. Numbers and booleans come from
//! plain scalars only. An enum with external tags (serde's default) comes from a mapping with one entry or from a word; a
//! word for a variant with settings stands for `{}`. Serde stops at the first failure; a schema check over
//! [`crate::Node::to_json`] and [`crate::Document::locate`] finds them all.

mod access;
mod deserializer;
mod failure;

use std::fmt;

use serde::de::DeserializeOwned;

use crate::finding::Finding;
use crate::findings::Findings;
use crate::tree::Node;

/// Why a node does not fit a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindError {
    /// The JSON Pointer of the value to blame, from the node that was bound.
    pub pointer: String,
    /// The same for people; always an error.
    pub finding: Finding,
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.finding.message)
    }
}

impl std::error::Error for BindError {}

/// The value of a node; where it does not fit, a finding and `None`.
pub fn bind<T: DeserializeOwned>(node: &Node, findings: &mut Findings) -> Option<T> {
    match try_bind(node) {
        Ok(value) => Some(value),
        Err(error) => {
            findings.push(error.finding);
            None
        }
    }
}

/// The value of a node.
///
/// # Errors
/// Where it does not fit the type, with the deepest place that is to blame.
pub fn try_bind<T: DeserializeOwned>(node: &Node) -> Result<T, Box<BindError>> {
    let value = deserializer::descend(std::marker::PhantomData, node, None, None);
    value.map_err(|failure| Box::new(failure.blame(node.span)))
}

#[cfg(test)]
mod tests;
