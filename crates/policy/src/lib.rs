//! What an identity should have, and why: the checked model, and `evaluate`, a pure function of facts, model and time.

mod checked;

pub use checked::*;
