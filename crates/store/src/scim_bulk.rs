//! Bulk requests of SCIM clients that are answered later, and what came of each operation.
//!
//! A request stays until it is done; a result is written in the transaction of the change that it tells of, so after a
//! death whatever has no result was not done. Results are kept for a while.

use jiff::Timestamp;
use muster_model::Text;

use crate::{
    ReadTx, StoreError, Tx,
    column::row,
    statement::{args, bind},
};

/// A request that is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScimBulk {
    /// The job that stands for it.
    pub job: i64,
    /// The client that sent it.
    pub client: i64,
    /// The address of the service as the client knows it.
    pub base: Text,
    /// For whom the client acts.
    pub on_behalf_of: Option<Text>,
    /// How many operations it has.
    pub n_operations: i64,
    /// A JSON document; never looked into here.
    pub request: Vec<u8>,
}

/// What came of one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScimBulkResult {
    /// The job that stands for the request.
    pub job: i64,
    /// The operation's place in the request; 0 is the first.
    pub place: i64,
    /// A JSON object; never looked into here.
    pub body: Text,
    /// A JSON object that has to be added to its resource later.
    pub cut: Option<Text>,
}

row!(ScimBulk { job, client, base, on_behalf_of, n_operations, request });
row!(ScimBulkResult { job, place, body, cut });

impl ReadTx {
    /// The job of the oldest request that is not done.
    pub async fn oldest_scim_bulk(&mut self) -> Result<Option<i64>, StoreError> {
        self.fetch_one("SELECT job FROM scim_bulk ORDER BY job LIMIT 1", args![]).await
    }

    /// The request of a job, if it is not done.
    pub async fn scim_bulk(&mut self, job: i64) -> Result<Option<ScimBulk>, StoreError> {
        let sql = "SELECT job, client, base, on_behalf_of, n_operations, request
                   FROM scim_bulk WHERE job = $1";
        self.fetch_one(sql, args![job]).await
    }

    /// How many operations of a client are in requests that are not done.
    pub async fn waiting_in_scim_bulks(&mut self, client: i64) -> Result<u64, StoreError> {
        let sql = "SELECT CAST(COALESCE(SUM(n_operations), 0) AS BIGINT)
                   FROM scim_bulk WHERE client = $1";
        self.fetch_value(sql, args![client]).await
    }

    /// How many operations of a request have a result.
    pub async fn count_scim_bulk_results(&mut self, job: i64) -> Result<u64, StoreError> {
        let sql = "SELECT COUNT(*) FROM scim_bulk_result WHERE job = $1";
        self.fetch_value(sql, args![job]).await
    }

    /// What came of the operation at a place.
    pub async fn scim_bulk_result(
        &mut self,
        job: i64,
        place: i64,
    ) -> Result<Option<ScimBulkResult>, StoreError> {
        let sql = "SELECT job, place, body, cut FROM scim_bulk_result
                   WHERE job = $1 AND place = $2";
        self.fetch_one(sql, args![job, place]).await
    }

    /// Results in order of place, at most `limit`, without the first `skip`.
    pub async fn scim_bulk_results(
        &mut self,
        job: i64,
        skip: usize,
        limit: usize,
    ) -> Result<Vec<ScimBulkResult>, StoreError> {
        let sql = "SELECT job, place, body, cut FROM scim_bulk_result
                   WHERE job = $1 ORDER BY place LIMIT $2 OFFSET $3";
        self.fetch_all(sql, args![job, limit, skip]).await
    }
}

impl Tx {
    /// Keeps a request until it is done.
    pub async fn insert_scim_bulk(&mut self, bulk: &ScimBulk) -> Result<(), StoreError> {
        let ScimBulk { job, client, base, on_behalf_of, n_operations, request } = bulk;
        let sql = "INSERT INTO scim_bulk (job, client, base, on_behalf_of, n_operations, request)
                   VALUES ($1, $2, $3, $4, $5, $6)";
        let request = request.as_slice();
        let args = args![*job, *client, base, on_behalf_of, *n_operations, request];
        self.execute(sql, args).await.map(drop)
    }

    /// Notes that from now on this process works off whatever is not done.
    pub async fn adopt_scim_bulks(&mut self, process: &str) -> Result<(), StoreError> {
        let sql = "UPDATE job SET process = $1 WHERE id IN (SELECT job FROM scim_bulk)";
        self.execute(sql, args![process]).await.map(drop)
    }

    /// Forgets a request that is done; its results stay.
    pub async fn forget_scim_bulk(&mut self, job: i64) -> Result<(), StoreError> {
        self.execute("DELETE FROM scim_bulk WHERE job = $1", args![job]).await.map(drop)
    }

    /// Forgets jobs of this kind that ended before an instant, the oldest first, at most `limit`, and the results of their
    /// operations. How many they were.
    pub async fn forget_scim_bulk_results(
        &mut self,
        kind: &str,
        before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let sql = "SELECT id FROM job WHERE kind = $1 AND ended_at < $2 ORDER BY ended_at LIMIT $3";
        let jobs: Vec<i64> = self.fetch_all(sql, args![kind, before, limit]).await?;
        let sql = "DELETE FROM scim_bulk_result WHERE job = $1";
        self.execute_each(sql, &jobs, |job, args| bind!(args, *job)).await?;
        let sql = "DELETE FROM job WHERE id = $1";
        self.execute_each(sql, &jobs, |job, args| bind!(args, *job)).await?;
        Ok(jobs.len())
    }

    /// Writes down what came of operations. [`StoreError::Exists`] when one of them has a result already.
    pub async fn insert_scim_bulk_results(
        &mut self,
        results: &[ScimBulkResult],
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO scim_bulk_result (job, place, body, cut) VALUES ($1, $2, $3, $4)";
        let inserted = self.execute_each(sql, results, |result, args| {
            let ScimBulkResult { job, place, body, cut } = result;
            bind!(args, *job, *place, body, cut);
        });
        inserted.await.map(drop)
    }

    /// Writes down that what was cut off an operation has been added, or could not be. False when it was written down
    /// before.
    pub async fn close_scim_bulk_result(
        &mut self,
        result: &ScimBulkResult,
    ) -> Result<bool, StoreError> {
        let ScimBulkResult { job, place, body, cut } = result;
        let sql = "UPDATE scim_bulk_result SET body = $3, cut = $4
                   WHERE job = $1 AND place = $2 AND cut IS NOT NULL";
        Ok(self.execute(sql, args![*job, *place, body, cut]).await? > 0)
    }
}
