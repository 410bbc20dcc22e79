//! Changes: each one request or two, checked against what the service answers.

use muster_connector::{ConnectorError, json};
use muster_http::{Method, Request};
use muster_model::{Applied, Change, ObjectRef, Text, Value, name_key};
use serde_json::{Map, Value as Json};

use crate::{
    Rest, item, read,
    settings::{Class, Operation, State},
    template::Scope,
};

/// Does one change.
pub(crate) async fn apply(rest: &Rest, change: &Change) -> Result<Applied, ConnectorError> {
    let class = rest.class(&change.object().class)?;
    match change {
        Change::Create { object, values, enabled } => {
            create(rest, class, object, values, *enabled).await
        }
        Change::Update { object, values } => {
            let values = values.iter().map(|(name, _, new)| (name, json::json_of(new)));
            update(rest, class, object, values.collect()).await
        }
        Change::Rename { object, to } => rename(rest, class, object, to).await,
        Change::SetEnabled { object, enabled } => set_enabled(rest, class, object, *enabled).await,
        Change::Delete { object } => delete(rest, class, object).await,
        Change::Members { object, attribute, add, remove } => {
            members(rest, class, object, attribute, add, remove).await
        }
    }
}

fn missing(object: &ObjectRef, operation: &str) -> ConnectorError {
    ConnectorError::Invalid(format!(
        "class `{}` has no `{operation}` in the settings (wanted for `{}`)",
        object.class, object.name
    ))
}

fn not_found(object: &ObjectRef) -> ConnectorError {
    ConnectorError::NotFound { name: object.name.clone() }
}

/// Set for an answer that says that the change will be made later; services have no common place for its number.
fn pending(response: &muster_http::Response) -> Option<Text> {
    (response.status() == 202).then(|| "".into())
}

/// Values as a document, nested by their paths.
fn nested<'v>(values: impl Iterator<Item = (&'v Text, Json)>) -> Map<String, Json> {
    let mut map = Map::new();
    for (name, value) in values {
        item::put(&mut map, name, value);
    }
    map
}

/// A state as JSON: `true` and `false` are booleans.
fn state_json(state: &State, enabled: bool) -> Json {
    match if enabled { &*state.on } else { &*state.off } {
        "true" => Json::Bool(true),
        "false" => Json::Bool(false),
        text => Json::from(text),
    }
}

impl Rest {
    /// The request of an operation without a usual body; `None` when a value makes no path.
    #[expect(clippy::unused_self, reason = "it reads as what the service is asked")]
    pub(crate) fn request(&self, operation: &Operation, scope: &Scope) -> Option<Request> {
        let mut request = Request::new(operation.method, operation.path.path(scope)?);
        for (name, value) in &operation.query {
            request = request.query(&**name, value.text(scope));
        }
        Some(match &operation.body {
            Some(body) => request.body(&operation.content_type, body.json(scope).to_string()),
            None => request,
        })
    }

    /// Sends an operation; `usual` is the body where the settings say none.
    async fn send(
        &self,
        operation: &Operation,
        scope: &Scope,
        usual: Option<Json>,
        object: &ObjectRef,
    ) -> Result<muster_http::Response, ConnectorError> {
        let request = self.request(operation, scope).ok_or_else(|| {
            ConnectorError::Invalid(format!("`{}` cannot stand in a path", object.name))
        })?;
        let takes_body = !matches!(operation.method, Method::Get | Method::Delete);
        let request = match usual {
            Some(usual) if operation.body.is_none() && takes_body => {
                request.body(&operation.content_type, usual.to_string())
            }
            Some(_) | None => request,
        };
        self.call(&request, &object.name).await
    }

    /// The object's id for a path: as known, or as the service tells for its name.
    async fn id_of(
        &self,
        class: &Class,
        object: &ObjectRef,
        operation: &Operation,
    ) -> Result<Text, ConnectorError> {
        let needs_id = operation.path.uses("id");
        if !object.id.is_empty() || !needs_id {
            return Ok(object.id.clone());
        }
        if class.id == class.name {
            return Ok(object.name.clone());
        }
        let found = read::fetch(self, class, object).await?.ok_or_else(|| not_found(object))?;
        item::text(&found, &class.id).ok_or_else(|| {
            ConnectorError::Malformed(format!("`{}` has no `{}`", object.name, class.id))
        })
    }
}

