//! Creating, replacing, patching and deleting: what each needs, worked out within the transaction that writes it.

use std::{collections::BTreeSet, sync::Arc};

use muster_engine::{LocalChange, LocalVerb, Push, source_of_client};
use muster_model::{EntityId, SystemId, Text, Value, ValueType};
use muster_policy::System;
use muster_scim::{get, set, urn};
use muster_store::{ReadTx, Tx};
use serde_json::{Map, Value as Json, json};

use crate::{
    bulk::Line,
    change::{Absence, Change, change},
    coerce::coerce,
    error::Failure,
    load::{Known, ends},
    mapping::{FieldSource, FoundBy, Resource},
    patch::{self, MembersChange, OwnId, member_ids},
    quirks::{self, Quirk},
    read::{matches_tag, one},
    render::{Computed, render, tag},
    select::Selection,
    view::View,
};

/// Keys tried for somebody who comes without one.
const MOST_KEYS: usize = 100;

/// A change that a client asks for.
#[derive(Debug, Clone)]
pub(crate) enum Verb {
    Create(Json),
    Replace { id: String, body: Json },
    Patch { id: String, body: Json },
    Delete { id: String },
}

/// A change with what belongs to it.
#[derive(Clone)]
pub(crate) struct Job {
    pub(crate) view: View,
    /// The resource type's endpoint.
    pub(crate) endpoint: String,
    pub(crate) verb: Verb,
    pub(crate) if_match: Option<String>,
    pub(crate) selection: Selection,
    /// Where it is written down what comes of it, when the client is told later.
    pub(crate) line: Option<Line>,
}

/// What a job comes to.
pub(crate) struct Prepared {
    /// Who it is about; `None` for somebody new.
    pub(crate) known: Option<Known>,
    /// The change of the entity itself.
    pub(crate) main: Option<LocalChange>,
    pub(crate) change: Change,
    pub(crate) external_id: OwnId,
    pub(crate) members: MembersChange,
    /// Whom it touches: no other job of the transaction may.
    pub(crate) touched: BTreeSet<EntityId>,
    pub(crate) is_delete: bool,
}

impl Prepared {
    /// Its change of the entity as one of a record, under the id that the client has for it.
    pub(crate) fn push(&self, change: LocalChange) -> Push {
        let key = match &self.external_id {
            OwnId::Is(id) => Some(id.clone()),
            OwnId::Stays | OwnId::Goes => None,
        };
        Push { change, key }
    }
}

impl Job {
    /// The resource type.
    pub(crate) fn resource(&self) -> Result<&Resource, Failure> {
        self.view.mapping.at(&self.endpoint).ok_or_else(Failure::no_address)
    }

    /// True when both answers show the same attributes of the same kind to the same client.
    pub(crate) fn is_answered_as(&self, other: &Self) -> bool {
        let (view, others) = (&self.view, &other.view);
        self.endpoint == other.endpoint
            && self.selection == other.selection
            && view.client == others.client
            && view.base == others.base
            && Arc::ptr_eq(&view.opened, &others.opened)
    }

    /// The source of the client's own that holds such records, if the model names one.
    pub(crate) fn source(&self) -> Result<Option<&System>, Failure> {
        let of = self.resource()?.type_id;
        let client = self.view.ctx.actor.strip_prefix("client ");
        Ok(client.and_then(|client| source_of_client(&self.view.opened, client, of)))
    }

    /// Works out what has to change.
    pub(crate) async fn prepare(&self, tx: &mut Tx) -> Result<Prepared, Failure> {
        let resource = self.resource()?;
        match &self.verb {
            Verb::Create(body) => self.create(tx, resource, body).await,
            Verb::Replace { id, body } => {
                let known = self.current(tx, resource, id).await?;
                self.replace(tx, resource, known, body).await
            }
            Verb::Patch { id, body } => {
                let known = self.current(tx, resource, id).await?;
                self.patch(tx, resource, known, body).await
            }
            Verb::Delete { id } => {
                let known = self.current(tx, resource, id).await?;
                Ok(self.delete(resource, known))
            }
        }
    }

    /// The resource as it is, if it is what the client thinks it is.
    async fn current(
        &self,
        tx: &mut ReadTx,
        resource: &Resource,
        id: &str,
    ) -> Result<Known, Failure> {
        let known = one(&self.view, tx, resource, id).await?;
        if self.if_match.as_deref().is_some_and(|list| !matches_tag(list, &tag(&known))) {
            return Err(Failure::new(412, "", "the resource was changed in between"));
        }
        Ok(known)
    }

    fn local(&self, resource: &Resource, verb: LocalVerb, entity: Option<EntityId>) -> LocalChange {
        LocalChange {
            verb,
            type_name: resource.type_name.clone(),
            entity,
            set: Vec::new(),
            if_version: None,
            by: self.view.ctx.clone(),
        }
    }

