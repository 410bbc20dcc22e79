//! What happened to people after which a review asks about what they hold.

use jiff::Timestamp;
use muster_model::{AccountId, EntityId, Text};

use crate::{
    ReadTx, StoreError, Tx,
    column::row,
    statement::{Insert, args, bind, insert_into},
};

/// Something that happened to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewEvent {
    /// Which one; from [`Tx::take_ids`].
    pub id: i64,
    /// The review that asks.
    pub review: Text,
    /// What happened: `moved`, `outside`, `dormant`, `request`.
    pub cause: Text,
    /// To whom.
    pub entity: EntityId,
    /// On which account; `None` when it is about all that somebody holds.
    pub account: Option<AccountId>,
    /// What it is about: an entitlement as `system.kind:name`, a role; empty for all of the account.
    pub thing: Text,
    /// What happened, for people.
    pub note: Text,
    /// When it was seen, or from when on it is to be asked about.
    pub at: Timestamp,
}

row!(ReviewEvent { id, review, cause, entity, account, thing, note, at });

const INSERT: Insert = insert_into!(
    "review_event",
    "id",
    "review",
    "cause",
    "entity",
    "account",
    "thing",
    "note",
    "at"
);

impl ReadTx {
    /// What happened after which a review asks and whose time came, the oldest first, at most `limit`.
    pub async fn review_events(
        &mut self,
        (review, cause): (&str, &str),
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<ReviewEvent>, StoreError> {
        let sql = "SELECT id, review, cause, entity, account, thing, note, at FROM review_event
                   WHERE review = $1 AND cause = $2 AND at <= $3 ORDER BY at, id LIMIT $4";
        self.fetch_all(sql, args![review, cause, now, limit]).await
    }

    /// What happened to an identity and was not looked at, in order.
    pub async fn review_events_about(
        &mut self,
        entity: EntityId,
    ) -> Result<Vec<ReviewEvent>, StoreError> {
        let sql = "SELECT id, review, cause, entity, account, thing, note, at FROM review_event
                   WHERE entity = $1 ORDER BY id";
        self.fetch_all(sql, args![entity]).await
    }
}

impl Tx {
    /// Notes what happened.
    pub async fn insert_review_events(&mut self, events: &[ReviewEvent]) -> Result<(), StoreError> {
        self.insert_many(&INSERT, events, |event, args| {
            let ReviewEvent { id, review, cause, entity, account, thing, note, at } = event;
            bind!(args, *id, review, cause, *entity, *account, thing, note, *at);
        })
        .await
    }

    /// Forgets what was looked at. False when somebody else did so with one of them before.
    pub async fn delete_review_events(&mut self, ids: &[i64]) -> Result<bool, StoreError> {
        let sql = "DELETE FROM review_event WHERE id = $1";
        let gone = self.execute_each(sql, ids, |id, args| bind!(args, *id)).await?;
        Ok(gone.iter().all(|n| *n > 0))
    }
}
