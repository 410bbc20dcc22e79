//! Identities that were merged into another one, and what moved, so that it can be undone.

use jiff::Timestamp;
use muster_model::{EntityId, Text};

use crate::{
    ReadTx, StoreError, Tx,
    column::row,
    statement::{args, bind},
};

/// A merged identity. Its entity stays in the repository with the number of its type below zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedEntity {
    /// Who was merged.
    pub entity: EntityId,
    /// Into whom.
    pub survivor: EntityId,
    /// When.
    pub merged_at: Timestamp,
    /// By whom.
    pub merged_by: Text,
    /// Why.
    pub reason: Text,
    /// What moved, as JSON.
    pub moved: Text,
}

row!(MergedEntity { entity, survivor, merged_at, merged_by, reason, moved });

/// The columns of [`MergedEntity`], in its order.
macro_rules! select_merged {
    ($rest:literal) => {
        concat!(
            "SELECT entity, survivor, merged_at, merged_by, reason, moved FROM merged_entity ",
            $rest
        )
    };
}

impl ReadTx {
    /// How an identity was merged, if it was.
    pub async fn merged_entity(
        &mut self,
        entity: EntityId,
    ) -> Result<Option<MergedEntity>, StoreError> {
        self.fetch_one(select_merged!("WHERE entity = $1"), args![entity]).await
    }

    /// Who was merged into an identity.
    pub async fn merged_into(
        &mut self,
        survivor: EntityId,
    ) -> Result<Vec<MergedEntity>, StoreError> {
        let sql = select_merged!("WHERE survivor = $1 ORDER BY entity");
        self.fetch_all(sql, args![survivor]).await
    }

    /// True when any identity was merged.
    pub async fn any_merged(&mut self) -> Result<bool, StoreError> {
        let first: Option<i64> = self
            .fetch_one("SELECT entity FROM merged_entity ORDER BY entity LIMIT 1", args![])
            .await?;
        Ok(first.is_some())
    }
}

impl Tx {
    /// Notes a merge.
    pub async fn insert_merged_entity(&mut self, merged: &MergedEntity) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO merged_entity (entity, survivor, merged_at, merged_by, reason, moved)
                   VALUES ($1, $2, $3, $4, $5, $6)";
        let MergedEntity { entity, survivor, merged_at, merged_by, reason, moved } = merged;
        self.execute(sql, args![*entity, *survivor, *merged_at, merged_by, reason, moved])
            .await
            .map(drop)
    }

    /// Forgets a merge.
    pub async fn delete_merged_entity(&mut self, entity: EntityId) -> Result<(), StoreError> {
        self.execute("DELETE FROM merged_entity WHERE entity = $1", args![entity]).await.map(drop)
    }

    /// Takes an entity out of its type, or puts it back: the number of the type changes its sign. Without a type nothing
    /// looks at it; its history stays.
    pub async fn flip_entity_type(&mut self, entity: EntityId) -> Result<(), StoreError> {
        self.changed.note([entity]);
        let sql = "UPDATE entity SET type_no = 0 - type_no WHERE id = $1";
        match self.execute(sql, args![entity]).await? {
            0 => Err(StoreError::Missing { table: "entity", row: entity.0.to_string() }),
            _ => Ok(()),
        }
    }

    /// Gives unique values that one entity holds to another.
    pub async fn move_unique_values(
        &mut self,
        from: EntityId,
        to: EntityId,
    ) -> Result<(), StoreError> {
        self.changed.note([from, to]);
        self.execute("UPDATE unique_value SET entity = $2 WHERE entity = $1", args![from, to])
            .await
            .map(drop)
    }

    /// Gives assignments to another identity.
    pub async fn move_assignments(
        &mut self,
        assignments: &[muster_model::AssignmentId],
        to: EntityId,
    ) -> Result<(), StoreError> {
        // From whom is not said.
        self.changed.give_up();
        let sql = "UPDATE assignment SET entity = $2 WHERE id = $1";
        self.execute_each(sql, assignments, |id, args| bind!(args, *id, to)).await.map(drop)
    }
}