    /// A change of attributes of a resource that is there.
    pub(crate) fn change_of(
        &self,
        resource: &Resource,
        known: Option<&Known>,
        set: Vec<(Text, Option<Value>)>,
    ) -> LocalChange {
        let entity = known.map(|known| known.entity.id);
        LocalChange { set, ..self.local(resource, LocalVerb::Change, entity) }
    }

    async fn create(
        &self,
        tx: &mut Tx,
        resource: &Resource,
        body: &Json,
    ) -> Result<Prepared, Failure> {
        let view = &self.view;
        if let Some(known) = self.known_record(tx, resource, body).await? {
            return self.lay_over(tx, resource, known, body).await;
        }
        check_schemas(resource, body);
        let mut after = coerce(resource, body)?;
        let members = taken_members(resource, body, &mut after)?;
        check_required(resource, &after)
            .map_err(|name| Failure::invalid_value(format!("`{name}` is required")))?;
        give_names(resource, &mut after);
        let mut change = change(view, tx, resource, None, (&after, Absence::Unsaid)).await?;
        let mut local = self.local(resource, LocalVerb::Create, None);
        local.set = std::mem::take(&mut change.set);
        local.set.retain(|(_, value)| value.is_some());
        let back = self.comes_back(tx, resource, &mut local).await?;
        self.give_key(tx, resource, &mut local).await?;
        Ok(Prepared {
            known: None,
            main: Some(local),
            external_id: external_id(body)?.beside(None),
            members: members.map(MembersChange::exactly).unwrap_or_default(),
            touched: back.into_iter().collect(),
            is_delete: false,
            change: Change { extras: change.extras.or_else(|| Some(Map::new())), ..change },
        })
    }

