//! Reads objects page by page, all of them or what changed, and single ones.

use std::{collections::HashSet, sync::Arc};

use jiff::Timestamp;
use muster_connector::{BadObject, ConnectorError, Field, ReadEnd, ReadObject, ReadRequest, Sink};
use muster_model::{Object, ObjectRef, Text, Value};
use muster_scim::{AttributePath, Path};
use serde_json::Value as Json;

use crate::{
    class::{Class, is_members, path_of_attribute},
    find,
    pages::{self, Query, Take, walk},
    service::{Service, id_of},
    since::{self, Versions},
    value::{from_json, read_boolean},
};

/// How the fields of a read are taken out of a resource.
struct Shape {
    class: Arc<Class>,
    fields: Vec<(Path, bool)>,
    /// The field that holds members, whose ids become names.
    members: Option<usize>,
}

impl Shape {
    fn new(class: Arc<Class>, fields: &[Field]) -> Result<Self, ConnectorError> {
        let paths: Result<Vec<_>, _> =
            fields.iter().map(|field| Ok((path_of_attribute(&field.name)?, field.many))).collect();
        let fields = paths?;
        let members = fields.iter().position(|(path, _)| is_members(path));
        Ok(Self { class, fields, members })
    }

    /// Makes sure that the members of these resources can be named.
    async fn know_members(
        &self,
        service: &Service,
        resources: &[Json],
    ) -> Result<(), ConnectorError> {
        let Some((path, _)) = self.members.and_then(|at| self.fields.get(at)) else {
            return Ok(());
        };
        let mut ids = Vec::new();
        for resource in resources {
            let value = from_json(muster_scim::get(resource, path), true);
            ids.extend(value.items().iter().filter_map(Value::as_text).cloned());
        }
        service.names.know(service, &ids).await
    }

    fn object(&self, service: &Service, resource: &Json) -> Result<Object, BadObject> {
        let name = find::name_of(&self.class, resource);
        let id = id_of(resource);
        let (Some(id), Some(name)) = (id.clone(), name.clone()) else {
            let (missing, place) = match &id {
                None => ("id".to_owned(), name.clone().unwrap_or_default()),
                Some(id) => (self.class.name.to_string(), id.clone()),
            };
            let problem = format!("it has no `{missing}`");
            return Err(BadObject { place: place.to_string(), problem, name });
        };
        let mut values = Vec::with_capacity(self.fields.len());
        for (at, (path, many)) in self.fields.iter().enumerate() {
            let value = from_json(muster_scim::get(resource, path), *many);
            values.push(if self.members == Some(at) { named(service, &value) } else { value });
        }
        let active = || resource.get("active").and_then(read_boolean).unwrap_or(true);
        let enabled = self.class.is_account.then(active);
        Ok(Object { id, name, enabled, values })
    }
}

/// Members by their names; one that is not known by name keeps its id.
fn named(service: &Service, ids: &Value) -> Value {
    let name = |id: &Text| service.names.name_of(id).unwrap_or_else(|| id.clone());
    let names = ids.items().iter().filter_map(Value::as_text).map(|id| Value::Text(name(id)));
    Value::set(names.collect())
}

/// Hands resources over as objects, in batches that are not too large.
struct HandOver<'a> {
    service: &'a Service,
    shape: &'a Shape,
    sink: &'a mut dyn Sink,
    batch: usize,
    /// Versions as known before; what has not changed since is not handed over.
    before: Option<&'a Versions>,
    now: Versions,
    remembers: bool,
    latest: Option<Timestamp>,
}

impl Take for HandOver<'_> {
    async fn take(&mut self, resources: Vec<Json>) -> Result<(), ConnectorError> {
        self.shape.know_members(self.service, &resources).await?;
        let mut objects = Vec::with_capacity(resources.len().min(self.batch));
        let is_member_class = self.shape.class.unique_names;
        for resource in resources {
            if self.remembers {
                self.latest = since::later(self.latest, &resource);
                if let Some((id, version)) = since::version(&resource) {
                    let is_known = self.before.is_some_and(|old| old.get(&id) == Some(&version));
                    self.now.insert(id, version);
                    if is_known {
                        continue;
                    }
                }
            }
            match self.shape.object(self.service, &resource) {
                Ok(object) => {
                    if is_member_class {
                        self.service.names.note(&object.id, &object.name);
                    }
                    objects.push(ReadObject { object, line: 0 });
                }
                Err(bad) => self.sink.bad(bad).await?,
            }
            if objects.len() == self.batch {
                self.sink.objects(std::mem::take(&mut objects)).await?;
            }
        }
        if objects.is_empty() { Ok(()) } else { self.sink.objects(objects).await }
    }
}

