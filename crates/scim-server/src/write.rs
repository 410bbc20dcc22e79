//! Creating, replacing, patching and deleting: what each needs, worked out within the transaction that writes it.

use std::{collections::BTreeSet, sync::Arc};

use muster_engine::{LocalChange, LocalVerb, Push, source_of_client};
use muster_model::{EntityId, Text, Value};
use muster_policy::System;
use muster_scim::{get, set};
use muster_store::{ReadTx, Tx};
use serde_json::{Map, Value as Json};

use crate::{
    bulk::Line,
    change::{Absence, Change, change},
    coerce::coerce,
    error::Failure,
    load::{Known, ends},
    mapping::Resource,
    patch::{self, MembersChange, OwnId},
    read::{matches_tag, one},
    render::{Computed, render, tag},
    select::Selection,
    view::View,
};

mod names;
mod said;

use names::give_names;
use said::{
    check_required, check_schemas, external_id, foreign_slots, keep_unsaid, said_in, taken_members,
};

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