    /// Whom a record is about that the client's source sends again.
    async fn known_record(
        &self,
        tx: &mut ReadTx,
        resource: &Resource,
        body: &Json,
    ) -> Result<Option<Known>, Failure> {
        if !self.view.is_inbox || self.source()?.is_none() {
            return Ok(None);
        }
        let OwnId::Is(id) = external_id(body)? else { return Ok(None) };
        let names = self.view.opened.names.type_names(resource.type_id);
        let type_no = names.map_or(0, |names| names.no);
        let found = tx.entities_with_external_id(&self.view.client, type_no, &id, 1).await?;
        let Some(id) = found.first() else { return Ok(None) };
        match one(&self.view, tx, resource, &id.to_string()).await {
            Ok(known) => Ok(Some(known)),
            // Whoever left comes back.
            Err(failure) if failure.error.status == 404 => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// What a record says is laid over what was said before; what it leaves out stays.
    async fn lay_over(
        &self,
        tx: &mut Tx,
        resource: &Resource,
        known: Known,
        body: &Json,
    ) -> Result<Prepared, Failure> {
        let before = self.shown(tx, resource, &known, Computed::Left).await?;
        let mut said = coerce(resource, body)?;
        let members = taken_members(resource, body, &mut said)?;
        let mut after = coerce(resource, &before)?;
        for (name, value) in said {
            match (after.get_mut(&name), value) {
                (Some(Json::Object(old)), Json::Object(new)) => old.extend(new),
                (_, value) => drop(after.insert(name, value)),
            }
        }
        let was = Some((&before, &known));
        let mut change = change(&self.view, tx, resource, was, (&after, Absence::Unsaid)).await?;
        change.active = change.active.filter(|_| said_in(body, "active"));
        let members = members.map(MembersChange::exactly).unwrap_or_default();
        Ok(self.changed(resource, known, change, (OwnId::Stays, members)))
    }

    /// Whoever was deleted and has a name that must be unique comes back under it.
    async fn comes_back(
        &self,
        tx: &mut ReadTx,
        resource: &Resource,
        local: &mut LocalChange,
    ) -> Result<Option<EntityId>, Failure> {
        let Some(names) = self.view.opened.names.type_names(resource.type_id) else {
            return Ok(None);
        };
        for field in &resource.fields {
            let said = local.set.iter().find(|(name, _)| *name == field.name);
            let Some((_, Some(Value::Text(text)))) = said else { continue };
            let found = match field.found_by {
                None => continue,
                Some(FoundBy::Key) => {
                    tx.entity_ids_by_key(names.no, std::slice::from_ref(text)).await?
                }
                Some(FoundBy::Unique) => {
                    let no = self.view.opened.names.attribute_no(resource.type_id, field.slot);
                    let Some(no) = no else { continue };
                    tx.unique_value_holders(names.no, no, &[text.to_lowercase().into()]).await?
                }
            };
            let Some(Some(id)) = found.first() else { continue };
            let Some(entity) = tx.entity(*id).await?.filter(|e| e.absent_since.is_some()) else {
                continue;
            };
            let key = self.view.opened.model.schema.get(resource.type_id).map(|of| of.key);
            let key = key
                .and_then(|slot| self.view.opened.model.schema.attribute(resource.type_id, slot));
            if let Some(key) = key {
                local.set.retain(|(name, _)| *name != key.name);
                local.set.push((key.name.clone(), Some(Value::Text(entity.key))));
                quirks::note(Quirk::CameBack);
                return Ok(Some(entity.id));
            }
        }
        Ok(None)
    }

    /// Gives a key to whoever has none and for whose type none is generated: the name, with a number where that is taken.
    async fn give_key(
        &self,
        tx: &mut ReadTx,
        resource: &Resource,
        local: &mut LocalChange,
    ) -> Result<(), Failure> {
        let model = &self.view.opened.model;
        let Some(key) = model.schema.get(resource.type_id).and_then(|of| of.attribute(of.key))
        else {
            return Ok(());
        };
        let behaviour = model.types.get(resource.type_id.index());
        let is_generated =
            behaviour.is_some_and(|of| of.generated.iter().any(|(slot, _)| *slot == key.slot));
        let is_said = local.set.iter().any(|(name, _)| *name == key.name);
        if is_said || is_generated || key.value_type != ValueType::Text {
            return Ok(());
        }
        let named = resource.fields.iter().find(|field| field.found_by == Some(FoundBy::Unique));
        let name = named.and_then(|named| {
            let (_, value) = local.set.iter().find(|(name, _)| *name == named.name)?;
            value.as_ref()?.as_text().cloned()
        });
        let (Some(name), Some(names)) = (name, self.view.opened.names.type_names(resource.type_id))
        else {
            return Ok(());
        };
        for n in 1..=MOST_KEYS {
            let candidate: Text = if n == 1 { name.clone() } else { format!("{name}-{n}").into() };
            let found = tx.entity_ids_by_key(names.no, std::slice::from_ref(&candidate)).await?;
            if found.into_iter().flatten().next().is_none() {
                local.set.push((key.name.clone(), Some(Value::Text(candidate))));
                return Ok(());
            }
        }
        Ok(())
    }

    async fn replace(
        &self,
        tx: &mut Tx,
        resource: &Resource,
        known: Known,
        body: &Json,
    ) -> Result<Prepared, Failure> {
        let view = &self.view;
        check_schemas(resource, body);
        if body.get("id").and_then(Json::as_str).is_some_and(|id| id != known.entity.id.to_string())
        {
            return Err(Failure::mutability("`id` cannot be changed"));
        }
        let mut after = coerce(resource, body)?;
        let members = taken_members(resource, body, &mut after)?;
        check_required(resource, &after)
            .map_err(|name| Failure::invalid_value(format!("`{name}` is required")))?;
        let before = self.shown(tx, resource, &known, Computed::Shown).await?;
        keep_unsaid(resource, &before, &mut after);
        let own = self.source()?.map(|source| source.id);
        let foreign = foreign_slots(view, tx, resource, (known.entity.id, own)).await?;
        for field in resource.fields.iter().filter(|field| foreign.contains(&field.slot)) {
            // What a source says stays when the client does not say it.
            let mut wanted = Json::Object(std::mem::take(&mut after));
            if get(&wanted, &field.path).is_none()
                && let Some(value) = get(&before, &field.path)
            {
                set(&mut wanted, &field.path, value);
            }
            if let Json::Object(map) = wanted {
                after = map;
            }
        }
        let said = Some((&before, &known));
        let mut change = change(view, tx, resource, said, (&after, Absence::Unsaid)).await?;
        change.active = change.active.filter(|_| said_in(body, "active"));
        let external_id = external_id(body)?;
        let members = members.map(MembersChange::exactly).unwrap_or_default();
        Ok(self.changed(resource, known, change, (external_id, members)))
    }

    async fn patch(
        &self,
        tx: &mut Tx,
        resource: &Resource,
        known: Known,
        body: &Json,
    ) -> Result<Prepared, Failure> {
        let view = &self.view;
        // What is computed is no value that could be changed.
        let before = self.shown(tx, resource, &known, Computed::Left).await?;
        let mut after = before.clone();
        let patched = patch::apply(resource, body, &mut after)?;
        let after = coerce(resource, &after)?;
        check_required(resource, &after)
            .map_err(|name| Failure::mutability(format!("`{name}` cannot be taken away")))?;
        let said = Some((&before, &known));
        let mut change =
            change(view, tx, resource, said, (&after, Absence::Removed(&patched.removed))).await?;
        change.active = change.active.filter(|_| patched.names_active);
        Ok(self.changed(resource, known, change, (patched.external_id, patched.members)))
    }

    fn changed(
        &self,
        resource: &Resource,
        known: Known,
        mut change: Change,
        (external_id, members): (OwnId, MembersChange),
    ) -> Prepared {
        let set = std::mem::take(&mut change.set);
        let mut local = self.local(resource, LocalVerb::Change, Some(known.entity.id));
        local.set = set;
        let active = change.active.filter(|active| {
            let is_suspended = known.suspended_here;
            if *active { is_suspended } else { !is_suspended }
        });
        Prepared {
            touched: [known.entity.id].into_iter().collect(),
            main: (!local.set.is_empty()).then_some(local),
            change: Change { active, ..change },
            external_id: external_id.beside(known.external_id.as_ref()),
            members,
            is_delete: false,
            known: Some(known),
        }
    }

    fn delete(&self, resource: &Resource, known: Known) -> Prepared {
        let members = if resource.members.is_empty() {
            MembersChange::default()
        } else {
            MembersChange::exactly([])
        };
        Prepared {
            touched: [known.entity.id].into_iter().collect(),
            main: Some(self.local(resource, LocalVerb::Remove, Some(known.entity.id))),
            change: Change::default(),
            external_id: OwnId::Goes.beside(known.external_id.as_ref()),
            members,
            is_delete: true,
            known: Some(known),
        }
    }

    async fn shown(
        &self,
        tx: &mut ReadTx,
        resource: &Resource,
        known: &Known,
        computed: Computed,
    ) -> Result<Json, Failure> {
        let ends = ends(&self.view, tx, resource, std::slice::from_ref(known)).await?;
        Ok(render(&self.view, resource, known, (&ends, computed)))
    }
}

/// Counts what is said without its schema; nothing hangs on it.
fn check_schemas(resource: &Resource, body: &Json) {
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
fn check_required<'r>(resource: &'r Resource, after: &Map<String, Json>) -> Result<(), &'r str> {
    let attributes = resource.schemas.first().into_iter().flat_map(|schema| &schema.attributes);
    // A name that the model requires is made of others, and whoever comes is active unless it is said otherwise.
    let mut required = attributes.filter(|a| a.required && a.name != "name" && a.name != "active");
    let missing = required.find(|attribute| after.get(&attribute.name).is_none_or(is_nothing));
    missing.map_or(Ok(()), |attribute| Err(&attribute.name))
}

/// Takes parts of a name that the model requires and nobody gave from other names.
fn give_names(resource: &Resource, after: &mut Map<String, Json>) {
    let mut wanted = Json::Object(std::mem::take(after));
    for field in &resource.fields {
        let is_name = field.path.attribute.name == "name" && field.path.attribute.schema.is_none();
        let is_missing = matches!(field.source, FieldSource::Kept { required: true })
            && get(&wanted, &field.path).is_none();
        if !is_name || !is_missing {
            continue;
        }
        let part = field.path.attribute.sub.as_deref().unwrap_or_default();
        if let Some(name) = name_from(&wanted, part) {
            quirks::note(Quirk::NameFromOther);
            set(&mut wanted, &field.path, json!(name));
        }
    }
    if let Json::Object(map) = wanted {
        *after = map;
    }
}

fn said_in(body: &Json, name: &str) -> bool {
    body.as_object().is_some_and(|map| map.keys().any(|key| key.eq_ignore_ascii_case(name)))
}

fn is_nothing(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.trim().is_empty(),
        Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => false,
    }
}

