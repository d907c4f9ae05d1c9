//! The kinds of the policy language, one folder each: `spec` (as written), `check` (what a schema cannot say), `plan` (as compiled) and, where the
//! kind decides something about a request, `phases` (what it decides, as pure functions that the engine calls in their phase).
//!
//! The [`Program`] is the plans of one repository: small, flat, ids instead of names. It is a file format, versioned as a whole.

pub mod authentication;
pub mod authorization;
pub mod consumer;
pub mod gateway;
pub mod limit;
pub mod model;
pub mod product;
pub mod prompt;
pub mod provider;
pub mod route;
pub mod subscription;
pub mod tenant;
pub mod validation;

mod contents;
mod decision;
mod document;
mod expressions;
pub mod facts;
mod hex;
mod identity;
mod lower;
mod program;
mod program_check;
mod program_file;
mod repository;
pub mod rules;
pub mod schema;
mod scopes;
#[cfg(test)]
mod test_program;
#[cfg(test)]
mod testing;
pub mod written;

pub use contents::{CONTENTS_MEMBER, Changes, Contents};
pub use decision::{Decider, Decision, Refusal};
pub use document::*;
pub use expressions::{CompiledExpression, Evaluation, ExpressionFault, Expressions, Given, Judged, Watch};
pub use identity::Identity;
pub use lower::lower;
pub use program::*;
pub use program_check::{ParameterFault, ProgramFault};
pub use program_file::{PROGRAM_MEMBER, ProgramFileError};
pub use repository::{Doc, Repository, Typed};
pub use scopes::{Policies, PolicySet, Scopes};
