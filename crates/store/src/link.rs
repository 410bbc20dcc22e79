//! Links between entities, for finding the other end; and links that wait for an entity to arrive.

use std::collections::BTreeSet;

use muster_model::{EntityId, Text};

use crate::{
    Number, ReadTx, StoreError, Tx,
    column::row,
    statement::{Insert, args, bind, insert_into},
};

/// A link from one entity to another through an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link {
    /// Where it starts.
    pub source: EntityId,
    /// The link attribute's number.
    pub attribute_no: Number,
    /// Where it leads.
    pub target: EntityId,
}

/// All targets of one link attribute of one entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkSet {
    /// Where the links start.
    pub source: EntityId,
    /// The link attribute's number.
    pub attribute_no: Number,
    /// Where they lead; empty for none.
    pub targets: Vec<EntityId>,
}

impl LinkSet {
    fn links(&self) -> impl Iterator<Item = Link> {
        let Self { source, attribute_no, targets } = self;
        targets.iter().map(|target| Link {
            source: *source,
            attribute_no: *attribute_no,
            target: *target,
        })
    }
}

/// A link to an entity that is not there yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PendingLink {
    /// Where it starts.
    pub source: EntityId,
    /// The link attribute's number.
    pub attribute_no: Number,
    /// The type of the entity that is waited for.
    pub target_type: Number,
    /// The key of the entity that is waited for.
    pub target_key: Text,
}

row!(Link { source, attribute_no, target });
row!(PendingLink { source, attribute_no, target_type, target_key });

const INSERT: Insert = insert_into!("link", "source", "attribute_no", "target");

impl ReadTx {
    /// The links that start at an entity, by attribute and target.
    pub async fn links_of(&mut self, source: EntityId) -> Result<Vec<Link>, StoreError> {
        let sql = "SELECT source, attribute_no, target FROM link
                   WHERE source = $1 ORDER BY attribute_no, target";
        self.fetch_all(sql, args![source]).await
    }

    /// Entities that link to `target` through the attribute, in id order, at most `limit`, after an id.
    pub async fn sources_of(
        &mut self,
        attribute_no: Number,
        target: EntityId,
        after: Option<EntityId>,
        limit: usize,
    ) -> Result<Vec<EntityId>, StoreError> {
        let sql = "SELECT source FROM link
                   WHERE attribute_no = $1 AND target = $2 AND source > $3 ORDER BY source LIMIT $4";
        let after = after.unwrap_or(EntityId(0));
        self.fetch_all(sql, args![attribute_no, target, after, limit]).await
    }

    /// Every link through the attribute to one of `targets`, in the order of `targets`, then by source.
    pub async fn sources_of_many(
        &mut self,
        attribute_no: Number,
        targets: &[EntityId],
    ) -> Result<Vec<Link>, StoreError> {
        let sql = "SELECT source, attribute_no, target FROM link
                   WHERE attribute_no = $1 AND target = $2 ORDER BY source";
        self.fetch_all_of_each(sql, targets, |target, args| bind!(args, attribute_no, *target))
            .await
    }

    /// Links through an attribute ordered by target and source, at most `limit`, after a `(target, source)`.
    pub async fn scan_links(
        &mut self,
        attribute_no: Number,
        after: Option<(EntityId, EntityId)>,
        limit: usize,
    ) -> Result<Vec<Link>, StoreError> {
        let sql = "SELECT source, attribute_no, target FROM link
                   WHERE attribute_no = $1 AND (target, source) > ($2, $3)
                   ORDER BY target, source LIMIT $4";
        let (target, source) = after.unwrap_or((EntityId(0), EntityId(0)));
        self.fetch_all(sql, args![attribute_no, target, source, limit]).await
    }

    /// The pending links to any of these keys of a type.
    pub async fn pending_links_to(
        &mut self,
        target_type: Number,
        target_keys: &[Text],
    ) -> Result<Vec<PendingLink>, StoreError> {
        let sql = "SELECT source, attribute_no, target_type, target_key FROM pending_link
                   WHERE target_type = $1 AND target_key = $2 ORDER BY source, attribute_no";
        self.fetch_all_of_each(sql, target_keys, |key, args| bind!(args, target_type, key)).await
    }

    /// The pending links of an entity.
    pub async fn pending_links_of(
        &mut self,
        source: EntityId,
    ) -> Result<Vec<PendingLink>, StoreError> {
        let sql = "SELECT source, attribute_no, target_type, target_key FROM pending_link
                   WHERE source = $1 ORDER BY attribute_no, target_type, target_key";
        self.fetch_all(sql, args![source]).await
    }

    /// How many links wait.
    pub async fn count_pending_links(&mut self) -> Result<u64, StoreError> {
        self.fetch_value("SELECT COUNT(*) FROM pending_link", args![]).await
    }
}

impl Tx {
    /// Writes links that are new; for bulk loads of entities that have none yet.
    pub async fn insert_links(&mut self, links: &[Link]) -> Result<(), StoreError> {
        self.changed.note(links.iter().map(|link| link.source));
        self.insert_many(&INSERT, links, |link, args| {
            let Link { source, attribute_no, target } = link;
            bind!(args, *source, *attribute_no, *target);
        })
        .await
    }

    /// Makes the stored links of each set exactly its targets. What is the same already is not written.
    pub async fn replace_links(&mut self, sets: &[LinkSet]) -> Result<(), StoreError> {
        self.changed.note(sets.iter().map(|set| set.source));
        let sql = "SELECT source, attribute_no, target FROM link
                   WHERE source = $1 AND attribute_no = $2";
        let stored: Vec<Link> = self
            .fetch_all_of_each(sql, sets, |set, args| bind!(args, set.source, set.attribute_no))
            .await?;
        let stored: BTreeSet<Link> = stored.into_iter().collect();
        let wanted: BTreeSet<Link> = sets.iter().flat_map(LinkSet::links).collect();

        let gone: Vec<Link> = stored.difference(&wanted).copied().collect();
        let sql = "DELETE FROM link WHERE source = $1 AND attribute_no = $2 AND target = $3";
        self.execute_each(sql, &gone, |link, args| {
            bind!(args, link.source, link.attribute_no, link.target);
        })
        .await?;
        let new: Vec<Link> = wanted.difference(&stored).copied().collect();
        self.insert_links(&new).await
    }

    /// Remembers links that wait; one that is remembered already is passed over.
    pub async fn insert_pending_links(&mut self, links: &[PendingLink]) -> Result<(), StoreError> {
        let sql = "INSERT INTO pending_link (source, attribute_no, target_type, target_key)
                   VALUES ($1, $2, $3, $4)
                   ON CONFLICT (target_type, target_key, source, attribute_no) DO NOTHING";
        self.execute_each(sql, links, |link, args| {
            let PendingLink { source, attribute_no, target_type, target_key } = link;
            bind!(args, *source, *attribute_no, *target_type, target_key);
        })
        .await
        .map(drop)
    }

    /// Forgets links that waited; one that is not there is passed over.
    pub async fn delete_pending_links(&mut self, links: &[PendingLink]) -> Result<(), StoreError> {
        let sql = "DELETE FROM pending_link WHERE source = $1 AND attribute_no = $2
                   AND target_type = $3 AND target_key = $4";
        self.execute_each(sql, links, |link, args| {
            let PendingLink { source, attribute_no, target_type, target_key } = link;
            bind!(args, *source, *attribute_no, *target_type, target_key);
        })
        .await
        .map(drop)
    }
}
