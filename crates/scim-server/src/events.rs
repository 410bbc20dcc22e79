//! What happened, as clients of SCIM see it: the events of RFC 9967.
//!
//! They are notices, which name what changed and hold no value; whoever may see the values asks for the resource. The
//! journal does not tell how a client said something, so that a PUT is a notice of a patch, too.

use std::collections::BTreeSet;

use async_trait::async_trait;
use jiff::Timestamp;
use muster_app::{
    Error, Opened, PublishedEvent, ScimEvent, SpeakScim, decode_facts, entity_type, lifecycle_facts,
};
use muster_model::{EntityId, Value};
use muster_policy::{FactKind, Model};
use muster_store::{Entity, ReadTx};
use serde_json::{Value as Json, json};

use crate::mapping::{Mapping, Resource};

const CREATE: &str = "urn:ietf:params:scim:event:prov:create:notice";
const PATCH: &str = "urn:ietf:params:scim:event:prov:patch:notice";
const DELETE: &str = "urn:ietf:params:scim:event:prov:delete";
const ACTIVATE: &str = "urn:ietf:params:scim:event:prov:activate";
const DEACTIVATE: &str = "urn:ietf:params:scim:event:prov:deactivate";

/// What receivers may be sent.
pub(crate) const EVENT_URIS: &[&str] = &[CREATE, PATCH, DELETE, ACTIVATE, DEACTIVATE];

/// Says in the words of SCIM what happens to the entities of a model.
#[derive(Debug)]
pub struct Speaker {
    mapping: Mapping,
}

impl Speaker {
    /// For this model.
    pub fn new(model: &Model) -> Self {
        Self { mapping: Mapping::of(model) }
    }
}

#[async_trait]
impl SpeakScim for Speaker {
    async fn scim_events(
        &self,
        opened: &Opened,
        event: &PublishedEvent,
    ) -> Result<Vec<ScimEvent>, Error> {
        let Some(what) = what(event) else { return Ok(Vec::new()) };
        let mut tx = opened.store.read().await?;
        let mut said = Vec::new();
        for entity in tx.entities(&concerned(&event.data)).await? {
            // A merged identity has the number of its type with the other sign.
            let type_id = entity_type(opened, entity.type_no.abs());
            let Some(resource) = type_id.and_then(|id| self.mapping.of_type(id)) else { continue };
            let events = match what {
                What::Came => create(opened, resource, &entity)?,
                What::Changed => patch(resource, &event.data),
                What::Went => json!({ DELETE: {} }),
                What::Stopped if resource.active.is_some() => active(DEACTIVATE),
                What::MayGoOn
                    if resource.active.is_some() && goes_on(&mut tx, &entity, event).await? =>
                {
                    active(ACTIVATE)
                }
                What::Stopped | What::MayGoOn => continue,
            };
            if events.is_object() {
                said.push(ScimEvent { uri: uri(resource, entity.id), events });
            }
            if what == What::Changed {
                said.extend(self.memberships(opened, &mut tx, (resource, &event.data)).await?);
            }
        }
        Ok(said)
    }
}

impl Speaker {
    /// The groups whose members changed with the links of one of them.
    async fn memberships(
        &self,
        opened: &Opened,
        tx: &mut ReadTx,
        (resource, data): (&Resource, &Json),
    ) -> Result<Vec<ScimEvent>, Error> {
        let changes = data.get("changes").and_then(Json::as_object);
        let mut groups = BTreeSet::new();
        for (name, change) in changes.into_iter().flatten() {
            let slot = opened
                .model
                .schema
                .get(resource.type_id)
                .and_then(|of| of.attribute_named(name))
                .map(|attribute| attribute.slot);
            if slot.is_some_and(|slot| resource.groups.contains(&slot)) {
                let ends = |n: usize| -> BTreeSet<EntityId> {
                    change.get(n).map(links).unwrap_or_default()
                };
                groups.extend(ends(0).symmetric_difference(&ends(1)).copied());
            }
        }
        let groups: Vec<EntityId> = groups.into_iter().collect();
        let entities = tx.entities(&groups).await?;
        let said = entities.into_iter().filter_map(|group| {
            let resource = self.mapping.of_type(entity_type(opened, group.type_no)?)?;
            let events = json!({ PATCH: { "attributes": ["members"] } });
            Some(ScimEvent { uri: uri(resource, group.id), events })
        });
        Ok(said.collect())
    }
}

