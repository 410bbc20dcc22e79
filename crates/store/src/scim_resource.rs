//! What SCIM clients say of entities beside what the model knows: further attributes, and ids of their own.

use jiff::Timestamp;
use muster_model::{EntityId, Text};

use crate::{
    Number, ReadTx, StoreError, Tx,
    column::row,
    statement::{args, bind},
};

/// What is kept of a resource beside its entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScimResource {
    /// Which entity.
    pub entity: EntityId,
    /// A JSON object of attributes; never looked into here.
    pub body: Text,
    /// How often it changed without a new version of the entity.
    pub changes: i64,
    /// When it did so last.
    pub changed_at: Timestamp,
}

/// What a client calls an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalId {
    /// Which entity.
    pub entity: EntityId,
    /// The client's name.
    pub client: Text,
    /// The entity type's number.
    pub type_no: Number,
    /// The client's id; several entities may have the same.
    pub external_id: Text,
}

row!(ScimResource { entity, body, changes, changed_at });
row!(ExternalId { entity, client, type_no, external_id });

impl ReadTx {
    /// What is kept of these entities, in the order asked for; entities of which nothing is kept are left out.
    pub async fn scim_resources(
        &mut self,
        entities: &[EntityId],
    ) -> Result<Vec<ScimResource>, StoreError> {
        let sql = "SELECT entity, body, changes, changed_at FROM scim_resource WHERE entity = $1";
        self.fetch_all_of_each(sql, entities, |id, args| bind!(args, *id)).await
    }

    /// The entities of which clients say this mail address, which is folded, in id order, at most `limit`. Among them is
    /// everybody of whom it is not yet known what clients say.
    pub async fn entities_with_scim_mail(
        &mut self,
        mail_key: &str,
        limit: usize,
    ) -> Result<Vec<EntityId>, StoreError> {
        let sql = "SELECT entity FROM scim_mail WHERE mail_key = $1 ORDER BY entity LIMIT $2";
        let mut found: Vec<EntityId> = self.fetch_all(sql, args![mail_key, limit]).await?;
        let unknown = self.scim_resources_without_mails(limit).await?;
        found.extend(unknown.into_iter().map(|resource| resource.entity));
        Ok(found)
    }

    /// Resources whose mail addresses were never written down, in id order, at most `limit`.
    pub async fn scim_resources_without_mails(
        &mut self,
        limit: usize,
    ) -> Result<Vec<ScimResource>, StoreError> {
        let sql = "SELECT entity, body, changes, changed_at FROM scim_resource
                   WHERE mails_known IS NULL ORDER BY entity LIMIT $1";
        self.fetch_all(sql, args![limit]).await
    }

    /// What a client calls these entities, in the order asked for; those that it has no id for are left out.
    pub async fn external_ids_of(
        &mut self,
        client: &str,
        entities: &[EntityId],
    ) -> Result<Vec<ExternalId>, StoreError> {
        let sql = "SELECT entity, client, type_no, external_id FROM external_id
                   WHERE entity = $1 AND client = $2";
        self.fetch_all_of_each(sql, entities, |id, args| bind!(args, *id, client)).await
    }

    /// The entities of a type that a client calls so, in id order, at most `limit`.
    pub async fn entities_with_external_id(
        &mut self,
        client: &str,
        type_no: Number,
        external_id: &str,
        limit: usize,
    ) -> Result<Vec<EntityId>, StoreError> {
        let sql = "SELECT entity FROM external_id
                   WHERE client = $1 AND type_no = $2 AND external_id = $3 ORDER BY entity LIMIT $4";
        self.fetch_all(sql, args![client, type_no, external_id, limit]).await
    }
}

impl Tx {
    /// Keeps resources, each with the mail addresses in it, folded, in the place of what was kept before.
    pub async fn save_scim_resources(
        &mut self,
        resources: &[(ScimResource, Vec<Text>)],
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO scim_resource (entity, body, changes, changed_at, mails_known)
                   VALUES ($1, $2, $3, $4, TRUE)
                   ON CONFLICT (entity) DO UPDATE SET body = excluded.body,
                       changes = excluded.changes, changed_at = excluded.changed_at,
                       mails_known = excluded.mails_known";
        let saved = self.execute_each(sql, resources, |(resource, _), args| {
            let ScimResource { entity, body, changes, changed_at } = resource;
            bind!(args, *entity, body, *changes, *changed_at);
        });
        saved.await?;
        let sql = "DELETE FROM scim_mail WHERE entity = $1";
        let forgotten = self.execute_each(sql, resources, |(resource, _), args| {
            bind!(args, resource.entity);
        });
        forgotten.await?;
        let mails = resources.iter();
        let mails = mails.flat_map(|(of, mails)| mails.iter().map(|mail| (of.entity, mail)));
        self.insert_scim_mails(&mails.collect::<Vec<_>>()).await
    }

    /// Writes down mail addresses, folded, in resources of which they were not known.
    pub async fn note_scim_mails(
        &mut self,
        found: &[(EntityId, Vec<Text>)],
    ) -> Result<(), StoreError> {
        let mails =
            found.iter().flat_map(|(entity, mails)| mails.iter().map(|mail| (*entity, mail)));
        self.insert_scim_mails(&mails.collect::<Vec<_>>()).await?;
        let sql = "UPDATE scim_resource SET mails_known = TRUE
                   WHERE entity = $1 AND mails_known IS NULL";
        self.execute_each(sql, found, |(entity, _), args| bind!(args, *entity)).await.map(drop)
    }

    async fn insert_scim_mails(&mut self, mails: &[(EntityId, &Text)]) -> Result<(), StoreError> {
        let sql = "INSERT INTO scim_mail (entity, mail_key) VALUES ($1, $2)
                   ON CONFLICT (entity, mail_key) DO NOTHING";
        let inserted = self.execute_each(sql, mails, |(entity, mail), args| {
            bind!(args, *entity, *mail);
        });
        inserted.await.map(drop)
    }

    /// Keeps what clients call entities, in the place of what they called them before.
    pub async fn save_external_ids(&mut self, ids: &[ExternalId]) -> Result<(), StoreError> {
        let sql = "INSERT INTO external_id (entity, client, type_no, external_id)
                   VALUES ($1, $2, $3, $4)
                   ON CONFLICT (entity, client) DO UPDATE SET external_id = excluded.external_id";
        let saved = self.execute_each(sql, ids, |id, args| {
            let ExternalId { entity, client, type_no, external_id } = id;
            bind!(args, *entity, client, *type_no, external_id);
        });
        saved.await.map(drop)
    }

    /// Forgets what a client calls entities.
    pub async fn delete_external_ids(
        &mut self,
        client: &str,
        entities: &[EntityId],
    ) -> Result<(), StoreError> {
        let sql = "DELETE FROM external_id WHERE entity = $1 AND client = $2";
        self.execute_each(sql, entities, |id, args| bind!(args, *id, client)).await.map(drop)
    }

    /// Forgets everything that clients said of an entity.
    pub async fn forget_scim_resource(&mut self, entity: EntityId) -> Result<(), StoreError> {
        self.execute("DELETE FROM scim_resource WHERE entity = $1", args![entity]).await?;
        self.execute("DELETE FROM scim_mail WHERE entity = $1", args![entity]).await?;
        self.execute("DELETE FROM external_id WHERE entity = $1", args![entity]).await.map(drop)
    }
}
