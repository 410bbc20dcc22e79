//! Entities: the present version of each, and every former one.

use jiff::Timestamp;
use muster_model::{EntityId, Text};

use crate::{
    Number, ReadTx, StoreError, Tx,
    column::{BadColumn, Columns, FromRow, row},
    statement::{Insert, args, bind, insert_into},
};

/// An entity as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// Which one; from [`Tx::take_ids`].
    pub id: EntityId,
    /// Its entity type's number.
    pub type_no: Number,
    /// The text of its key attribute; unique within the type.
    pub key: Text,
    /// Counts up with every change; 1 when new.
    pub version: i64,
    /// Attribute values, as `muster_model::encode_row` wrote them; never looked into here.
    pub facts: Vec<u8>,
    /// Since when it is missing from its source.
    pub absent_since: Option<Timestamp>,
    /// When this version became true.
    pub effective_at: Timestamp,
    /// When this version was written down.
    pub recorded_at: Timestamp,
}

/// A version of an entity, present or former.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityVersion {
    /// The entity as it was.
    pub entity: Entity,
    /// When the next version was written down; `None` for the present one.
    pub replaced_at: Option<Timestamp>,
}

/// Ids above `after`, up to and with `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdRange {
    /// The id before the first.
    pub after: EntityId,
    /// The last id.
    pub to: EntityId,
}

row!(Entity { id, type_no, key, version, facts, absent_since, effective_at, recorded_at });

impl FromRow for EntityVersion {
    fn from_row(row: &mut Columns<'_>) -> Result<Self, BadColumn> {
        let entity = Entity::from_row(row)?;
        let replaced_at = row.take()?;
        Ok(Self { entity, replaced_at })
    }
}

/// The columns of [`Entity`], in its order.
macro_rules! select_entity {
    ($rest:literal) => {
        concat!(
            "SELECT id, type_no, key, version, facts, absent_since, effective_at, recorded_at \
             FROM entity ",
            $rest
        )
    };
}

/// The version of each entity that was the present one at `$2`, from `entity` and the history.
macro_rules! select_entity_as_of {
    ($rest:literal) => {
        concat!(
            "SELECT e.id, e.type_no, COALESCE(h.key, e.key), COALESCE(h.version, e.version),
                    COALESCE(h.facts, e.facts),
                    CASE WHEN h.entity IS NULL THEN e.absent_since ELSE h.absent_since END,
                    COALESCE(h.effective_at, e.effective_at), COALESCE(h.recorded_at, e.recorded_at)
             FROM entity e
             LEFT JOIN entity_history h
                    ON h.entity = e.id AND h.recorded_at <= $2 AND h.replaced_at > $2
             WHERE (e.recorded_at <= $2 OR h.entity IS NOT NULL) AND ",
            $rest
        )
    };
}

const INSERT: Insert = insert_into!(
    "entity",
    "id",
    "type_no",
    "key",
    "version",
    "facts",
    "absent_since",
    "effective_at",
    "recorded_at",
);

impl ReadTx {
    /// The entity with this id.
    pub async fn entity(&mut self, id: EntityId) -> Result<Option<Entity>, StoreError> {
        self.fetch_one(select_entity!("WHERE id = $1"), args![id]).await
    }

    /// The entities with these ids that are there, in the order asked for.
    pub async fn entities(&mut self, ids: &[EntityId]) -> Result<Vec<Entity>, StoreError> {
        let sql = select_entity!("WHERE id = $1");
        self.fetch_all_of_each(sql, ids, |id, args| bind!(args, *id)).await
    }

    /// For each key the entity of that type, in the same order.
    pub async fn entities_by_key(
        &mut self,
        type_no: Number,
        keys: &[Text],
    ) -> Result<Vec<Option<Entity>>, StoreError> {
        let sql = select_entity!("WHERE type_no = $1 AND key = $2");
        self.fetch_first_of_each(sql, keys, |key, args| bind!(args, type_no, key)).await
    }

