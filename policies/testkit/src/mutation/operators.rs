//! What is changed, by kind of policy.

pub(super) mod authorization;
pub(super) mod limit;
pub(super) mod matches;
pub(super) mod model;
pub(super) mod prompt;
pub(super) mod provider;
pub(super) mod route;
pub(super) mod validation;
