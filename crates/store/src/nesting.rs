//! Entitlements in entitlements: whoever holds the inner one holds the outer one too.

use crate::{
    EntitlementId, Number, ReadTx, StoreError, Tx,
    column::row,
    statement::{Insert, args, bind, insert_into},
};

/// An entitlement that brings another one with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nesting {
    /// What is held through the inner one.
    pub outer: EntitlementId,
    /// What is held directly.
    pub inner: EntitlementId,
}

row!(Nesting { outer, inner });

const INSERT: Insert = insert_into!("entitlement_nesting", "outer_id", "inner_id");

impl ReadTx {
    /// What the entitlements of a kind hold of each other, in order.
    pub async fn nestings(&mut self, kind_no: Number) -> Result<Vec<Nesting>, StoreError> {
        let sql = "SELECT n.outer_id, n.inner_id
                   FROM entitlement_nesting n JOIN entitlement e ON e.id = n.outer_id
                   WHERE e.kind_no = $1 ORDER BY n.outer_id, n.inner_id";
        self.fetch_all(sql, args![kind_no]).await
    }

    /// What these entitlements hold directly, in their order.
    pub async fn nestings_in(
        &mut self,
        outer: &[EntitlementId],
    ) -> Result<Vec<Nesting>, StoreError> {
        let sql = "SELECT outer_id, inner_id FROM entitlement_nesting
                   WHERE outer_id = $1 ORDER BY inner_id";
        self.fetch_all_of_each(sql, outer, |id, args| bind!(args, *id)).await
    }
}

impl Tx {
    /// Writes new nestings.
    pub async fn insert_nestings(&mut self, nestings: &[Nesting]) -> Result<(), StoreError> {
        self.insert_many(&INSERT, nestings, |nesting, args| {
            let Nesting { outer, inner } = nesting;
            bind!(args, *outer, *inner);
        })
        .await
    }

    /// Removes nestings.
    pub async fn delete_nestings(&mut self, nestings: &[Nesting]) -> Result<(), StoreError> {
        let sql = "DELETE FROM entitlement_nesting WHERE outer_id = $1 AND inner_id = $2";
        self.execute_each(sql, nestings, |nesting, args| {
            let Nesting { outer, inner } = nesting;
            bind!(args, *outer, *inner);
        })
        .await
        .map(drop)
    }
}
