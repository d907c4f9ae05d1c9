//! aigw
fn main() {}
