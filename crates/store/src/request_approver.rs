//! Who may decide about a request at the stage at which it is.

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

row!(RequestApprover { request, entity, role });

const INSERT: Insert = insert_into!("request_approver", "request", "entity", "role");

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
}
