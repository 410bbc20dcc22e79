//! One change of one resource: what is sent, and what the answer means.
//!
//! Doing a change twice is doing it once: what is done already is success.

use std::sync::Arc;

use muster_connector::ConnectorError;
use muster_http::Method;
use muster_model::{Applied, Change, ObjectRef, Text, Value};
use muster_scim::{AttributeKind, Operation, OperationKind, Patch, Path, error_types, set};
use serde_json::{Map, Value as Json, json};

use crate::{
    class::{Class, Place, path_of_attribute},
    edit::{self, Sent, Target, later, patch_use},
    error,
    find::{by_name, id_for, name_of},
    members,
    profile::{PatchUse, Quirks},
    service::{Service, id_of, path_of, with_body},
    value::{boolean, to_json},
};

/// Does `change`.
pub(crate) async fn run(service: &Service, change: &Change) -> Result<Applied, ConnectorError> {
    let class = service.class(&change.object().class).await?;
    let quirks = service.quirks().await?;
    let work = Work { service, class: &class, quirks };
    match change {
        Change::Create { object, values, enabled } => work.create(object, values, *enabled).await,
        Change::Update { object, values } => work.update(object, values).await,
        Change::Rename { object, to } => work.rename(object, to).await,
        Change::SetEnabled { object, enabled } => work.set_enabled(object, *enabled).await,
        Change::Delete { object } => work.delete(object).await,
        Change::Members { object, attribute, add, remove } => {
            let path = path_of_attribute(attribute)?;
            let id = id_for(service, &class, object).await?;
            let target = Target::new(&class, &id, &object.name);
            members::change(service, &target, &path, add, remove).await?;
            Ok(target.applied())
        }
    }
}

struct Work<'a> {
    service: &'a Service,
    class: &'a Class,
    quirks: Quirks,
}

