//! Tests: text in, text out. `check` prints the type or the problems of an expression, `run` its value.

mod checking;
mod explaining;
mod limits;
mod manual;
mod oracle;
mod running;
mod strict;
mod support;
mod time;
