//! Suites against policies: what passes, what fails, and what is said of it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod borders;
mod certificates;
mod claims;
mod expectations;
mod upstreams;
mod vacuity;
mod worlds;
