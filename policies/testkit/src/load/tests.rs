//! What is said of suites that a tired person wrote.
#![expect(clippy::indexing_slicing, reason = "tests")]

mod fixtures;
mod mistakes;
mod places;
mod vacuity;
