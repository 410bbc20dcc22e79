//! The program as a process: what people and programs see of it, exit codes included.

#![expect(clippy::unwrap_used, clippy::panic, reason = "test code: a panic is a failed test")]

mod agent;
mod api;
mod attacks;
mod bad_input;
mod certificates;
mod demo;
mod examples;
mod guests;
mod metrics;
mod nodes;
mod remote;
mod scim;
mod served;
mod sign_out;
mod telemetry;
mod ten_minutes;

/// What a command that failed said.
fn failure(output: &std::process::Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}\n{}\n{}", output.status, text(&output.stdout), text(&output.stderr))
}
