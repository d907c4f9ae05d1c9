//! Policies proven before they ship: the program and the engine that serve, driven by a simulated world.
//!
//! The clock is virtual and jumps from timer to timer, randomness is seeded, upstreams follow scripts, secrets are stand-ins. Everything is decided
//! by the same code as in production; equal input gives equal output, byte for byte. Files, threads and terminals are the caller's.

pub mod world;
