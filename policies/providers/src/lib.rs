//! What upstreams and clients speak: dialects, wires, JSON and events as bytes.
//!
//! Pure and sans-IO: bytes come in, bytes and decisions go out. Nothing here opens a connection, waits, retries or counts; it says what
//! to send, what came back and what that means. Start at [`wire`] for an upstream, [`dialect`] for a client, [`json`] for how a body is
//! read and changed, [`sse`] and [`stream`] for answers that come in pieces.

pub mod dialect;
pub mod json;
pub mod sse;
pub mod stream;
pub mod surface;
pub mod usage;
pub mod wire;
