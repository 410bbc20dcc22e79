//! Bulk (RFC 7644, 3.7): many changes in one request, with references between them.
//!
//! `operation` is one of them, `work` does them all, `ledger` writes down what came of each when the answer is wanted later.

use serde_json::{Value as Json, json};

use crate::error::Failure;

mod ledger;
mod operation;
mod work;

pub(crate) use ledger::{Ledger, Line};
pub(crate) use operation::Done;
use operation::Operation;

/// Operations of one request.
pub(crate) const MOST_OPERATIONS: usize = 5000;
/// Bytes of one request.
pub(crate) const LARGEST_BULK: usize = 4_000_000;
/// What an answer is.
const RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

/// A request.
#[derive(Debug)]
pub(crate) struct Bulk {
    operations: Vec<Operation>,
    fail_on_errors: Option<usize>,
}

impl Bulk {
    /// Reads a request.
    pub(crate) fn read(body: &Json) -> Result<Self, Failure> {
        let operations = body.get("Operations").and_then(Json::as_array);
        let Some(operations) = operations else {
            return Err(Failure::invalid_syntax("a bulk request needs a list of `Operations`"));
        };
        if operations.len() > MOST_OPERATIONS {
            let problem = format!(
                "The number of operations in the bulk request exceeds maxOperations ({MOST_OPERATIONS})."
            );
            return Err(Failure::new(413, "tooMany", problem));
        }
        let fail_on_errors = body.get("failOnErrors").and_then(Json::as_u64);
        Ok(Self {
            operations: operations.iter().map(Operation::read).collect(),
            fail_on_errors: fail_on_errors.and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0),
        })
    }

    /// How many operations it has.
    pub(crate) fn len(&self) -> usize {
        self.operations.len()
    }
}

/// The answer to a request.
pub(crate) fn response(done: &[Done]) -> Json {
    let operations: Vec<Json> = done.iter().map(Done::to_json).collect();
    json!({ "schemas": [RESPONSE], "Operations": operations })
}
