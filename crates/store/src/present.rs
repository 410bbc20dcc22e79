//! Entities that are there: no source has let them go. In pages, counted, and since when they are known.

use jiff::Timestamp;
use muster_model::EntityId;

use crate::{
    Entity, Number, ReadTx, StoreError,
    column::row,
    statement::{args, bind},
};

/// When an entity was first recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstRecorded {
    /// Which entity.
    pub entity: EntityId,
    /// When its first version was written down.
    pub at: Timestamp,
}

/// Which way an order goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The least first.
    Rising,
    /// The greatest first.
    Falling,
}

row!(FirstRecorded { entity, at });

impl ReadTx {
    /// Entities of a type that are there, in id order after an id, without the first `skip`, at most `limit`.
    pub async fn present_entities(
        &mut self,
        type_no: Number,
        after: Option<EntityId>,
        skip: usize,
        limit: usize,
    ) -> Result<Vec<Entity>, StoreError> {
        let sql = "SELECT id, type_no, key, version, facts, absent_since, effective_at, recorded_at
                   FROM entity WHERE type_no = $1 AND id > $2 AND absent_since IS NULL
                   ORDER BY id LIMIT $4 OFFSET $3";
        self.fetch_all(sql, args![type_no, after.unwrap_or(EntityId(0)), skip, limit]).await
    }

    /// Entities of a type that are there, in order of their keys, without the first `skip`, at most `limit`.
    pub async fn present_in_key_order(
        &mut self,
        type_no: Number,
        direction: Direction,
        skip: usize,
        limit: usize,
    ) -> Result<Vec<EntityId>, StoreError> {
        let sql = match direction {
            Direction::Rising => {
                "SELECT id FROM entity WHERE type_no = $1 AND absent_since IS NULL
                 ORDER BY key LIMIT $3 OFFSET $2"
            }
            Direction::Falling => {
                "SELECT id FROM entity WHERE type_no = $1 AND absent_since IS NULL
                 ORDER BY key DESC LIMIT $3 OFFSET $2"
            }
        };
        self.fetch_all(sql, args![type_no, skip, limit]).await
    }

    /// Entities of a type that are there and have a value of a unique attribute, in the order of these values, without the
    /// first `skip`, at most `limit`.
    pub async fn present_in_value_order(
        &mut self,
        (type_no, attribute_no): (Number, Number),
        direction: Direction,
        skip: usize,
        limit: usize,
    ) -> Result<Vec<EntityId>, StoreError> {
        // `CROSS JOIN` keeps SQLite at the order of the tables: values come sorted, entities would have to be.
        let sql = match direction {
            Direction::Rising => {
                "SELECT v.entity FROM unique_value v CROSS JOIN entity e
                 WHERE v.type_no = $1 AND v.attribute_no = $2 AND e.id = v.entity
                   AND e.absent_since IS NULL
                 ORDER BY v.value_key LIMIT $4 OFFSET $3"
            }
            Direction::Falling => {
                "SELECT v.entity FROM unique_value v CROSS JOIN entity e
                 WHERE v.type_no = $1 AND v.attribute_no = $2 AND e.id = v.entity
                   AND e.absent_since IS NULL
                 ORDER BY v.value_key DESC LIMIT $4 OFFSET $3"
            }
        };
        self.fetch_all(sql, args![type_no, attribute_no, skip, limit]).await
    }

    /// How many entities of a type are there and have a value of a unique attribute.
    pub async fn count_present_with_value(
        &mut self,
        (type_no, attribute_no): (Number, Number),
    ) -> Result<u64, StoreError> {
        let sql = "SELECT COUNT(*) FROM unique_value v CROSS JOIN entity e
                   WHERE v.type_no = $1 AND v.attribute_no = $2 AND e.id = v.entity
                     AND e.absent_since IS NULL";
        self.fetch_value(sql, args![type_no, attribute_no]).await
    }

    /// How many entities of a type are there.
    pub async fn count_present_entities(&mut self, type_no: Number) -> Result<u64, StoreError> {
        let sql = "SELECT COUNT(*) FROM entity WHERE type_no = $1 AND absent_since IS NULL";
        self.fetch_value(sql, args![type_no]).await
    }

    /// When those of these entities were first recorded that were changed since.
    pub async fn first_recorded(
        &mut self,
        entities: &[EntityId],
    ) -> Result<Vec<FirstRecorded>, StoreError> {
        let sql =
            "SELECT entity, recorded_at FROM entity_history WHERE entity = $1 AND version = 1";
        self.fetch_all_of_each(sql, entities, |id, args| bind!(args, *id)).await
    }
}