    /// For each key the id of the entity of that type, in the same order.
    pub async fn entity_ids_by_key(
        &mut self,
        type_no: Number,
        keys: &[Text],
    ) -> Result<Vec<Option<EntityId>>, StoreError> {
        let sql = "SELECT id FROM entity WHERE type_no = $1 AND key = $2";
        self.fetch_first_of_each(sql, keys, |key, args| bind!(args, type_no, key)).await
    }

    /// Entities of a type in id order, at most `limit`, after an id.
    pub async fn scan_entities(
        &mut self,
        type_no: Number,
        after: Option<EntityId>,
        limit: usize,
    ) -> Result<Vec<Entity>, StoreError> {
        let sql = select_entity!("WHERE type_no = $1 AND id > $2 ORDER BY id LIMIT $3");
        self.fetch_all(sql, args![type_no, after.unwrap_or(EntityId(0)), limit]).await
    }

    /// The least and the greatest id of a type; `None` when it has no entity.
    pub async fn id_bounds(
        &mut self,
        type_no: Number,
    ) -> Result<Option<(EntityId, EntityId)>, StoreError> {
        let sql = "SELECT id FROM entity WHERE type_no = $1 ORDER BY id LIMIT 1";
        let first: Option<EntityId> = self.fetch_one(sql, args![type_no]).await?;
        let sql = "SELECT id FROM entity WHERE type_no = $1 ORDER BY id DESC LIMIT 1";
        let last: Option<EntityId> = self.fetch_one(sql, args![type_no]).await?;
        Ok(first.zip(last))
    }

    /// How many entities a type has.
    pub async fn count_entities(&mut self, type_no: Number) -> Result<u64, StoreError> {
        self.fetch_value("SELECT COUNT(*) FROM entity WHERE type_no = $1", args![type_no]).await
    }

    /// The entity as it was recorded at `at`; `None` when it was not there yet.
    pub async fn entity_as_of(
        &mut self,
        id: EntityId,
        at: Timestamp,
    ) -> Result<Option<Entity>, StoreError> {
        self.fetch_one(select_entity_as_of!("e.id = $1"), args![id, at]).await
    }

    /// Entities of a type as they were recorded at `at`, in id order, with those that were merged into others since.
    pub async fn scan_entities_as_of(
        &mut self,
        type_no: Number,
        at: Timestamp,
        after: Option<EntityId>,
        limit: usize,
    ) -> Result<Vec<Entity>, StoreError> {
        let after = after.unwrap_or(EntityId(0));
        let sql = select_entity_as_of!("e.type_no = $1 AND e.id > $3 ORDER BY e.id LIMIT $4");
        let mut page: Vec<Entity> = self.fetch_all(sql, args![type_no, at, after, limit]).await?;
        // Who was merged is out of the type, which stands with them below zero.
        let merged = select_entity_as_of!(
            "e.type_no = $1 AND e.id > $3
             AND EXISTS (SELECT 1 FROM merged_entity m WHERE m.entity = e.id AND m.merged_at > $2)
             ORDER BY e.id LIMIT $4"
        );
        let out_of_type: Number = -type_no;
        let merged: Vec<Entity> =
            self.fetch_all(merged, args![out_of_type, at, after, limit]).await?;
        page.extend(merged.into_iter().map(|entity| Entity { type_no, ..entity }));
        page.sort_by_key(|entity| entity.id);
        page.truncate(limit);
        Ok(page)
    }

    /// Every version of an entity, the newest first.
    pub async fn entity_versions(
        &mut self,
        id: EntityId,
    ) -> Result<Vec<EntityVersion>, StoreError> {
        let sql = "SELECT id, type_no, key, version, facts, absent_since, effective_at, recorded_at,
                          CAST(NULL AS BIGINT)
                   FROM entity WHERE id = $1
                   UNION ALL
                   SELECT e.id, e.type_no, h.key, h.version, h.facts, h.absent_since, h.effective_at,
                          h.recorded_at, h.replaced_at
                   FROM entity e JOIN entity_history h ON h.entity = e.id WHERE e.id = $1
                   ORDER BY 4 DESC";
        self.fetch_all(sql, args![id]).await
    }
}

