//! Access tokens of Azure's managed identities: where this machine or workload gets them, how they are asked for, and one fresh copy of each for
//! everyone who needs it. The wire formats are three small ones, written here over [`crate::fetch`]; `docs/decisions` says why not by a library.
//!
//! Entry points: [`Tokens::of`] gives the place where a token stands and keeps it fresh for as long as anyone holds that place.

mod environment;
mod keeper;
mod wire;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use environment::Environment;
pub(crate) use keeper::{AccessToken, TokenReport, Tokens, pause};
pub(crate) use wire::{behind, word};