/// Reads the objects of a class into `sink`: all of them, or what changed where that can be told.
pub(crate) async fn read(
    service: &Service,
    request: &ReadRequest,
    sink: &mut dyn Sink,
) -> Result<ReadEnd, ConnectorError> {
    if request.class.is_empty() {
        let wanted = "a SCIM read needs a resource type, such as `object: User`";
        return Err(ConnectorError::Settings(wanted.to_owned()));
    }
    let class = service.class(&request.class).await?;
    let shape = Shape::new(class, &request.fields)?;
    let quirks = service.quirks().await?;
    let before = service.seen.take(&request.class);
    let changed = request.since.as_deref().and_then(since::filter);
    let changed = changed.filter(|_| service.settings.incremental && quirks.filter);
    let (before, changed) = match (before, changed) {
        (Some(before), Some(changed)) => (Some(before), Some(changed)),
        _ => (None, None),
    };
    let own = shape.class.filter.as_ref().map(ToString::to_string);
    let filter = match (own, &changed) {
        (Some(own), Some(changed)) => Some(format!("({own}) and {changed}")),
        (own, changed) => own.or_else(|| changed.clone()),
    };
    // Members of large groups are left out where nobody asks for them.
    let has_members = shape.class.is_many(&AttributePath::plain("members"));
    let selection = (has_members && shape.members.is_none())
        .then(|| ("excludedAttributes", "members".to_owned()));
    let (page_size, cursors) = (quirks.page_size, quirks.cursors);
    let query = Query { class: &shape.class, filter, selection, page_size, cursors };
    let mut take = HandOver {
        service,
        shape: &shape,
        sink,
        batch: request.batch.max(1),
        before: before.as_ref(),
        now: Versions::new(),
        remembers: service.settings.incremental,
        latest: request.since.as_deref().filter(|_| changed.is_some()).and_then(|s| s.parse().ok()),
    };
    let problem = walk(service, &query, &mut take).await?;
    let (now, latest) = (take.now, take.latest);
    let walked = Walked { problem, now, latest };
    end_of(service, &request.class, &shape.class, before, walked).await
}

/// What a walk left behind.
struct Walked {
    problem: Option<String>,
    now: Versions,
    latest: Option<Timestamp>,
}

/// How the read ended, with what an incremental one must find out about deletions.
async fn end_of(
    service: &Service,
    name: &str,
    class: &Class,
    before: Option<Versions>,
    walked: Walked,
) -> Result<ReadEnd, ConnectorError> {
    let incremental = before.is_some();
    let mut end = ReadEnd {
        complete: walked.problem.is_none(),
        incremental,
        cursor: None,
        deleted: Vec::new(),
        problem: walked.problem,
    };
    if !end.complete || !service.settings.incremental {
        return Ok(end);
    }
    let mut known = before.unwrap_or_default();
    known.extend(walked.now);
    if incremental {
        match deleted(service, class, &known).await {
            Ok(deleted) => end.deleted = deleted,
            Err(error) => {
                (end.complete, end.problem) =
                    (false, Some(format!("deletions could not be found out: {error}")));
                return Ok(end);
            }
        }
        for id in &end.deleted {
            known.remove(id);
            service.names.forget(id);
        }
    }
    end.cursor = walked.latest.map(|latest| latest.to_string().into());
    service.seen.put(name, known);
    Ok(end)
}

/// The ids that are not there any more; they are listed only when the server counts fewer.
async fn deleted(
    service: &Service,
    class: &Class,
    known: &Versions,
) -> Result<Vec<Text>, ConnectorError> {
    let n_known = u64::try_from(known.len()).unwrap_or(u64::MAX);
    if pages::total(service, class).await? == Some(n_known) {
        return Ok(Vec::new());
    }
    let quirks = service.quirks().await?;
    let mut ids = Ids(HashSet::new());
    let query = Query {
        class,
        filter: class.filter.as_ref().map(ToString::to_string),
        selection: Some(("attributes", "id".to_owned())),
        page_size: quirks.page_size,
        cursors: quirks.cursors,
    };
    if let Some(problem) = walk(service, &query, &mut ids).await? {
        return Err(ConnectorError::Unreachable(problem));
    }
    let mut gone: Vec<Text> = known.keys().filter(|id| !ids.0.contains(*id)).cloned().collect();
    gone.sort_unstable();
    Ok(gone)
}

struct Ids(HashSet<Text>);

impl Take for Ids {
    async fn take(&mut self, resources: Vec<Json>) -> Result<(), ConnectorError> {
        self.0.extend(resources.iter().filter_map(id_of));
        Ok(())
    }
}

/// One object, by id, else by name.
pub(crate) async fn get(
    service: &Service,
    object: &ObjectRef,
    fields: &[Field],
) -> Result<Option<Object>, ConnectorError> {
    let shape = Shape::new(service.class(&object.class).await?, fields)?;
    let by_id = match object.id.as_ref() {
        "" => None,
        id => find::by_id(service, &shape.class, id).await?.map(|found| found.resource),
    };
    let found = match by_id {
        Some(found) => Some(found),
        None => find::by_name(service, &shape.class, &object.name).await?,
    };
    let Some(resource) = found else { return Ok(None) };
    let resources = [resource];
    shape.know_members(service, &resources).await?;
    let [resource] = resources;
    let bad =
        |bad: BadObject| ConnectorError::Malformed(format!("`{}`: {}", bad.place, bad.problem));
    shape.object(service, &resource).map(Some).map_err(bad)
}
