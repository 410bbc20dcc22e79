//! What a client says of a resource, and what it leaves to others.

use std::collections::BTreeSet;

use muster_model::{EntityId, SystemId};
use muster_scim::urn;
use muster_store::ReadTx;
use serde_json::{Map, Value as Json};

use crate::{
    error::Failure,
    mapping::Resource,
    patch::{OwnId, member_ids},
    quirks::{self, Quirk},
    view::View,
};

/// Counts what is said without its schema; nothing hangs on it.
pub(super) fn check_schemas(resource: &Resource, body: &Json) {
    let said: Vec<&str> = body
        .get("schemas")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .collect();
    let has = |urn: &str| said.iter().any(|said| said.eq_ignore_ascii_case(urn));
    let lacks =
        resource.schemas.iter().enumerate().any(|(place, schema)| {
            (place == 0 || body.get(&schema.id).is_some()) && !has(&schema.id)
        });
    if lacks {
        quirks::note(Quirk::MissingSchemas);
    }
}

/// The name of an attribute that the main schema requires and a resource lacks, as an error.
pub(super) fn check_required<'r>(
    resource: &'r Resource,
    after: &Map<String, Json>,
) -> Result<(), &'r str> {
    let attributes = resource.schemas.first().into_iter().flat_map(|schema| &schema.attributes);
    // A name that the model requires is made of others, and whoever comes is active unless it is said otherwise.
    let mut required = attributes.filter(|a| a.required && a.name != "name" && a.name != "active");
    let missing = required.find(|attribute| after.get(&attribute.name).is_none_or(is_nothing));
    missing.map_or(Ok(()), |attribute| Err(&attribute.name))
}

pub(super) fn said_in(body: &Json, name: &str) -> bool {
    body.as_object().is_some_and(|map| map.keys().any(|key| key.eq_ignore_ascii_case(name)))
}

fn is_nothing(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.trim().is_empty(),
        Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => false,
    }
}

/// The ids of the members in a body; `None` when it does not say.
pub(super) fn taken_members(
    resource: &Resource,
    body: &Json,
    after: &mut Map<String, Json>,
) -> Result<Option<Vec<String>>, Failure> {
    if resource.members.is_empty() {
        return Ok(None);
    }
    let is_said = body
        .as_object()
        .into_iter()
        .flatten()
        .find(|(key, value)| key.eq_ignore_ascii_case("members") && !value.is_null());
    let members = after.remove("members");
    if is_said.is_none() {
        return Ok(None);
    }
    members.as_ref().map_or_else(|| Ok(Vec::new()), member_ids).map(Some)
}

pub(super) fn external_id(body: &Json) -> Result<OwnId, Failure> {
    let mut members = body.as_object().into_iter().flatten();
    OwnId::read(members.find(|(key, _)| key.eq_ignore_ascii_case("externalId")).map(|(_, id)| id))
}

/// A PUT that does not name an extension of ours leaves it as it is.
pub(super) fn keep_unsaid(resource: &Resource, before: &Json, after: &mut Map<String, Json>) {
    let own = resource.schemas.iter().skip(1).map(|schema| schema.id.as_str());
    for name in own.filter(|id| *id != urn::ENTERPRISE_USER) {
        if let (false, Some(value)) = (after.contains_key(name), before.get(name)) {
            after.insert(name.to_owned(), value.clone());
        }
    }
}

/// The attributes of an entity that a connected source with a record of it says, other than the client's own.
pub(super) async fn foreign_slots(
    view: &View,
    tx: &mut ReadTx,
    resource: &Resource,
    (entity, own): (EntityId, Option<SystemId>),
) -> Result<BTreeSet<muster_model::Slot>, Failure> {
    let mut slots = BTreeSet::new();
    let records = tx.records_of(entity).await?;
    let systems = view.opened.model.systems.iter().zip(&view.opened.names.systems);
    for (system, names) in systems.filter(|(system, _)| Some(system.id) != own) {
        for (read, names) in system.reads.iter().zip(&names.reads) {
            let has_one = records
                .iter()
                .any(|record| record.read_no == names.no && record.absent_since.is_none());
            if read.type_id == resource.type_id && has_one {
                slots.extend(read.owns.iter().map(|(slot, _)| *slot));
            }
        }
    }
    Ok(slots)
}
