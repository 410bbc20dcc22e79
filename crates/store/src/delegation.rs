//! Who decides in whose place for a time.

use jiff::Timestamp;
use muster_model::{EntityId, Text};

use crate::{ReadTx, StoreError, Tx, column::row, statement::args};

/// Somebody lets somebody else decide in their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    /// Which one; from [`Tx::take_ids`].
    pub id: i64,
    /// Whose decisions.
    pub giver: EntityId,
    /// Who takes them.
    pub delegate: EntityId,
    /// From when.
    pub valid_from: Timestamp,
    /// Until when.
    pub valid_until: Timestamp,
    /// Why; may be empty.
    pub reason: Text,
    /// When it was made.
    pub made_at: Timestamp,
    /// By whom, as the journal names them.
    pub made_by: Text,
    /// When it was taken back.
    pub ended_at: Option<Timestamp>,
}

row!(Delegation {
    id,
    giver,
    delegate,
    valid_from,
    valid_until,
    reason,
    made_at,
    made_by,
    ended_at
});

/// The columns of [`Delegation`], in its order.
macro_rules! select_delegation {
    ($rest:literal) => {
        concat!(
            "SELECT id, giver, delegate, valid_from, valid_until, reason, made_at, made_by, \
             ended_at FROM delegation ",
            $rest
        )
    };
}

impl ReadTx {
    /// In whose place somebody decides at `at`, by number.
    pub async fn delegations_to(
        &mut self,
        delegate: EntityId,
        at: Timestamp,
    ) -> Result<Vec<Delegation>, StoreError> {
        let sql = select_delegation!(
            "WHERE delegate = $1 AND valid_from <= $2 AND valid_until > $2 AND ended_at IS NULL \
             ORDER BY id"
        );
        self.fetch_all(sql, args![delegate, at]).await
    }

    /// The delegations that somebody gave and that are neither over at `at` nor taken back, by number.
    pub async fn delegations_from(
        &mut self,
        giver: EntityId,
        at: Timestamp,
    ) -> Result<Vec<Delegation>, StoreError> {
        let sql = select_delegation!(
            "WHERE giver = $1 AND valid_until > $2 AND ended_at IS NULL ORDER BY id"
        );
        self.fetch_all(sql, args![giver, at]).await
    }
}

impl Tx {
    /// Writes a new delegation.
    pub async fn insert_delegation(&mut self, delegation: &Delegation) -> Result<(), StoreError> {
        let sql = "INSERT INTO delegation (id, giver, delegate, valid_from, valid_until, reason,
                                           made_at, made_by, ended_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let Delegation {
            id,
            giver,
            delegate,
            valid_from,
            valid_until,
            reason,
            made_at,
            made_by,
            ended_at,
        } = delegation;
        let args = args![
            *id,
            *giver,
            *delegate,
            *valid_from,
            *valid_until,
            reason,
            *made_at,
            made_by,
            *ended_at
        ];
        self.execute(sql, args).await.map(drop)
    }

    /// Takes a delegation of `giver` back. False when there is none of this number that holds or will.
    pub async fn end_delegation(
        &mut self,
        id: i64,
        giver: EntityId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE delegation SET ended_at = $3
                   WHERE id = $1 AND giver = $2 AND ended_at IS NULL AND valid_until > $3";
        Ok(self.execute(sql, args![id, giver, at]).await? > 0)
    }
}
