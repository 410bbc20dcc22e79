//! How each system is: paused by a person, in quarantine after failures.

use jiff::Timestamp;
use muster_model::Text;

use crate::{Number, ReadTx, StoreError, Tx, column::row, statement::args};

/// The state of a system that is not simply well. A system without a row is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SystemHealth {
    /// Which one.
    pub system_no: Number,
    /// Since when a person keeps it from being worked with.
    pub paused_at: Option<Timestamp>,
    /// Who.
    pub paused_by: Option<Text>,
    /// Why.
    pub pause_reason: Option<Text>,
    /// Since when it is in quarantine.
    pub ill_since: Option<Timestamp>,
    /// What it said last.
    pub reason: Option<Text>,
    /// How often in a row it failed.
    pub failures: u32,
    /// When it is tried again.
    pub next_probe: Option<Timestamp>,
}

row!(SystemHealth {
    system_no,
    paused_at,
    paused_by,
    pause_reason,
    ill_since,
    reason,
    failures,
    next_probe
});

impl ReadTx {
    /// The systems that are not simply well, in order of number.
    pub async fn system_health(&mut self) -> Result<Vec<SystemHealth>, StoreError> {
        let sql =
            "SELECT system_no, paused_at, paused_by, pause_reason, ill_since, reason, failures,
                          next_probe
                   FROM system_health ORDER BY system_no";
        self.fetch_all(sql, args![]).await
    }
}

impl Tx {
    /// Replaces what is known of a system's state.
    pub async fn save_system_health(&mut self, health: &SystemHealth) -> Result<(), StoreError> {
        let sql = "INSERT INTO system_health (system_no, paused_at, paused_by, pause_reason,
                       ill_since, reason, failures, next_probe)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                   ON CONFLICT (system_no) DO UPDATE SET
                       paused_at = excluded.paused_at, paused_by = excluded.paused_by,
                       pause_reason = excluded.pause_reason, ill_since = excluded.ill_since,
                       reason = excluded.reason, failures = excluded.failures,
                       next_probe = excluded.next_probe";
        let SystemHealth {
            system_no,
            paused_at,
            paused_by,
            pause_reason,
            ill_since,
            reason,
            failures,
            next_probe,
        } = health;
        let args = args![
            *system_no,
            *paused_at,
            paused_by,
            pause_reason,
            *ill_since,
            reason,
            *failures,
            *next_probe
        ];
        self.execute(sql, args).await.map(drop)
    }
}
