//! What came of the operations of a request that is answered later, written down one by one: each with what it changed, in
//! one transaction. So after a death whatever has no line was not done.

use muster_app::{Error, Kind};
use muster_store::{ScimBulkResult, Store, Tx};
use serde_json::Value as Json;

use super::{
    MOST_OPERATIONS,
    operation::{Done, Operation},
};
use crate::writer::Outcome;

/// The lines of one request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ledger {
    /// The job that stands for the request.
    pub(crate) job: i64,
}

/// A line that is not written yet: where it stands, and what it tells of.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    job: i64,
    place: usize,
    /// Without its data.
    operation: Operation,
    /// What is cut off until those to which it refers are there.
    cut: Option<Json>,
    /// What came of it before, when this is about what was cut off.
    was: Option<Done>,
}

/// A line that was written.
pub(super) struct Written {
    pub(super) place: usize,
    pub(super) done: Done,
    pub(super) cut: Option<Json>,
}

// === impl Ledger ===

impl Ledger {
    /// What is written so far, in order of place.
    pub(super) async fn read(self, store: &Store) -> Result<Vec<Written>, Error> {
        let written = store.read().await?.scim_bulk_results(self.job, 0, MOST_OPERATIONS).await?;
        let json = |text: &str| serde_json::from_str(text).unwrap_or_default();
        let written = written.into_iter().map(|result| Written {
            place: usize::try_from(result.place).unwrap_or(usize::MAX),
            done: Done::from_json(&json(&result.body)),
            cut: result.cut.map(|cut| json(&cut)),
        });
        Ok(written.collect())
    }

    /// The line for an operation.
    pub(super) fn line(self, place: usize, operation: &Operation, cut: Option<&Json>) -> Line {
        let (job, operation, cut) = (self.job, operation.head(), cut.cloned());
        Line { job, place, operation, cut, was: None }
    }

    /// Writes down what came of operations that changed nothing. Those of a transaction that was committed are there
    /// already; any other line means that somebody else is at it.
    pub(super) async fn keep(self, store: &Store, lines: &[ScimBulkResult]) -> Result<(), Error> {
        if lines.is_empty() {
            return Ok(());
        }
        let mut tx = store.begin().await?;
        for line in lines {
            match tx.scim_bulk_result(line.job, line.place).await? {
                Some(written) if written == *line => {}
                Some(_) if line.cut.is_none() => close(&mut tx, line).await?,
                Some(_) => return Err(taken_over(line)),
                None => tx.insert_scim_bulk_results(std::slice::from_ref(line)).await?,
            }
        }
        tx.commit().await?;
        Ok(())
    }
}

// === impl Line ===

impl Line {
    /// This is about what was cut off; what came of the operation before stands in `was`.
    pub(super) fn closing(self, was: Done) -> Self {
        Self { cut: None, was: Some(was), ..self }
    }

    /// What is written.
    pub(super) fn result(&self, done: &Done) -> ScimBulkResult {
        ScimBulkResult {
            job: self.job,
            place: i64::try_from(self.place).unwrap_or(i64::MAX),
            body: done.to_json().to_string().into(),
            cut: self.cut.as_ref().map(|cut| cut.to_string().into()),
        }
    }

    /// What is written when the operation comes to this.
    fn told(&self, base: &str, outcome: Outcome) -> ScimBulkResult {
        self.result(&match &self.was {
            None => self.operation.done(base, outcome),
            Some(was) => was.clone().closed(outcome),
        })
    }

    /// Writes lines within the transaction that does what they tell of: each with the address of the service and with what
    /// comes of the operation. Fails when one is there already.
    pub(crate) async fn write(
        tx: &mut Tx,
        lines: Vec<(&Self, &str, Outcome)>,
    ) -> Result<(), Error> {
        let (mut new, mut closing) = (Vec::new(), Vec::new());
        for (line, base, outcome) in lines {
            let told = line.told(base, outcome);
            if line.was.is_some() { closing.push(told) } else { new.push(told) }
        }
        tx.insert_scim_bulk_results(&new).await?;
        for line in &closing {
            close(tx, line).await?;
        }
        Ok(())
    }
}

/// What was cut off is added once.
async fn close(tx: &mut Tx, line: &ScimBulkResult) -> Result<(), Error> {
    if tx.close_scim_bulk_result(line).await? { Ok(()) } else { Err(taken_over(line)) }
}

fn taken_over(line: &ScimBulkResult) -> Error {
    let problem = format!("another process works on the bulk request {}", line.job);
    Error::new(Kind::Busy, problem)
}
