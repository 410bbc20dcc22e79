//! Entities: the present version of each, and every former one.

use jiff::Timestamp;
use muster_model::{EntityId, Text};

use crate::{Number, ReadTx, StoreError, Tx};

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

impl ReadTx {
    /// The entity with this id.
    pub async fn entity(&mut self, id: EntityId) -> Result<Option<Entity>, StoreError> {
        todo!()
    }

    /// The entities with these ids that are there, in the order asked for.
    pub async fn entities(&mut self, ids: &[EntityId]) -> Result<Vec<Entity>, StoreError> {
        todo!()
    }

    /// For each key the entity of that type, in the same order.
    pub async fn entities_by_key(
        &mut self,
        type_no: Number,
        keys: &[Text],
    ) -> Result<Vec<Option<Entity>>, StoreError> {
        todo!()
    }

    /// For each key the id of the entity of that type, in the same order.
    pub async fn entity_ids_by_key(
        &mut self,
        type_no: Number,
        keys: &[Text],
    ) -> Result<Vec<Option<EntityId>>, StoreError> {
        todo!()
    }

    /// Entities of a type in id order, at most `limit`, after an id.
    pub async fn scan_entities(
        &mut self,
        type_no: Number,
        after: Option<EntityId>,
        limit: usize,
    ) -> Result<Vec<Entity>, StoreError> {
        todo!()
    }

    /// The least and the greatest id of a type; `None` when it has no entity.
    pub async fn id_bounds(
        &mut self,
        type_no: Number,
    ) -> Result<Option<(EntityId, EntityId)>, StoreError> {
        todo!()
    }

    /// How many entities a type has.
    pub async fn count_entities(&mut self, type_no: Number) -> Result<u64, StoreError> {
        todo!()
    }

    /// The entity as it was recorded at `at`; `None` when it was not there yet.
    pub async fn entity_as_of(
        &mut self,
        id: EntityId,
        at: Timestamp,
    ) -> Result<Option<Entity>, StoreError> {
        todo!()
    }

    /// Entities of a type as they were recorded at `at`, in id order.
    pub async fn scan_entities_as_of(
        &mut self,
        type_no: Number,
        at: Timestamp,
        after: Option<EntityId>,
        limit: usize,
    ) -> Result<Vec<Entity>, StoreError> {
        todo!()
    }

    /// Every version of an entity, the newest first.
    pub async fn entity_versions(
        &mut self,
        id: EntityId,
    ) -> Result<Vec<EntityVersion>, StoreError> {
        todo!()
    }
}

impl Tx {
    /// Writes new entities. A key that is taken is [`StoreError::Exists`].
    pub async fn insert_entities(&mut self, entities: &[Entity]) -> Result<(), StoreError> {
        todo!()
    }

    /// Replaces entities and keeps their former versions.
    ///
    /// `version` is the version that was read; the stored one becomes `version + 1`. Returns the ids of those
    /// that somebody else changed in between (or removed); these are left as they are.
    pub async fn update_entities(
        &mut self,
        entities: &[Entity],
    ) -> Result<Vec<EntityId>, StoreError> {
        todo!()
    }

    /// Removes an entity with its history, links, unique values, evaluation and assignments.
    /// Records and accounts that belonged to it stay and belong to nobody. Returns false when it was not there.
    pub async fn remove_entity(&mut self, id: EntityId) -> Result<bool, StoreError> {
        todo!()
    }
}
