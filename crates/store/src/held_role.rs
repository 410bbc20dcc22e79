//! The watched roles that identities held when they were last evaluated, so that gaining and losing one is noticed once.

use jiff::Timestamp;
use muster_model::{EntityId, Text};

use crate::{
    IdRange, ReadTx, StoreError, Tx,
    column::row,
    statement::{args, bind},
};

/// A watched role that an identity held when it was last evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRole {
    /// Who.
    pub entity: EntityId,
    /// The role's name.
    pub role: Text,
    /// How: `rule`, `assigned` or `grace`.
    pub how: Text,
    /// Since when it was found so.
    pub since: Timestamp,
}

row!(HeldRole { entity, role, how, since });

impl ReadTx {
    /// What identities of a range hold, by identity and role, at most `limit`, after an `(identity, role)`.
    pub async fn scan_held_roles(
        &mut self,
        range: IdRange,
        after: Option<(EntityId, Text)>,
        limit: usize,
    ) -> Result<Vec<HeldRole>, StoreError> {
        let sql = "SELECT entity, role, how, since FROM held_role
                   WHERE (entity, role) > ($1, $2) AND entity <= $3
                   ORDER BY entity, role LIMIT $4";
        // No text is greater than this one.
        let (entity, role) = after.unwrap_or_else(|| (range.after, "\u{10ffff}".into()));
        self.fetch_all(sql, args![entity, &role, range.to, limit]).await
    }

    /// What these identities hold, in the order of `entities`.
    pub async fn held_roles_of_many(
        &mut self,
        entities: &[EntityId],
    ) -> Result<Vec<HeldRole>, StoreError> {
        let sql = "SELECT entity, role, how, since FROM held_role WHERE entity = $1 ORDER BY role";
        self.fetch_all_of_each(sql, entities, |entity, args| bind!(args, *entity)).await
    }
}

impl Tx {
    /// Writes what is held; the same role of an identity is replaced.
    pub async fn save_held_roles(&mut self, held: &[HeldRole]) -> Result<(), StoreError> {
        let sql = "INSERT INTO held_role (entity, role, how, since) VALUES ($1, $2, $3, $4)
                   ON CONFLICT (entity, role) DO UPDATE SET
                       how = excluded.how, since = excluded.since";
        self.execute_each(sql, held, |held, args| {
            let HeldRole { entity, role, how, since } = held;
            bind!(args, *entity, role, how, *since);
        })
        .await
        .map(drop)
    }

    /// Forgets roles that identities no longer hold.
    pub async fn drop_held_roles(&mut self, lost: &[(EntityId, Text)]) -> Result<(), StoreError> {
        let sql = "DELETE FROM held_role WHERE entity = $1 AND role = $2";
        self.execute_each(sql, lost, |(entity, role), args| bind!(args, *entity, role))
            .await
            .map(drop)
    }
}
