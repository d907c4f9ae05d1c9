//! Policies proven before they ship: the program and the engine that serve, driven by a simulated world.
//!
//! The clock is virtual and jumps from timer to timer, randomness is seeded, upstreams follow scripts, secrets are stand-ins. Everything is decided
//! by the same code as in production; equal input gives equal output, byte for byte. Files, threads and terminals are the caller's.
//!
//! [`load`] reads test files into [`Case`]s, [`run`] runs one in a world of its own and gives a [`Report`]. [`Coverage`] counts what was reached.

mod certificates;
mod coverage;
mod documents;
mod judge;
mod keys;
mod load;
pub mod mutation;
mod once;
mod plan;
mod report;
pub mod results;
pub mod rules;
mod run;
mod script;
mod subject;
pub mod suite;
#[cfg(test)]
mod testing;
mod tokens;
pub mod world;

pub use coverage::{Changes, Coverage, CoverageReport, CoveredPoint, KindTally, Outcome, PointKind, Tally, coverage_schema};
pub use documents::{FIXTURES_KIND, SUITE_KIND, fixtures_schema, is_fixtures_file, is_suite_file, suite_schema};
pub use load::{Suites, load};
pub use once::{Answers, Caller, Once, RowFit, Shown, once};
pub use plan::Case;
pub use report::{Failure, FailureKind, Report, Snapshot, Trace, settle};
pub use run::{Observer, Settings, run};
pub use subject::Subject;
