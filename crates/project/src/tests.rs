//! Tests of loading: text in, text out.

mod sample;
mod support;
