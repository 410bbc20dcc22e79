//! Links between entities, for finding the other end; and links that wait for an entity to arrive.

use muster_model::{EntityId, Text};

use crate::{Number, ReadTx, StoreError, Tx};

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

impl ReadTx {
    /// The links that start at an entity, by attribute and target.
    pub async fn links_of(&mut self, source: EntityId) -> Result<Vec<Link>, StoreError> {
        todo!()
    }

    /// Entities that link to `target` through the attribute, in id order, at most `limit`, after an id.
    pub async fn sources_of(
        &mut self,
        attribute_no: Number,
        target: EntityId,
        after: Option<EntityId>,
        limit: usize,
    ) -> Result<Vec<EntityId>, StoreError> {
        todo!()
    }

    /// Every link through the attribute to one of `targets`, in the order of `targets`, then by source.
    pub async fn sources_of_many(
        &mut self,
        attribute_no: Number,
        targets: &[EntityId],
    ) -> Result<Vec<Link>, StoreError> {
        todo!()
    }

    /// Links through an attribute ordered by target and source, at most `limit`, after a `(target, source)`.
    pub async fn scan_links(
        &mut self,
        attribute_no: Number,
        after: Option<(EntityId, EntityId)>,
        limit: usize,
    ) -> Result<Vec<Link>, StoreError> {
        todo!()
    }

    /// The pending links to any of these keys of a type.
    pub async fn pending_links_to(
        &mut self,
        target_type: Number,
        target_keys: &[Text],
    ) -> Result<Vec<PendingLink>, StoreError> {
        todo!()
    }

    /// The pending links of an entity.
    pub async fn pending_links_of(
        &mut self,
        source: EntityId,
    ) -> Result<Vec<PendingLink>, StoreError> {
        todo!()
    }

    /// How many links wait.
    pub async fn count_pending_links(&mut self) -> Result<u64, StoreError> {
        todo!()
    }
}

impl Tx {
    /// Writes links that are new; for bulk loads of entities that have none yet.
    pub async fn insert_links(&mut self, links: &[Link]) -> Result<(), StoreError> {
        todo!()
    }

    /// Makes the stored links of each set exactly its targets. What is the same already is not written.
    pub async fn replace_links(&mut self, sets: &[LinkSet]) -> Result<(), StoreError> {
        todo!()
    }

    /// Remembers links that wait; one that is remembered already is passed over.
    pub async fn insert_pending_links(&mut self, links: &[PendingLink]) -> Result<(), StoreError> {
        todo!()
    }

    /// Forgets links that waited; one that is not there is passed over.
    pub async fn delete_pending_links(&mut self, links: &[PendingLink]) -> Result<(), StoreError> {
        todo!()
    }
}
