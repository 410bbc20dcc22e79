//! Records: objects as read from a source.

use jiff::Timestamp;
use muster_model::{EntityId, Fingerprint, Text};

use crate::{Number, ReadTx, StoreError, Tx};

/// A record's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(pub i64);

/// A record as last read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Which one; from [`Tx::take_ids`].
    pub id: RecordId,
    /// The read it came from.
    pub read_no: Number,
    /// Its key at the source; unique within the read.
    pub key: Text,
    /// The entity it belongs to.
    pub entity: Option<EntityId>,
    /// The hash of its content.
    pub fingerprint: Fingerprint,
    /// The values by column, encoded.
    pub content: Vec<u8>,
    /// Since when complete reads do not hold it.
    pub absent_since: Option<Timestamp>,
    /// How sure the correlation is, 0 to 100.
    pub confidence: u8,
    /// Where in the source it stood, counted from 1; 0 where the source has no such notion.
    pub line: i64,
}

/// What change detection needs of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordMark {
    /// Which one.
    pub id: RecordId,
    /// Its key at the source.
    pub key: Text,
    /// The hash of its content.
    pub fingerprint: Fingerprint,
    /// The entity it belongs to.
    pub entity: Option<EntityId>,
    /// Since when complete reads do not hold it.
    pub absent_since: Option<Timestamp>,
}

impl ReadTx {
    /// Records of a read in id order, at most `limit`, after an id.
    pub async fn scan_records(
        &mut self,
        read_no: Number,
        after: Option<RecordId>,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        todo!()
    }

    /// The marks of a read's records in id order, at most `limit`, after an id.
    pub async fn scan_record_marks(
        &mut self,
        read_no: Number,
        after: Option<RecordId>,
        limit: usize,
    ) -> Result<Vec<RecordMark>, StoreError> {
        todo!()
    }

    /// For each key the record of that read, in the same order.
    pub async fn records_by_key(
        &mut self,
        read_no: Number,
        keys: &[Text],
    ) -> Result<Vec<Option<Record>>, StoreError> {
        todo!()
    }

    /// The records of an entity, by read and key.
    pub async fn records_of(&mut self, entity: EntityId) -> Result<Vec<Record>, StoreError> {
        todo!()
    }

    /// The records of several entities, in the order of `entities`.
    pub async fn records_of_many(
        &mut self,
        entities: &[EntityId],
    ) -> Result<Vec<Record>, StoreError> {
        todo!()
    }

    /// Records of a read that belong to nobody, in id order, at most `limit`, after an id.
    pub async fn unlinked_records(
        &mut self,
        read_no: Number,
        after: Option<RecordId>,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        todo!()
    }

    /// How many records of a read are present and how many absent.
    pub async fn count_records(&mut self, read_no: Number) -> Result<(u64, u64), StoreError> {
        todo!()
    }
}

impl Tx {
    /// Writes new records.
    pub async fn insert_records(&mut self, records: &[Record]) -> Result<(), StoreError> {
        todo!()
    }

    /// Replaces records by id. One that is not there is [`StoreError::Missing`].
    pub async fn update_records(&mut self, records: &[Record]) -> Result<(), StoreError> {
        todo!()
    }

    /// Marks records as absent since `since`; `None` marks them as present again.
    pub async fn set_records_absent(
        &mut self,
        records: &[RecordId],
        since: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        todo!()
    }

    /// Says which entity each record belongs to, with which confidence.
    pub async fn link_records(
        &mut self,
        links: &[(RecordId, Option<EntityId>, u8)],
    ) -> Result<(), StoreError> {
        todo!()
    }

    /// Removes records.
    pub async fn delete_records(&mut self, records: &[RecordId]) -> Result<(), StoreError> {
        todo!()
    }
}
