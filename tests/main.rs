//! The one integration binary: what no single crate can promise.
//!
//! `house` holds the rules of the repository itself, `generated` the files that are made from the code, `docs` what hand-written
//! pages promise. Everything else drives the binary `aigw` as a user would: build it first (`tests/run` does).

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test says what is wrong by failing")]

mod docs;
mod e2e;
mod equal;
mod faults;
mod generated;
mod house;
mod support;
