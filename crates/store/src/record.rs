//! Records: objects as read from a source.

use jiff::Timestamp;
use muster_model::{EntityId, Fingerprint, Text};

use crate::{
    Number, ReadTx, StoreError, Tx,
    column::row,
    error::all_there,
    statement::{Insert, args, bind, insert_into},
};

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
    /// The source's own id, where it is not the key; empty otherwise.
    pub native_id: Text,
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
    /// The source's own id, where it is not the key; empty otherwise.
    pub native_id: Text,
    /// The hash of its content.
    pub fingerprint: Fingerprint,
    /// The entity it belongs to.
    pub entity: Option<EntityId>,
    /// Since when complete reads do not hold it.
    pub absent_since: Option<Timestamp>,
}

row!(Record {
    id,
    read_no,
    key,
    native_id,
    entity,
    fingerprint,
    content,
    absent_since,
    confidence,
    line
});
row!(RecordMark { id, key, native_id, fingerprint, entity, absent_since });

/// The columns of [`Record`], in its order.
macro_rules! select_record {
    ($rest:literal) => {
        concat!(
            "SELECT id, read_no, key, native_id, entity, fingerprint, content, absent_since, confidence, \
             line_no FROM record ",
            $rest
        )
    };
}

const INSERT: Insert = insert_into!(
    "record",
    "id",
    "read_no",
    "key",
    "native_id",
    "entity",
    "fingerprint",
    "content",
    "absent_since",
    "confidence",
    "line_no",
);

impl ReadTx {
    /// Records of a read in id order, at most `limit`, after an id.
    pub async fn scan_records(
        &mut self,
        read_no: Number,
        after: Option<RecordId>,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let sql = select_record!("WHERE read_no = $1 AND id > $2 ORDER BY id LIMIT $3");
        self.fetch_all(sql, args![read_no, after.unwrap_or(RecordId(0)), limit]).await
    }

    /// The marks of a read's records in id order, at most `limit`, after an id.
    pub async fn scan_record_marks(
        &mut self,
        read_no: Number,
        after: Option<RecordId>,
        limit: usize,
    ) -> Result<Vec<RecordMark>, StoreError> {
        let sql = "SELECT id, key, native_id, fingerprint, entity, absent_since FROM record
                   WHERE read_no = $1 AND id > $2 ORDER BY id LIMIT $3";
        self.fetch_all(sql, args![read_no, after.unwrap_or(RecordId(0)), limit]).await
    }

    /// For each key the record of that read, in the same order.
    pub async fn records_by_key(
        &mut self,
        read_no: Number,
        keys: &[Text],
    ) -> Result<Vec<Option<Record>>, StoreError> {
        let sql = select_record!("WHERE read_no = $1 AND key = $2");
        self.fetch_first_of_each(sql, keys, |key, args| bind!(args, read_no, key)).await
    }

    /// The records of an entity, by read and key.
    pub async fn records_of(&mut self, entity: EntityId) -> Result<Vec<Record>, StoreError> {
        let sql = select_record!("WHERE entity = $1 ORDER BY read_no, key");
        self.fetch_all(sql, args![entity]).await
    }

    /// The records of several entities, in the order of `entities`.
    pub async fn records_of_many(
        &mut self,
        entities: &[EntityId],
    ) -> Result<Vec<Record>, StoreError> {
        let sql = select_record!("WHERE entity = $1 ORDER BY read_no, key");
        self.fetch_all_of_each(sql, entities, |entity, args| bind!(args, *entity)).await
    }

    /// Records of a read that belong to nobody, in id order, at most `limit`, after an id.
    pub async fn unlinked_records(
        &mut self,
        read_no: Number,
        after: Option<RecordId>,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let sql = select_record!(
            "WHERE entity IS NULL AND read_no = $1 AND id > $2 ORDER BY id LIMIT $3"
        );
        self.fetch_all(sql, args![read_no, after.unwrap_or(RecordId(0)), limit]).await
    }

    /// How many records of a read are present and how many absent.
    pub async fn count_records(&mut self, read_no: Number) -> Result<(u64, u64), StoreError> {
        let sql = "SELECT COUNT(*) FILTER (WHERE absent_since IS NULL),
                          COUNT(*) FILTER (WHERE absent_since IS NOT NULL)
                   FROM record WHERE read_no = $1";
        self.fetch_value(sql, args![read_no]).await
    }
}

impl Tx {
    /// Writes new records.
    pub async fn insert_records(&mut self, records: &[Record]) -> Result<(), StoreError> {
        self.insert_many(&INSERT, records, |record, args| {
            let Record {
                id,
                read_no,
                key,
                native_id,
                entity,
                fingerprint,
                content,
                absent_since,
                confidence,
                line,
            } = record;
            bind!(
                args,
                *id,
                *read_no,
                key,
                native_id,
                *entity,
                *fingerprint,
                content,
                *absent_since,
                *confidence,
                *line
            );
        })
        .await
    }

    /// Replaces records by id. One that is not there is [`StoreError::Missing`].
    pub async fn update_records(&mut self, records: &[Record]) -> Result<(), StoreError> {
        let sql = "UPDATE record
                   SET read_no = $2, key = $3, native_id = $4, entity = $5, fingerprint = $6,
                       content = $7, absent_since = $8, confidence = $9, line_no = $10
                   WHERE id = $1";
        let changed = self
            .execute_each(sql, records, |record, args| {
                let Record {
                    id,
                    read_no,
                    key,
                    native_id,
                    entity,
                    fingerprint,
                    content,
                    absent_since,
                    confidence,
                    line,
                } = record;
                bind!(
                    args,
                    *id,
                    *read_no,
                    key,
                    native_id,
                    *entity,
                    *fingerprint,
                    content,
                    *absent_since,
                    *confidence,
                    *line
                );
            })
            .await?;
        all_there("record", records.iter().map(|record| record.id.0), &changed)
    }

    /// Marks records as absent since `since`; `None` marks them as present again.
    pub async fn set_records_absent(
        &mut self,
        records: &[RecordId],
        since: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE record SET absent_since = $2 WHERE id = $1";
        let changed = self.execute_each(sql, records, |id, args| bind!(args, *id, since)).await?;
        all_there("record", records.iter().map(|id| id.0), &changed)
    }

    /// Says which entity each record belongs to, with which confidence.
    pub async fn link_records(
        &mut self,
        links: &[(RecordId, Option<EntityId>, u8)],
    ) -> Result<(), StoreError> {
        let sql = "UPDATE record SET entity = $2, confidence = $3 WHERE id = $1";
        let changed = self
            .execute_each(sql, links, |(id, entity, confidence), args| {
                bind!(args, *id, *entity, *confidence);
            })
            .await?;
        all_there("record", links.iter().map(|(id, _, _)| id.0), &changed)
    }

    /// Removes records.
    pub async fn delete_records(&mut self, records: &[RecordId]) -> Result<(), StoreError> {
        let sql = "DELETE FROM record WHERE id = $1";
        self.execute_each(sql, records, |id, args| bind!(args, *id)).await.map(drop)
    }
}
