//! Tests: a project as text, a question, and the answer as text.

mod answers;
mod brute;
mod missing;
mod support;