/// What an event means for a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Came,
    Changed,
    Went,
    Stopped,
    MayGoOn,
}

fn what(event: &PublishedEvent) -> Option<What> {
    let is_now = || {
        let from = event.data.get("from").and_then(Json::as_str);
        let from: Option<Timestamp> = from.and_then(|from| from.parse().ok());
        from.is_none_or(|from| from <= event.entry.at)
    };
    match &*event.action {
        "entity.create" | "identity.split" | "lifecycle.deleted.lift" => Some(What::Came),
        "entity.update" if event.data.get("back").is_some() => Some(What::Came),
        "entity.update" => Some(What::Changed),
        "entity.absent" | "person.anonymise" | "identity.merge" => Some(What::Went),
        "lifecycle.deleted" if is_now() => Some(What::Went),
        "lifecycle.suspended" | "lifecycle.terminated" if is_now() => Some(What::Stopped),
        "lifecycle.suspended.lift" | "lifecycle.terminated.lift" if is_now() => Some(What::MayGoOn),
        _ => None,
    }
}

/// The entities that an event is about, as it names them.
fn concerned(data: &Json) -> Vec<EntityId> {
    let many = data.get("ids").and_then(Json::as_array).into_iter().flatten();
    many.chain(data.get("id")).filter_map(Json::as_i64).map(EntityId).collect()
}

/// The ends of a link as the journal has them.
fn links(value: &Json) -> BTreeSet<EntityId> {
    let one = value.as_i64().into_iter();
    let many = value.as_array().into_iter().flatten().filter_map(Json::as_i64);
    one.chain(many).map(EntityId).collect()
}

fn uri(resource: &Resource, id: EntityId) -> String {
    format!("/{}/{id}", resource.endpoint)
}

/// A new resource: what it has now, since it is asked for when this is told.
fn create(opened: &Opened, resource: &Resource, entity: &Entity) -> Result<Json, Error> {
    let (model, names) = (&opened.model, &opened.names);
    let row = decode_facts(model, names, entity.id, resource.type_id, &entity.facts)?;
    let has = resource.fields.iter().filter(|field| *row.get(field.slot) != Value::Null);
    let attributes: BTreeSet<String> =
        has.map(|field| field.path.to_string()).chain(["id".to_owned()]).collect();
    Ok(json!({ CREATE: { "attributes": attributes } }))
}

/// What changed; nothing when clients see nothing of it.
fn patch(resource: &Resource, data: &Json) -> Json {
    let changes = data.get("changes").and_then(Json::as_object);
    let names: BTreeSet<&str> = changes
        .into_iter()
        .flat_map(|changes| changes.keys().map(String::as_str))
        .chain(data.get("attribute").and_then(Json::as_str))
        .collect();
    let fields = resource.fields.iter().filter(|field| names.contains(&*field.name));
    let attributes: BTreeSet<String> = fields.map(|field| field.path.to_string()).collect();
    if attributes.is_empty() { Json::Null } else { json!({ PATCH: { "attributes": attributes } }) }
}

fn active(what: &str) -> Json {
    json!({ PATCH: { "attributes": ["active"] }, what: {} })
}

/// Whether nothing else that was said keeps it from being active.
async fn goes_on(tx: &mut ReadTx, entity: &Entity, event: &PublishedEvent) -> Result<bool, Error> {
    let facts = lifecycle_facts(&tx.assignments_of(entity.id).await?);
    let stops = |kind: FactKind| match kind {
        FactKind::Erased | FactKind::Deleted | FactKind::Terminated | FactKind::Suspended => true,
        FactKind::Used => false,
    };
    Ok(!facts.iter().any(|fact| stops(fact.kind) && fact.from <= event.entry.at))
}
