//! The one binary, `muster`.
fn main() {}
