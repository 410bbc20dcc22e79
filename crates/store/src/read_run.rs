//! Runs of reads: when a system was read, how it went, and what was wrong with its objects.

use jiff::Timestamp;
use muster_model::Text;

use crate::{
    Number, ReadTx, StoreError, Tx,
    arg::Arg,
    column::{BadColumn, Columns, FromRow, row},
    statement::{Insert, args, bind, insert_into},
};

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
    /// True when it saw what changed since the one before, and nothing else.
    pub incremental: bool,
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

row!(ReadProblem { place, problem });

impl FromRow for ReadRun {
    fn from_row(row: &mut Columns<'_>) -> Result<Self, BadColumn> {
        Ok(Self {
            id: row.take()?,
            system_no: row.take()?,
            what: row.take()?,
            started_at: row.take()?,
            ended_at: row.take()?,
            complete: row.take()?,
            incremental: row.take()?,
            counts: ReadCounts {
                n_objects: row.take()?,
                n_new: row.take()?,
                n_changed: row.take()?,
                n_absent: row.take()?,
                n_bad: row.take()?,
            },
            cursor: row.take()?,
            problem: row.take()?,
        })
    }
}

/// The columns of [`ReadRun`], in its order.
macro_rules! select_read_run {
    ($rest:literal) => {
        concat!(
            "SELECT id, system_no, what, started_at, ended_at, complete, incremental, n_objects, n_new, n_changed, \
             n_absent, n_bad, resume_from, problem FROM read_run ",
            $rest
        )
    };
}

const INSERT_PROBLEMS: Insert = insert_into!("read_problem", "run", "seq", "place", "problem");

impl ReadTx {
    /// The run with this id.
    pub async fn read_run(&mut self, id: ReadRunId) -> Result<Option<ReadRun>, StoreError> {
        self.fetch_one(select_read_run!("WHERE id = $1"), args![id]).await
    }

    /// The latest run of each thing read of a system, by `what`.
    pub async fn latest_read_runs(
        &mut self,
        system_no: Number,
    ) -> Result<Vec<ReadRun>, StoreError> {
        let sql = select_read_run!(
            "WHERE id IN (SELECT MAX(id) FROM read_run WHERE system_no = $1 GROUP BY what) \
             ORDER BY what"
        );
        self.fetch_all(sql, args![system_no]).await
    }

    /// The latest run of one thing that ended complete.
    pub async fn latest_complete_read(
        &mut self,
        system_no: Number,
        what: &str,
    ) -> Result<Option<ReadRun>, StoreError> {
        let sql = select_read_run!(
            "WHERE system_no = $1 AND what = $2 AND complete AND ended_at IS NOT NULL \
             ORDER BY id DESC LIMIT 1"
        );
        self.fetch_one(sql, args![system_no, what]).await
    }

    /// The problems kept of a run, in the order met.
    pub async fn read_problems(&mut self, run: ReadRunId) -> Result<Vec<ReadProblem>, StoreError> {
        let sql = "SELECT place, problem FROM read_problem WHERE run = $1 ORDER BY seq";
        self.fetch_all(sql, args![run]).await
    }
}

impl Tx {
    /// Writes a run that begins.
    pub async fn insert_read_run(&mut self, run: &ReadRun) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO read_run (id, system_no, what, started_at, ended_at, complete, incremental,
                       n_objects, n_new, n_changed, n_absent, n_bad, resume_from, problem)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
        self.execute(sql, &values(run)).await.map(drop)
    }

    /// Writes how a run ended: every field of `run` but its start.
    pub async fn finish_read_run(&mut self, run: &ReadRun) -> Result<(), StoreError> {
        let sql = "UPDATE read_run
                   SET system_no = $2, what = $3, started_at = $4, ended_at = $5, complete = $6,
                       incremental = $7, n_objects = $8, n_new = $9, n_changed = $10, n_absent = $11,
                       n_bad = $12, resume_from = $13, problem = $14
                   WHERE id = $1";
        match self.execute(sql, &values(run)).await? {
            0 => Err(StoreError::Missing { table: "read_run", row: run.id.0.to_string() }),
            _ => Ok(()),
        }
    }

    /// Keeps problems of a run, up to [`READ_PROBLEMS_KEPT`] for the run; the rest is dropped.
    pub async fn insert_read_problems(
        &mut self,
        run: ReadRunId,
        problems: &[ReadProblem],
    ) -> Result<(), StoreError> {
        let sql = "SELECT COUNT(*) FROM read_problem WHERE run = $1";
        let n_kept: u64 = self.fetch_value(sql, args![run]).await?;
        let room = READ_PROBLEMS_KEPT.saturating_sub(usize::try_from(n_kept).unwrap_or(usize::MAX));
        let numbered: Vec<(u64, &ReadProblem)> = (n_kept + 1..).zip(problems).take(room).collect();
        self.insert_many(&INSERT_PROBLEMS, &numbered, |(seq, problem), args| {
            let ReadProblem { place, problem } = problem;
            bind!(args, run, *seq, place, problem);
        })
        .await
    }

    /// Removes runs, with their problems, that are neither the latest nor the latest complete one of their thing and ended before `before`.
    pub async fn prune_read_runs(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        let runs = "DELETE FROM read_run
                    WHERE ended_at < $1
                      AND id NOT IN (SELECT MAX(id) FROM read_run GROUP BY system_no, what)
                      AND id NOT IN (SELECT MAX(id) FROM read_run
                                     WHERE complete AND ended_at IS NOT NULL
                                     GROUP BY system_no, what)";
        let n_runs = self.execute(runs, args![before]).await?;
        let problems = "DELETE FROM read_problem WHERE run NOT IN (SELECT id FROM read_run)";
        self.execute(problems, args![]).await?;
        Ok(n_runs)
    }
}

fn values(run: &ReadRun) -> Vec<Arg<'_>> {
    let ReadRun {
        id,
        system_no,
        what,
        started_at,
        ended_at,
        complete,
        incremental,
        counts,
        cursor,
        problem,
    } = run;
    let ReadCounts { n_objects, n_new, n_changed, n_absent, n_bad } = *counts;
    let mut args = Vec::new();
    bind!(args, *id, *system_no, what, *started_at, *ended_at, *complete, *incremental);
    bind!(args, n_objects, n_new, n_changed, n_absent, n_bad, cursor, problem);
    args
}