async fn create(
    rest: &Rest,
    class: &Class,
    object: &ObjectRef,
    values: &[(Text, Value)],
    enabled: Option<bool>,
) -> Result<Applied, ConnectorError> {
    let operation = class.create.as_ref().ok_or_else(|| missing(object, "create"))?;
    if object.name.is_empty() {
        return Err(ConnectorError::Invalid("an object needs a name".to_owned()));
    }
    let map = nested(values.iter().map(|(name, value)| (name, json::json_of(value))));
    let state = class.enabled.as_ref().zip(enabled);
    let state = state.map(|(state, enabled)| (&state.path, state_json(state, enabled)));
    let mut usual = map.clone();
    item::put(&mut usual, &class.name, Json::from(&*object.name));
    if let Some((path, state)) = &state {
        item::put(&mut usual, path, state.clone());
    }
    let scope = Scope::default()
        .with("name", &*object.name)
        .with("enabled", state.map_or(Json::Null, |(_, state)| state))
        .with("values", Json::Object(map));
    let response = rest.send(operation, &scope, Some(Json::Object(usual)), object).await?;
    // Some services answer with the object, some with nothing; the next read tells the id then.
    let document: Json = response.json().unwrap_or_default();
    let made = item::at(&document, &operation.item);
    let name = made.and_then(|made| item::text(made, &class.name));
    let name = name.filter(|name| *name != object.name);
    let id = made.and_then(|made| item::text(made, &class.id));
    Ok(Applied { id, name, pending: pending(&response) })
}

async fn update(
    rest: &Rest,
    class: &Class,
    object: &ObjectRef,
    values: Vec<(&Text, Json)>,
) -> Result<Applied, ConnectorError> {
    let operation = class.update.as_ref().ok_or_else(|| missing(object, "update"))?;
    let id = rest.id_of(class, object, operation).await?;
    let mut body = Map::new();
    if class.whole {
        let found = read::fetch(rest, class, object).await?.ok_or_else(|| not_found(object))?;
        if let Json::Object(map) = found {
            body = map;
        }
    }
    for (name, value) in values {
        item::put(&mut body, name, value);
    }
    let body = Json::Object(body);
    let scope =
        Scope::default().with("id", &*id).with("name", &*object.name).with("values", body.clone());
    let response = rest.send(operation, &scope, Some(body), object).await?;
    Ok(Applied { pending: pending(&response), ..Applied::default() })
}

async fn rename(
    rest: &Rest,
    class: &Class,
    object: &ObjectRef,
    to: &Text,
) -> Result<Applied, ConnectorError> {
    let operation = class.rename.as_ref().ok_or_else(|| missing(object, "rename"))?;
    if to.is_empty() {
        return Err(ConnectorError::Invalid(format!("`{}` needs a name", object.name)));
    }
    let renamed = rename_now(rest, class, object, to, operation).await;
    if let Err(ConnectorError::NotFound { .. }) = renamed {
        // The name was given already, by this very change done before.
        let new = ObjectRef { id: "".into(), name: to.clone(), ..object.clone() };
        if let Some(found) = read::fetch(rest, class, &new).await? {
            return Ok(Applied { id: item::text(&found, &class.id), ..Applied::default() });
        }
    }
    match renamed {
        Err(ConnectorError::AlreadyExists { .. }) => {
            Err(ConnectorError::AlreadyExists { name: to.clone() })
        }
        Err(error) => Err(error),
        Ok(applied) => Ok(applied),
    }
}

async fn rename_now(
    rest: &Rest,
    class: &Class,
    object: &ObjectRef,
    to: &Text,
    operation: &Operation,
) -> Result<Applied, ConnectorError> {
    let id = rest.id_of(class, object, operation).await?;
    let scope = Scope::default().with("id", &*id).with("name", &*object.name).with("to", &**to);
    let mut usual = Map::new();
    item::put(&mut usual, &class.name, Json::from(&**to));
    let response = rest.send(operation, &scope, Some(Json::Object(usual)), object).await?;
    let id = if class.id == class.name { to.clone() } else { id };
    let id = (!id.is_empty()).then_some(id);
    Ok(Applied { id, name: None, pending: pending(&response) })
}

