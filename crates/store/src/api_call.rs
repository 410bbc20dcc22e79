//! Calls that a client may send again: what they were, and what was answered.

use jiff::Timestamp;

use crate::{ReadTx, StoreError, Tx, column::row, statement::args};

/// A call under a key that its client chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiCall {
    /// Tells this call from another one under the same key.
    pub fingerprint: Vec<u8>,
    /// When it began.
    pub begun_at: Timestamp,
    /// The HTTP status, once it was answered.
    pub status: Option<i64>,
    /// The answer's body, once it was answered.
    pub answer: Option<Vec<u8>>,
}

row!(ApiCall { fingerprint, begun_at, status, answer });

impl ReadTx {
    /// The call of this client under this key.
    pub async fn api_call(
        &mut self,
        client: i64,
        key: &str,
    ) -> Result<Option<ApiCall>, StoreError> {
        let sql = "SELECT fingerprint, begun_at, status, answer FROM api_call
                   WHERE client = $1 AND call_key = $2";
        self.fetch_one(sql, args![client, key]).await
    }
}

impl Tx {
    /// Notes that a call begins; false when there is one under this key that began at or after `since`.
    pub async fn begin_api_call(
        &mut self,
        client: i64,
        key: &str,
        fingerprint: &[u8],
        at: Timestamp,
        since: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "INSERT INTO api_call (client, call_key, fingerprint, begun_at)
                   VALUES ($1, $2, $3, $4)
                   ON CONFLICT (client, call_key) DO UPDATE SET fingerprint = excluded.fingerprint,
                     begun_at = excluded.begun_at, status = NULL, answer = NULL
                   WHERE api_call.begun_at < $5";
        Ok(self.execute(sql, args![client, key, fingerprint, at, since]).await? > 0)
    }

    /// Keeps what a call was answered.
    pub async fn answer_api_call(
        &mut self,
        client: i64,
        key: &str,
        status: i64,
        answer: &[u8],
    ) -> Result<(), StoreError> {
        let sql =
            "UPDATE api_call SET status = $3, answer = $4 WHERE client = $1 AND call_key = $2";
        self.execute(sql, args![client, key, status, answer]).await.map(drop)
    }

    /// Forgets a call, so that it may be made again under the same key.
    pub async fn forget_api_call(&mut self, client: i64, key: &str) -> Result<(), StoreError> {
        let sql = "DELETE FROM api_call WHERE client = $1 AND call_key = $2";
        self.execute(sql, args![client, key]).await.map(drop)
    }

    /// Forgets calls that began before an instant.
    pub async fn forget_api_calls(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        self.execute("DELETE FROM api_call WHERE begun_at < $1", args![before]).await
    }
}
