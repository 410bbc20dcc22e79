//! How big the store is.

use std::collections::BTreeMap;

use crate::{ReadTx, StoreError, statement::args};

/// Every table with the statement that counts it.
macro_rules! counts {
    ($($table:literal),+ $(,)?) => {
        &[$(($table, concat!("SELECT COUNT(*) FROM ", $table))),+]
    };
}

const COUNTS: &[(&str, &str)] = counts!(
    "account",
    "account_history",
    "account_use",
    "alarm",
    "application_secret",
    "application_session",
    "applied_change",
    "assignment",
    "campaign",
    "campaign_aside",
    "change_set",
    "change_set_body",
    "client",
    "client_token",
    "conflict_exception",
    "consent",
    "decision_link",
    "delegation",
    "dictionary",
    "drift",
    "entitlement",
    "entitlement_nesting",
    "entity",
    "entity_history",
    "evaluation",
    "form_draft",
    "form_event",
    "form_turn",
    "former_password",
    "guest",
    "guest_application",
    "handle",
    "held_role",
    "journal",
    "journal_checkpoint",
    "journal_export",
    "journal_key",
    "known_browser",
    "lease",
    "link",
    "lockout",
    "logout_notice",
    "mail_factor",
    "mailed_code",
    "match_case",
    "match_decision",
    "merged_entity",
    "notice",
    "notice_choice",
    "operation",
    "operation_review",
    "orphan_decision",
    "passkey",
    "passkey_challenge",
    "password",
    "pending_link",
    "plan",
    "read_mapping",
    "read_problem",
    "read_run",
    "record",
    "recovery_code",
    "request",
    "request_approver",
    "request_event",
    "request_stage",
    "review_answer",
    "review_decision",
    "review_event",
    "review_item",
    "review_watch",
    "revision",
    "session",
    "sign_in",
    "sign_in_flow",
    "signing_key",
    "temporary_pass",
    "totp",
    "unique_value",
    "workflow_event",
    "workflow_run",
    "workflow_task",
    "workflow_watch",
);

/// Sizes of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statistics {
    /// The whole database in bytes.
    pub n_bytes: u64,
    /// Rows by table.
    pub rows: BTreeMap<String, u64>,
}

impl ReadTx {
    /// Measures the store. Counts every row, so it takes a moment on a big one.
    pub async fn statistics(&mut self) -> Result<Statistics, StoreError> {
        let n_bytes = self.fetch_value(self.dialect().size(), args![]).await?;
        let mut rows = BTreeMap::new();
        for (table, sql) in COUNTS {
            rows.insert((*table).to_owned(), self.fetch_value(sql, args![]).await?);
        }
        Ok(Statistics { n_bytes, rows })
    }
}
