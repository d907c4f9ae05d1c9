//! Load generator and mock upstream.
fn main() {}