impl Work<'_> {
    async fn create(
        &self,
        object: &ObjectRef,
        values: &[(Text, Value)],
        enabled: Option<bool>,
    ) -> Result<Applied, ConnectorError> {
        let taken = || ConnectorError::AlreadyExists { name: object.name.clone() };
        if object.name.is_empty() {
            return Err(ConnectorError::Invalid("an object needs a name".to_owned()));
        }
        // The server takes no care of these names, so two of one name could be made.
        if !self.class.unique_names
            && by_name(self.service, self.class, &object.name).await?.is_some()
        {
            return Err(taken());
        }
        let body = self.new_resource(object, values, enabled)?;
        let request = with_body(Method::Post, self.class.endpoint.clone(), &body)?;
        let answer = self.service.send(&request).await?;
        if answer.status() == 409 {
            return Err(taken());
        }
        if !answer.is_success() {
            return Err(error::from_answer(&answer, &object.name));
        }
        if let Some(later) = later(&answer) {
            return Ok(Applied { pending: Some(later), ..Applied::default() });
        }
        let telling = |name: &str| name == "id" || self.class.name.attribute.is_in(name);
        let made = answer.json_members(telling).map(Json::Object).unwrap_or_default();
        let from_place = || {
            let place = answer.header("location")?.split('?').next()?;
            place.trim_end_matches('/').rsplit('/').next().map(Text::from)
        };
        let mut id = id_of(&made).or_else(from_place);
        if id.is_none() {
            let found = by_name(self.service, self.class, &object.name).await?;
            id = found.as_ref().and_then(id_of);
        }
        let name = name_of(self.class, &made).filter(|name| *name != object.name);
        if let (Some(id), true) = (&id, self.class.unique_names) {
            self.service.names.note(id, name.as_ref().unwrap_or(&object.name));
        }
        Ok(Applied { id, name, ..Applied::default() })
    }

    fn new_resource(
        &self,
        object: &ObjectRef,
        values: &[(Text, Value)],
        enabled: Option<bool>,
    ) -> Result<Json, ConnectorError> {
        let mut resource = Json::Object(Map::new());
        let mut places = Vec::with_capacity(values.len());
        for (attribute, value) in values {
            let place = self.class.place(attribute)?;
            self.put(&mut resource, &place, value);
            places.push(place);
        }
        set(&mut resource, &self.class.name, json!(object.name.as_ref()));
        if let (Some(enabled), true) = (enabled, self.class.is_account) {
            set(&mut resource, &Path::plain("active"), boolean(enabled, self.quirks.booleans));
        }
        let paths = places.iter().map(|place| &place.path);
        let schemas = self.class.schemas_of(std::iter::once(&self.class.name).chain(paths));
        if let Some(map) = resource.as_object_mut() {
            map.insert("schemas".to_owned(), json!(schemas));
        }
        Ok(resource)
    }

    /// Puts a value of the model into a resource; lists keep what they know of values that stay.
    fn put(&self, resource: &mut Json, place: &Place, value: &Value) {
        let json = to_json(place, value, self.quirks.booleans);
        let Place { path, kind, is_many } = place;
        let is_list = path.filter.is_none()
            && path.attribute.sub.is_none()
            && *is_many
            && *kind == Some(AttributeKind::Complex);
        if !is_list {
            return set(resource, path, json);
        }
        let mut values = path.clone();
        values.attribute.sub = Some("value".to_owned());
        let texts = json.as_array().into_iter().flatten().filter_map(|item| item.get("value"));
        let texts: Vec<Json> = texts.cloned().collect();
        if texts.is_empty() {
            set(resource, path, Json::Null);
        } else {
            set(resource, &values, Json::Array(texts));
        }
    }

    async fn update(
        &self,
        object: &ObjectRef,
        values: &[(Text, Value, Value)],
    ) -> Result<Applied, ConnectorError> {
        let id = id_for(self.service, self.class, object).await?;
        let target = Target::new(self.class, &id, &object.name);
        let mut wanted: Vec<(Arc<Place>, &Value)> = Vec::with_capacity(values.len());
        for (attribute, _, new) in values {
            wanted.push((self.class.place(attribute)?, new));
        }
        let how = patch_use(self.class, &self.quirks);
        let is_direct = |place: &Place| {
            let is_single = place.path.filter.is_none() && !place.is_many;
            is_single || (how == PatchUse::Entra && place.path.filter.is_some())
        };
        if how != PatchUse::None && wanted.iter().all(|(place, _)| is_direct(place)) {
            let operations =
                wanted.iter().map(|(place, value)| self.operation(place, value)).collect();
            if self.patch_directly(&target, Patch { operations }).await? {
                return Ok(target.applied());
            }
        }
        let change = |resource: &mut Json| {
            for (place, value) in &wanted {
                self.put(resource, place, value);
            }
        };
        edit::modify(self.service, &target, &change).await?;
        Ok(target.applied())
    }

    fn operation(&self, place: &Place, value: &Value) -> Operation {
        let value = to_json(place, value, self.quirks.booleans);
        let path = Some(place.path.clone());
        if value.is_null() {
            Operation { kind: OperationKind::Remove, path, value: None }
        } else {
            Operation { kind: OperationKind::Replace, path, value: Some(value) }
        }
    }

    /// Sends a PATCH without reading first. False when the resource must be read after all: the server knows no PATCH,
    /// or a value to remove is gone already.
    async fn patch_directly(
        &self,
        target: &Target<'_>,
        patch: Patch,
    ) -> Result<bool, ConnectorError> {
        if patch.operations.is_empty() {
            return Ok(true);
        }
        match edit::patch(self.service, target, &patch, None).await? {
            Sent::Done => Ok(true),
            Sent::NotSupported | Sent::Changed => Ok(false),
            Sent::Refused(answer) => {
                let kind = error::scim_type(&answer).unwrap_or_default();
                let removes = patch.operations.iter().any(|op| op.kind == OperationKind::Remove);
                if answer.status() == 400 && (kind == error_types::NO_TARGET || removes) {
                    return Ok(false);
                }
                Err(error::from_answer(&answer, target.name))
            }
        }
    }

    async fn set_enabled(
        &self,
        object: &ObjectRef,
        enabled: bool,
    ) -> Result<Applied, ConnectorError> {
        if !self.class.is_account {
            return Err(ConnectorError::Invalid(format!(
                "`{}` is not an account, so it cannot be disabled",
                object.name
            )));
        }
        let flag = boolean(enabled, self.quirks.booleans);
        self.set_one(object, &Path::plain("active"), flag).await
    }

    /// Replaces one attribute that has one value.
    async fn set_one(
        &self,
        object: &ObjectRef,
        path: &Path,
        value: Json,
    ) -> Result<Applied, ConnectorError> {
        let id = id_for(self.service, self.class, object).await?;
        let target = Target::new(self.class, &id, &object.name);
        let operation = Operation {
            kind: OperationKind::Replace,
            path: Some(path.clone()),
            value: Some(value.clone()),
        };
        let is_done = patch_use(self.class, &self.quirks) != PatchUse::None
            && self.patch_directly(&target, Patch { operations: vec![operation] }).await?;
        if !is_done {
            let change = |resource: &mut Json| set(resource, path, value.clone());
            edit::modify(self.service, &target, &change).await?;
        }
        let applied = target.applied();
        Ok(Applied { id: Some(id), ..applied })
    }

    async fn rename(&self, object: &ObjectRef, to: &Text) -> Result<Applied, ConnectorError> {
        let id = id_for(self.service, self.class, object).await?;
        if !self.class.unique_names {
            let there = by_name(self.service, self.class, to).await?.as_ref().and_then(id_of);
            if there.is_some_and(|there| there != id) {
                return Err(ConnectorError::AlreadyExists { name: to.clone() });
            }
        }
        let by_id = ObjectRef { id: id.clone(), ..object.clone() };
        let renamed = self.set_one(&by_id, &self.class.name, json!(to.as_ref())).await;
        match renamed {
            Err(ConnectorError::AlreadyExists { .. }) => {
                Err(ConnectorError::AlreadyExists { name: to.clone() })
            }
            Err(error) => Err(error),
            Ok(applied) if applied.pending.is_some() => Ok(applied),
            Ok(_) => {
                if self.class.unique_names {
                    self.service.names.note(&id, to);
                }
                Ok(Applied { id: Some(id), name: Some(to.clone()), ..Applied::default() })
            }
        }
    }

    async fn delete(&self, object: &ObjectRef) -> Result<Applied, ConnectorError> {
        let id = match id_for(self.service, self.class, object).await {
            Ok(id) => id,
            Err(ConnectorError::NotFound { .. }) => return Ok(Applied::default()),
            Err(error) => return Err(error),
        };
        let request = muster_http::Request::new(Method::Delete, path_of(self.class, &id)?);
        let answer = self.service.send(&request).await?;
        match answer.status() {
            200..=299 | 404 | 410 => {
                self.service.names.forget(&id);
                Ok(Applied { pending: later(&answer), ..Applied::default() })
            }
            _ => Err(error::from_answer(&answer, &object.name)),
        }
    }
}
