//! Work that takes long, asked for over the API: who does it, and what came of it.

use jiff::Timestamp;
use muster_model::Text;

use crate::{ReadTx, StoreError, Tx, column::row, statement::args};

/// A piece of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Which one; from [`Tx::take_ids`].
    pub id: i64,
    /// The client that asked.
    pub client: i64,
    /// What is done: `sync`, `plan`, `apply`.
    pub kind: Text,
    /// The process that does it.
    pub process: Text,
    /// Who asked.
    pub actor: Text,
    /// Joins it with its journal entries.
    pub correlation: Text,
    /// When it began.
    pub begun_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The HTTP status that it would have had as an answer, once it ended.
    pub status: Option<i64>,
    /// What came of it, once it ended.
    pub answer: Option<Vec<u8>>,
}

row!(Job { id, client, kind, process, actor, correlation, begun_at, ended_at, status, answer });

impl ReadTx {
    /// The job with this id.
    pub async fn job(&mut self, id: i64) -> Result<Option<Job>, StoreError> {
        let sql = "SELECT id, client, kind, process, actor, correlation, begun_at, ended_at, status, answer
                   FROM job WHERE id = $1";
        self.fetch_one(sql, args![id]).await
    }

    /// Jobs before an id, the newest first, at most `limit`.
    pub async fn jobs(
        &mut self,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Job>, StoreError> {
        let sql = "SELECT id, client, kind, process, actor, correlation, begun_at, ended_at, status, answer
                   FROM job WHERE id < $1 ORDER BY id DESC LIMIT $2";
        self.fetch_all(sql, args![before.unwrap_or(i64::MAX), limit]).await
    }
}

impl Tx {
    /// Writes a job that begins.
    pub async fn insert_job(&mut self, job: &Job) -> Result<(), StoreError> {
        let Job {
            id,
            client,
            kind,
            process,
            actor,
            correlation,
            begun_at,
            ended_at,
            status,
            answer,
        } = job;
        let sql = "INSERT INTO job (id, client, kind, process, actor, correlation, begun_at, ended_at, \
                   status, answer) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let answer = answer.as_deref();
        let args = args![
            *id,
            *client,
            kind,
            process,
            actor,
            correlation,
            *begun_at,
            *ended_at,
            *status,
            answer
        ];
        self.execute(sql, args).await.map(drop)
    }

    /// Writes down what came of a job.
    pub async fn end_job(
        &mut self,
        id: i64,
        at: Timestamp,
        status: i64,
        answer: &[u8],
    ) -> Result<(), StoreError> {
        let sql = "UPDATE job SET ended_at = $2, status = $3, answer = $4 WHERE id = $1";
        self.execute(sql, args![id, at, status, answer]).await.map(drop)
    }
}