async fn set_enabled(
    rest: &Rest,
    class: &Class,
    object: &ObjectRef,
    enabled: bool,
) -> Result<Applied, ConnectorError> {
    let state = class.enabled.as_ref().ok_or_else(|| missing(object, "enabled"))?;
    let value = state_json(state, enabled);
    let own = if enabled { &class.enable } else { &class.disable };
    let Some(operation) = own else {
        return update(rest, class, object, vec![(&state.path, value)]).await;
    };
    let id = rest.id_of(class, object, operation).await?;
    let scope =
        Scope::default().with("id", &*id).with("name", &*object.name).with("enabled", value);
    let response = rest.send(operation, &scope, None, object).await?;
    Ok(Applied { pending: pending(&response), ..Applied::default() })
}

async fn delete(rest: &Rest, class: &Class, object: &ObjectRef) -> Result<Applied, ConnectorError> {
    let operation = class.delete.as_ref().ok_or_else(|| missing(object, "delete"))?;
    let gone = |error: ConnectorError| {
        let is_gone = matches!(error, ConnectorError::NotFound { .. });
        if is_gone { Ok(Applied::default()) } else { Err(error) }
    };
    let id = match rest.id_of(class, object, operation).await {
        Ok(id) => id,
        Err(error) => return gone(error),
    };
    let scope = Scope::default().with("id", &*id).with("name", &*object.name);
    match rest.send(operation, &scope, None, object).await {
        Ok(response) => Ok(Applied { pending: pending(&response), ..Applied::default() }),
        Err(error) => gone(error),
    }
}

async fn members(
    rest: &Rest,
    class: &Class,
    object: &ObjectRef,
    attribute: &Text,
    add: &[Text],
    remove: &[Text],
) -> Result<Applied, ConnectorError> {
    let members = class.members.as_ref().ok_or_else(|| missing(object, "members"))?;
    let (Some(to_add), Some(to_remove)) = (&members.add, &members.remove) else {
        return replace_members(rest, class, object, attribute, add, remove).await;
    };
    let id = rest.id_of(class, object, to_add).await?;
    let id = if id.is_empty() { rest.id_of(class, object, to_remove).await? } else { id };
    let scope = Scope::default().with("id", &*id).with("name", &*object.name);
    for (operation, names) in [(to_remove, remove), (to_add, add)] {
        for name in names {
            let scope = scope.clone().with("member", &**name);
            match rest.send(operation, &scope, None, object).await {
                // A member that is there already, or gone already, is done.
                Err(ConnectorError::AlreadyExists { .. }) if std::ptr::eq(operation, to_add) => {}
                Err(ConnectorError::NotFound { .. }) if std::ptr::eq(operation, to_remove) => {}
                Err(error) => return Err(error),
                Ok(_) => {}
            }
        }
    }
    Ok(Applied::default())
}

/// Reads the list of members, changes it and writes it back.
async fn replace_members(
    rest: &Rest,
    class: &Class,
    object: &ObjectRef,
    attribute: &Text,
    add: &[Text],
    remove: &[Text],
) -> Result<Applied, ConnectorError> {
    let rule = rest.settings.capabilities().names;
    let found = read::fetch(rest, class, object).await?.ok_or_else(|| not_found(object))?;
    let held = item::at(&found, attribute).cloned().unwrap_or_default();
    let held = json::value_of(&held, true).map_err(|problem| {
        ConnectorError::Malformed(format!("`{}`: `{attribute}` holds {problem}", object.name))
    })?;
    let key = |name: &str| name_key(rule, name);
    let removed: Vec<String> = remove.iter().map(|name| key(name)).collect();
    let mut names: Vec<Value> = held.items().to_vec();
    names.retain(|name| !removed.contains(&key(&name.to_string())));
    for name in add {
        if !names.iter().any(|held| key(&held.to_string()) == key(name)) {
            names.push(Value::Text(name.clone()));
        }
    }
    let new = Value::set(names);
    if new == held {
        return Ok(Applied::default());
    }
    let list = Json::Array(new.items().iter().map(json::json_of).collect());
    update(rest, class, object, vec![(attribute, list)]).await
}
