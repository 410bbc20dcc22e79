//! Who may decide about a request at the stage at which it is, and mails about requests that have to be sent.

use jiff::Timestamp;
use muster_model::{EntityId, Text};

use crate::{
    ReadTx, StoreError, Tx,
    column::row,
    statement::{Insert, args, bind, insert_into},
};

/// Somebody who may decide about a request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestApprover {
    /// About which one.
    pub request: i64,
    /// The person; 0 for whoever has `role`.
    pub entity: EntityId,
    /// The role; empty for a person.
    pub role: Text,
}

/// A mail about a request that has to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestNotice {
    /// Which one; from [`Tx::take_ids`].
    pub id: i64,
    /// About which request.
    pub request: i64,
    /// To whom.
    pub entity: EntityId,
    /// What it says, in a word.
    pub what: Text,
    /// How often it was tried.
    pub tries: i64,
    /// When it is tried next.
    pub next_try: Timestamp,
}

row!(RequestApprover { request, entity, role });
row!(RequestNotice { id, request, entity, what, tries, next_try });

const INSERT: Insert = insert_into!("request_approver", "request", "entity", "role");

const INSERT_NOTICE: Insert =
    insert_into!("request_notice", "id", "request", "entity", "what", "tries", "next_try");

impl ReadTx {
    /// Who may decide about a request now.
    pub async fn request_approvers(
        &mut self,
        request: i64,
    ) -> Result<Vec<RequestApprover>, StoreError> {
        let sql = "SELECT request, entity, role FROM request_approver
                   WHERE request = $1 ORDER BY entity, role";
        self.fetch_all(sql, args![request]).await
    }

    /// Mails that are due at `now`, the one that waits longest first.
    pub async fn due_request_notices(
        &mut self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<RequestNotice>, StoreError> {
        let sql = "SELECT id, request, entity, what, tries, next_try FROM request_notice
                   WHERE next_try <= $1 ORDER BY next_try, id LIMIT $2";
        self.fetch_all(sql, args![now, limit]).await
    }
}

impl Tx {
    /// Says who may decide about a request from now on: these and nobody else.
    pub async fn set_request_approvers(
        &mut self,
        request: i64,
        approvers: &[RequestApprover],
    ) -> Result<(), StoreError> {
        self.execute("DELETE FROM request_approver WHERE request = $1", args![request]).await?;
        self.insert_many(&INSERT, approvers, |approver, args| {
            let RequestApprover { request, entity, role } = approver;
            bind!(args, *request, *entity, role);
        })
        .await
    }

    /// Adds mails that have to be sent.
    pub async fn insert_request_notices(
        &mut self,
        notices: &[RequestNotice],
    ) -> Result<(), StoreError> {
        self.insert_many(&INSERT_NOTICE, notices, |notice, args| {
            let RequestNotice { id, request, entity, what, tries, next_try } = notice;
            bind!(args, *id, *request, *entity, what, *tries, *next_try);
        })
        .await
    }

    /// Notes that a mail was tried and when it is tried again.
    pub async fn retry_request_notice(
        &mut self,
        id: i64,
        next_try: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE request_notice SET tries = tries + 1, next_try = $2 WHERE id = $1";
        self.execute(sql, args![id, next_try]).await.map(drop)
    }

    /// Forgets a mail that was sent or never will be. False when it is gone already.
    pub async fn delete_request_notice(&mut self, id: i64) -> Result<bool, StoreError> {
        Ok(self.execute("DELETE FROM request_notice WHERE id = $1", args![id]).await? > 0)
    }
}
