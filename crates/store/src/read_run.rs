//! Runs of reads: when a system was read, how it went, and what was wrong with its objects.

use jiff::Timestamp;
use muster_model::Text;

use crate::{Number, ReadTx, StoreError, Tx};

/// How many problems of one run are kept; the run's `n_bad` counts all.
pub const READ_PROBLEMS_KEPT: usize = 1_000;

/// A run's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReadRunId(pub i64);

/// What a run counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReadCounts {
    /// Objects read.
    pub n_objects: u64,
    /// Of these, not known before.
    pub n_new: u64,
    /// Of these, different from before.
    pub n_changed: u64,
    /// Known objects that a complete read no longer held.
    pub n_absent: u64,
    /// Objects that could not be used.
    pub n_bad: u64,
}

/// A run of a read, or of reading an account type or entitlement kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRun {
    /// Which one; from [`Tx::take_ids`].
    pub id: ReadRunId,
    /// The system's number.
    pub system_no: Number,
    /// What was read: `read person`, `account user`, `entitlement group`.
    pub what: Text,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; `None` while it runs or when it was interrupted.
    pub ended_at: Option<Timestamp>,
    /// True when it saw everything, so that absence means something.
    pub complete: bool,
    /// What it counted.
    pub counts: ReadCounts,
    /// Where an incremental read goes on.
    pub cursor: Option<Vec<u8>>,
    /// Why it ended early.
    pub problem: Option<Text>,
}

/// An object that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadProblem {
    /// Where it stands: file and line, DN.
    pub place: Text,
    /// What is wrong.
    pub problem: Text,
}

impl ReadTx {
    /// The run with this id.
    pub async fn read_run(&mut self, id: ReadRunId) -> Result<Option<ReadRun>, StoreError> {
        todo!()
    }

    /// The latest run of each thing read of a system, by `what`.
    pub async fn latest_read_runs(
        &mut self,
        system_no: Number,
    ) -> Result<Vec<ReadRun>, StoreError> {
        todo!()
    }

    /// The latest run of one thing that ended complete.
    pub async fn latest_complete_read(
        &mut self,
        system_no: Number,
        what: &str,
    ) -> Result<Option<ReadRun>, StoreError> {
        todo!()
    }

    /// The problems kept of a run, in the order met.
    pub async fn read_problems(&mut self, run: ReadRunId) -> Result<Vec<ReadProblem>, StoreError> {
        todo!()
    }
}

impl Tx {
    /// Writes a run that begins.
    pub async fn insert_read_run(&mut self, run: &ReadRun) -> Result<(), StoreError> {
        todo!()
    }

    /// Writes how a run ended: every field of `run` but its start.
    pub async fn finish_read_run(&mut self, run: &ReadRun) -> Result<(), StoreError> {
        todo!()
    }

    /// Keeps problems of a run, up to [`READ_PROBLEMS_KEPT`] for the run; the rest is dropped.
    pub async fn insert_read_problems(
        &mut self,
        run: ReadRunId,
        problems: &[ReadProblem],
    ) -> Result<(), StoreError> {
        todo!()
    }

    /// Removes runs, with their problems, that are neither the latest nor the latest complete one of their thing and ended before `before`.
    pub async fn prune_read_runs(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        todo!()
    }
}
