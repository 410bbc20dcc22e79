//! The HTTP API: everything that the command line does, under `/api/v1`.
//!
//! There is one table of operations ([`operations()`]). The routes, the checks of what comes in, the `OpenAPI` document, the
//! matrix of rights and the tests are all made from it, so none of them can say something else than the others. An
//! operation is a line of the table and a handler of a few lines that calls one use case; what it answers is the JSON form
//! that the command line prints.
//!
//! `call` is the way of a request: who calls, whether they may, what they sent, whether it was answered before.

mod answer;
mod asked;
mod call;
mod docs;
mod etag;
mod form;
mod forms;
mod idempotency;
mod instant;
mod jobs;
mod matrix;
mod openapi;
mod operation;
mod operations;
mod router;

pub use form::{Field, Form, Shape};
pub use matrix::rights_matrix;
pub use openapi::document;
pub use operation::{Answered, Operation, Place};
pub use operations::operations;
pub use router::router;