impl Tx {
    /// Writes new entities. A key that is taken is [`StoreError::Exists`].
    pub async fn insert_entities(&mut self, entities: &[Entity]) -> Result<(), StoreError> {
        self.changed.note(entities.iter().map(|entity| entity.id));
        self.insert_many(&INSERT, entities, |entity, args| {
            let Entity {
                id,
                type_no,
                key,
                version,
                facts,
                absent_since,
                effective_at,
                recorded_at,
            } = entity;
            bind!(
                args,
                *id,
                *type_no,
                key,
                *version,
                facts,
                *absent_since,
                *effective_at,
                *recorded_at
            );
        })
        .await
    }

    /// Replaces entities and keeps their former versions.
    ///
    /// `version` is the version that was read; the stored one becomes `version + 1`. Returns the ids of those
    /// that somebody else changed in between (or removed); these are left as they are.
    pub async fn update_entities(
        &mut self,
        entities: &[Entity],
    ) -> Result<Vec<EntityId>, StoreError> {
        self.changed.note(entities.iter().map(|entity| entity.id));
        let keep = "INSERT INTO entity_history (entity, version, key, facts, absent_since,
                                                effective_at, recorded_at, replaced_at)
                    SELECT id, version, key, facts, absent_since, effective_at, recorded_at,
                           CAST($3 AS BIGINT)
                    FROM entity WHERE id = $1 AND version = $2
                    ON CONFLICT (entity, version) DO NOTHING";
        self.execute_each(keep, entities, |entity, args| {
            bind!(args, entity.id, entity.version, entity.recorded_at);
        })
        .await?;
        let update = "UPDATE entity
                      SET key = $3, version = version + 1, facts = $4, absent_since = $5,
                          effective_at = $6, recorded_at = $7
                      WHERE id = $1 AND version = $2";
        let changed = self
            .execute_each(update, entities, |entity, args| {
                // The type of an entity never changes.
                let Entity {
                    id,
                    type_no: _,
                    key,
                    version,
                    facts,
                    absent_since,
                    effective_at,
                    recorded_at,
                } = entity;
                bind!(args, *id, *version, key, facts, *absent_since, *effective_at, *recorded_at);
            })
            .await?;
        let conflicts: Vec<EntityId> = entities
            .iter()
            .zip(changed)
            .filter(|(_, changed)| *changed == 0)
            .map(|(entity, _)| entity.id)
            .collect();
        // One that was removed meanwhile must not leave a former version behind.
        let sql = "DELETE FROM entity_history
                   WHERE entity = $1 AND NOT EXISTS (SELECT 1 FROM entity WHERE id = $1)";
        self.execute_each(sql, &conflicts, |id, args| bind!(args, *id)).await?;
        Ok(conflicts)
    }

    /// Removes an entity with its history, links, unique values, evaluation and assignments.
    /// Records and accounts that belonged to it stay and belong to nobody. Returns false when it was not there.
    pub async fn remove_entity(&mut self, id: EntityId) -> Result<bool, StoreError> {
        // Whose links led to it is not said.
        self.changed.give_up();
        for sql in [
            "DELETE FROM entity_history WHERE entity = $1",
            "DELETE FROM unique_value WHERE entity = $1",
            "DELETE FROM evaluation WHERE entity = $1",
            "DELETE FROM scim_resource WHERE entity = $1",
            "DELETE FROM scim_mail WHERE entity = $1",
            "DELETE FROM external_id WHERE entity = $1",
            "DELETE FROM assignment WHERE entity = $1",
            "DELETE FROM pending_link WHERE source = $1",
            "DELETE FROM link WHERE source = $1",
            "DELETE FROM link WHERE target = $1 AND attribute_no IN
                (SELECT number FROM dictionary WHERE kind = 'attribute')",
            "UPDATE record SET entity = NULL, confidence = 0 WHERE entity = $1",
            "UPDATE account SET entity = NULL, confidence = 0, status = 'orphan' WHERE entity = $1",
        ] {
            self.execute(sql, args![id]).await?;
        }
        Ok(self.execute("DELETE FROM entity WHERE id = $1", args![id]).await? > 0)
    }
}
