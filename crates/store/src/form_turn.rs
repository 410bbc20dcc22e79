//! Whose turn it is with a draft of a form, and mails about drafts that have to be sent.

use jiff::Timestamp;
use muster_model::{EntityId, Text};

use crate::{
    ReadTx, StoreError, Tx,
    column::row,
    statement::{Insert, args, bind, insert_into},
};

/// Somebody who may work on a draft.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FormTurn {
    /// On which one.
    pub draft: i64,
    /// The person; 0 for whoever has `role`.
    pub entity: EntityId,
    /// The role; empty for a person.
    pub role: Text,
}

/// A mail about a draft that has to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormNotice {
    /// Which one; from [`Tx::take_ids`].
    pub id: i64,
    /// About which draft.
    pub draft: i64,
    /// To whom.
    pub addressee: EntityId,
    /// What it says, in a word.
    pub what: Text,
    /// How often it was tried.
    pub tries: i64,
    /// When it is tried next.
    pub next_try: Timestamp,
}

row!(FormNotice { id, draft, addressee, what, tries, next_try });

const INSERT: Insert = insert_into!("form_turn", "draft", "entity", "role");

const INSERT_NOTICE: Insert =
    insert_into!("form_notice", "id", "draft", "addressee", "what", "tries", "next_try");

impl ReadTx {
    /// Mails that are due at `now`, the one that waits longest first.
    pub async fn due_form_notices(
        &mut self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<FormNotice>, StoreError> {
        let sql = "SELECT id, draft, addressee, what, tries, next_try FROM form_notice
                   WHERE next_try <= $1 ORDER BY next_try, id LIMIT $2";
        self.fetch_all(sql, args![now, limit]).await
    }
}

impl Tx {
    /// Says whose turn it is with a draft from now on: these and nobody else.
    pub async fn set_form_turns(
        &mut self,
        draft: i64,
        turns: &[FormTurn],
    ) -> Result<(), StoreError> {
        self.execute("DELETE FROM form_turn WHERE draft = $1", args![draft]).await?;
        self.insert_many(&INSERT, turns, |turn, args| {
            let FormTurn { draft, entity, role } = turn;
            bind!(args, *draft, *entity, role);
        })
        .await
    }

    /// Adds mails that have to be sent.
    pub async fn insert_form_notices(&mut self, notices: &[FormNotice]) -> Result<(), StoreError> {
        self.insert_many(&INSERT_NOTICE, notices, |notice, args| {
            let FormNotice { id, draft, addressee, what, tries, next_try } = notice;
            bind!(args, *id, *draft, *addressee, what, *tries, *next_try);
        })
        .await
    }

    /// Takes a mail in hand until `next_try`. False when somebody else did.
    pub async fn take_form_notice(
        &mut self,
        notice: &FormNotice,
        next_try: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE form_notice SET tries = tries + 1, next_try = $3
                   WHERE id = $1 AND next_try = $2";
        Ok(self.execute(sql, args![notice.id, notice.next_try, next_try]).await? > 0)
    }

    /// Forgets a mail that was sent or never will be.
    pub async fn delete_form_notice(&mut self, id: i64) -> Result<(), StoreError> {
        self.execute("DELETE FROM form_notice WHERE id = $1", args![id]).await.map(drop)
    }
}