/// A part of a name from the whole name, the name to show, or the name to sign in with.
fn name_from(json: &Json, part: &str) -> Option<String> {
    let text = |pointer: &str| json.pointer(pointer).and_then(Json::as_str);
    let whole = text("/name/formatted").or_else(|| text("/displayName"));
    let whole = whole.or_else(|| text("/userName")?.split('@').next())?;
    let words: Vec<&str> = whole.split([' ', '.', '_']).filter(|word| !word.is_empty()).collect();
    let word = if part == "givenName" { words.first() } else { words.last() };
    word.map(|word| (*word).to_owned())
}

/// The ids of the members in a body; `None` when it does not say.
fn taken_members(
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

fn external_id(body: &Json) -> Result<OwnId, Failure> {
    let mut members = body.as_object().into_iter().flatten();
    OwnId::read(members.find(|(key, _)| key.eq_ignore_ascii_case("externalId")).map(|(_, id)| id))
}

/// A PUT that does not name an extension of ours leaves it as it is.
fn keep_unsaid(resource: &Resource, before: &Json, after: &mut Map<String, Json>) {
    let own = resource.schemas.iter().skip(1).map(|schema| schema.id.as_str());
    for name in own.filter(|id| *id != urn::ENTERPRISE_USER) {
        if let (false, Some(value)) = (after.contains_key(name), before.get(name)) {
            after.insert(name.to_owned(), value.clone());
        }
    }
}

/// The attributes of an entity that a connected source with a record of it says, other than the client's own.
async fn foreign_slots(
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
