//! How far each webhook has come in the journal, and how it is.

use jiff::Timestamp;
use muster_model::Text;

use crate::{ReadTx, StoreError, Tx, column::row, statement::args};

/// The state of a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WebhookState {
    /// Its name in the model.
    pub name: Text,
    /// The place in the journal up to which everything was delivered or passed over.
    pub cursor: i64,
    /// Failures in a row.
    pub failures: u32,
    /// Since when it fails.
    pub failing_since: Option<Timestamp>,
    /// When it is tried again.
    pub next_try: Option<Timestamp>,
    /// Since when nothing is sent any more.
    pub disabled_at: Option<Timestamp>,
    /// What went wrong last.
    pub reason: Option<Text>,
}

row!(WebhookState { name, cursor, failures, failing_since, next_try, disabled_at, reason });

impl ReadTx {
    /// The state of a webhook; `None` before it was first looked at.
    pub async fn webhook(&mut self, name: &str) -> Result<Option<WebhookState>, StoreError> {
        let sql = "SELECT name, place, failures, failing_since, next_try, disabled_at, reason
                   FROM webhook WHERE name = $1";
        self.fetch_one(sql, args![name]).await
    }

    /// The place of the last entry of the journal; 0 when there is none.
    pub async fn journal_end(&mut self) -> Result<i64, StoreError> {
        self.fetch_value("SELECT seq FROM journal_head WHERE id = 1", args![]).await
    }
}

impl Tx {
    /// Keeps the state of a webhook.
    pub async fn save_webhook(&mut self, state: &WebhookState) -> Result<(), StoreError> {
        let sql = "INSERT INTO webhook
                       (name, place, failures, failing_since, next_try, disabled_at, reason)
                   VALUES ($1, $2, $3, $4, $5, $6, $7)
                   ON CONFLICT (name) DO UPDATE SET
                       place = excluded.place, failures = excluded.failures,
                       failing_since = excluded.failing_since, next_try = excluded.next_try,
                       disabled_at = excluded.disabled_at, reason = excluded.reason";
        let WebhookState { name, cursor, failures, failing_since, next_try, disabled_at, reason } =
            state;
        let args = args![name, *cursor, *failures, *failing_since, *next_try, *disabled_at, reason];
        self.execute(sql, args).await.map(drop)
    }
}
