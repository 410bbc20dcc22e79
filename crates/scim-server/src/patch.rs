//! PATCH on a resource (RFC 7644, 3.5.2), also in the dialects of Entra and Okta.
//!
//! Everything but members is applied to the JSON of the resource. Members are a list of changes, so that a group of any
//! size costs what changes. What is unclear removes nothing.

use std::collections::BTreeSet;

use muster_model::Text;
use muster_scim::{
    Comparison, Filter, Literal, MakeMissing, Mutability, Operation, OperationKind, Patch, Path,
    get, parse_path,
};
use serde_json::{Value as Json, json};

use crate::{
    coerce::MOST_MEMBERS,
    error::Failure,
    mapping::Resource,
    quirks::{self, Quirk},
};

/// Bytes of a client's own id.
const LONGEST_ID: usize = 1000;

/// Changes to the members of a group, in the order in which they were said.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct MembersChange {
    /// First everybody goes.
    pub(crate) clear: bool,
    pub(crate) add: BTreeSet<String>,
    pub(crate) remove: BTreeSet<String>,
    /// Whoever matches goes; looked for among those who are there.
    pub(crate) matching: Vec<Filter>,
}

/// What becomes of the id by which a client calls a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum OwnId {
    /// Nothing.
    #[default]
    Stays,
    /// The client has none any more.
    Goes,
    /// It is this one.
    Is(Text),
}

/// What a PATCH does beside changing the JSON.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Patched {
    pub(crate) members: MembersChange,
    pub(crate) external_id: OwnId,
    /// True when it says whether the resource is active.
    pub(crate) names_active: bool,
    /// The attributes that were removed as a whole.
    pub(crate) removed: BTreeSet<String>,
}

impl OwnId {
    /// Reads the value of `externalId`; nothing takes it away.
    pub(crate) fn read(value: Option<&Json>) -> Result<Self, Failure> {
        match value {
            None | Some(Json::Null) => Ok(Self::Goes),
            Some(Json::String(text)) if text.is_empty() => Ok(Self::Goes),
            Some(Json::String(text)) if text.len() <= LONGEST_ID && !text.contains('\0') => {
                Ok(Self::Is(text.as_str().into()))
            }
            Some(Json::Number(number)) => Ok(Self::Is(number.to_string().into())),
            Some(Json::Bool(_) | Json::String(_) | Json::Array(_) | Json::Object(_)) => {
                let problem = format!("`externalId` must be a text of at most {LONGEST_ID} bytes");
                Err(Failure::invalid_value(problem))
            }
        }
    }

    /// The same, if it is another one than `known`.
    pub(crate) fn beside(self, known: Option<&Text>) -> Self {
        match self {
            Self::Is(id) if known == Some(&id) => Self::Stays,
            Self::Goes if known.is_none() => Self::Stays,
            Self::Stays | Self::Goes | Self::Is(_) => self,
        }
    }
}

impl MembersChange {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// These and no others.
    pub(crate) fn exactly(ids: impl IntoIterator<Item = String>) -> Self {
        Self { clear: true, add: ids.into_iter().collect(), ..Self::default() }
    }

    fn added(&mut self, id: String) {
        self.remove.remove(&id);
        self.add.insert(id);
    }

    fn removed(&mut self, id: String) {
        self.add.remove(&id);
        self.remove.insert(id);
    }
}

/// Applies a PATCH to the JSON of a resource.
pub(crate) fn apply(resource: &Resource, body: &Json, json: &mut Json) -> Result<Patched, Failure> {
    note_dialect(body);
    let patch = Patch::from_json(body)?;
    if patch.operations.is_empty() {
        return Err(Failure::invalid_syntax("a PATCH needs at least one operation"));
    }
    let mut patched = Patched::default();
    for operation in patch.operations {
        for (operation, is_bare) in pathed(operation)? {
            one(resource, operation, is_bare, (json, &mut patched))?;
        }
    }
    Ok(patched)
}

fn note_dialect(body: &Json) {
    let operations = body.get("Operations").and_then(Json::as_array);
    let words = operations.into_iter().flatten().filter_map(|one| one.get("op")?.as_str());
    for word in words {
        if word.chars().any(char::is_uppercase) {
            quirks::note(Quirk::CapitalOperation);
        }
    }
    if body.get("schemas").is_none() {
        quirks::note(Quirk::MissingSchemas);
    }
}

/// An operation with its path; one without becomes one for each member of its value.
fn pathed(operation: Operation) -> Result<Vec<(Operation, bool)>, Failure> {
    if operation.path.is_some() {
        return Ok(vec![(operation, false)]);
    }
    let Some(Json::Object(map)) = operation.value else {
        return Err(Failure::invalid_syntax("without a `path`, the value must be an object"));
    };
    let mut all = Vec::with_capacity(map.len());
    for (key, value) in map {
        if key.contains(['.', '[']) && !key.starts_with("urn:") {
            quirks::note(Quirk::PathAsName);
        }
        let path = parse_path(&key).map_err(|error| {
            Failure::new(400, "invalidPath", format!("the path `{key}` is wrong: {error}"))
        })?;
        let kind = operation.kind;
        all.push((Operation { kind, path: Some(path), value: Some(value) }, true));
    }
    Ok(all)
}

fn one(
    resource: &Resource,
    operation: Operation,
    is_bare: bool,
    (json, patched): (&mut Json, &mut Patched),
) -> Result<(), Failure> {
    let Some(path) = operation.path.clone() else { return Ok(()) };
    let name = path.attribute.name.to_lowercase();
    let is_core =
        resource.schema_of(&path.attribute).is_some_and(|schema| schema.id == resource.urn());
    if is_core && name == "members" && !resource.members.is_empty() {
        return members(&operation, &path, &mut patched.members);
    }
    if path.attribute.schema.is_none() {
        match name.as_str() {
            "externalid" => {
                patched.external_id = external_id(&operation)?;
                return Ok(());
            }
            "active" => patched.names_active = true,
            "schemas" => return Ok(()),
            "id" | "meta" if is_bare => return Ok(()),
            "id" | "meta" => {
                return Err(Failure::mutability(format!("`{path}` cannot be changed")));
            }
            _ => {}
        }
    }
    if !may_change(resource, &path, is_bare)? {
        return Ok(());
    }
    let is_whole = path.filter.is_none() && path.attribute.sub.is_none();
    if operation.kind == OperationKind::Remove && operation.value.is_none() && is_whole {
        patched.removed.insert(path.attribute.name.clone());
    }
    if is_unclear(&operation, &path, json) {
        quirks::note(Quirk::UnclearRemove);
        return Ok(());
    }
    made_for_filter(&operation, &path, json)?;
    if operation.kind == OperationKind::Remove
        && operation.value.as_ref().is_some_and(|v| !v.is_null())
    {
        quirks::note(Quirk::RemoveByValue);
    }
    let former = primaries(json);
    Patch { operations: vec![operation] }.apply(json, MakeMissing::Yes)?;
    one_primary(json, &former);
    Ok(())
}

/// Whether a path may be changed; false for one that is passed over.
fn may_change(resource: &Resource, path: &Path, is_bare: bool) -> Result<bool, Failure> {
    let whole = path.attribute.whole_urn();
    if whole.is_some_and(|urn| resource.schemas.iter().any(|s| s.id.eq_ignore_ascii_case(&urn))) {
        return Ok(true);
    }
    let top = muster_scim::AttributePath { sub: None, ..path.attribute.clone() };
    let definition = resource.definition(&top);
    let sub = path.attribute.sub.is_some().then(|| resource.definition(&path.attribute)).flatten();
    let Some(definition) = definition.filter(|_| path.attribute.sub.is_none() || sub.is_some())
    else {
        if is_bare {
            quirks::note(Quirk::UnknownAttribute);
            return Ok(false);
        }
        let problem = format!("`{path}` is no attribute of a {}", resource.name);
        return Err(Failure::new(400, "invalidPath", problem));
    };
    let read_only = |a: &muster_scim::Attribute| a.mutability == Mutability::ReadOnly;
    if read_only(definition) || sub.is_some_and(read_only) {
        return Err(Failure::mutability(format!("`{path}` can only be read")));
    }
    Ok(true)
}

fn external_id(operation: &Operation) -> Result<OwnId, Failure> {
    if operation.kind == OperationKind::Remove {
        return Ok(OwnId::Goes);
    }
    OwnId::read(operation.value.as_ref())
}

/// A remove that names an empty list or an empty text, or whose filter matches nothing.
fn is_unclear(operation: &Operation, path: &Path, json: &Json) -> bool {
    if operation.kind != OperationKind::Remove {
        return false;
    }
    let names_nothing = match &operation.value {
        Some(Json::Array(items)) => items.is_empty(),
        Some(Json::String(text)) => text.is_empty(),
        Some(Json::Object(map)) => map.is_empty(),
        Some(Json::Null | Json::Bool(_) | Json::Number(_)) | None => false,
    };
    let whole = Path {
        attribute: muster_scim::AttributePath { sub: None, ..path.attribute.clone() },
        filter: path.filter.clone(),
    };
    names_nothing || path.filter.is_some() && get(json, &whole).is_none()
}

/// Notes a replace whose filter matches nothing; refuses one from which no value can be made.
fn made_for_filter(operation: &Operation, path: &Path, json: &Json) -> Result<(), Failure> {
    let Some(filter) = &path.filter else { return Ok(()) };
    let whole = Path {
        attribute: muster_scim::AttributePath { sub: None, ..path.attribute.clone() },
        filter: Some(filter.clone()),
    };
    if operation.kind == OperationKind::Remove || get(json, &whole).is_some() {
        return Ok(());
    }
    if filter.required_values().is_empty() {
        return Err(Failure::new(400, "noTarget", format!("`{path}` leads to no value")));
    }
    if operation.kind == OperationKind::Replace {
        quirks::note(Quirk::MadeForFilter);
    }
    Ok(())
}

/// The primary values of each attribute.
fn primaries(json: &Json) -> Vec<(String, Json)> {
    let attributes = json.as_object().into_iter().flatten();
    let lists = attributes.filter_map(|(name, value)| Some((name, value.as_array()?)));
    lists
        .flat_map(|(name, items)| items.iter().map(move |item| (name.clone(), item.clone())))
        .filter(|(_, item)| item.get("primary") == Some(&Json::Bool(true)))
        .collect()
}

/// Where a second value became primary, the former one is so no more.
fn one_primary(json: &mut Json, former: &[(String, Json)]) {
    for (name, before) in former {
        let Some(items) = json.get_mut(name).and_then(Json::as_array_mut) else { continue };
        let is_primary = |item: &Json| item.get("primary") == Some(&Json::Bool(true));
        if items.iter().filter(|item| is_primary(item)).count() < 2 {
            continue;
        }
        if let Some(Json::Object(item)) = items.iter_mut().find(|item| *item == before) {
            item.insert("primary".to_owned(), json!(false));
        }
    }
}

/// Changes to members: `members`, `members[value eq "1"]`, values as objects or as bare ids.
fn members(operation: &Operation, path: &Path, change: &mut MembersChange) -> Result<(), Failure> {
    let named = operation.value.as_ref().map(member_ids).transpose()?;
    match (operation.kind, &path.filter, named) {
        (_, _, Some(named)) if named.len() > MOST_MEMBERS => {
            return Err(Failure::invalid_value(format!(
                "more than {MOST_MEMBERS} members are named"
            )));
        }
        (OperationKind::Add, None, Some(named)) => {
            for id in named {
                change.added(id);
            }
        }
        (OperationKind::Replace, None, Some(named)) => {
            if operation.value.as_ref().is_some_and(Json::is_null) {
                return Err(Failure::invalid_value("`members` must be a list"));
            }
            *change = MembersChange::exactly(named);
        }
        (OperationKind::Remove, None, None) => *change = MembersChange::exactly([]),
        (OperationKind::Remove, None, Some(named)) => {
            let is_unclear = named.is_empty();
            quirks::note(if is_unclear { Quirk::UnclearRemove } else { Quirk::RemoveByValue });
            for id in named {
                change.removed(id);
            }
        }
        (OperationKind::Remove, Some(filter), _) => match ids_of(filter) {
            Some(ids) => ids.into_iter().for_each(|id| change.removed(id)),
            None => change.matching.push(filter.clone()),
        },
        (OperationKind::Add | OperationKind::Replace, ..) => {
            return Err(Failure::mutability("a member is added or removed, not changed"));
        }
    }
    Ok(())
}

/// The ids that a filter such as `value eq "1" or value eq "2"` names.
fn ids_of(filter: &Filter) -> Option<Vec<String>> {
    match filter {
        Filter::Compare(path, Comparison::Eq, Literal::Text(text))
            if path.schema.is_none()
                && path.sub.is_none()
                && path.name.eq_ignore_ascii_case("value") =>
        {
            Some(vec![text.clone()])
        }
        Filter::Or(left, right) => {
            let mut ids = ids_of(left)?;
            ids.extend(ids_of(right)?);
            Some(ids)
        }
        Filter::Compare(..)
        | Filter::Present(_)
        | Filter::Values(..)
        | Filter::And(..)
        | Filter::Not(_) => None,
    }
}

/// The ids of a list of members, or of one.
pub(crate) fn member_ids(value: &Json) -> Result<Vec<String>, Failure> {
    let items = match value {
        Json::Array(items) => items.as_slice(),
        Json::Null => &[],
        Json::Object(map) if map.is_empty() => &[],
        Json::String(text) if text.is_empty() => &[],
        Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Object(_) => {
            std::slice::from_ref(value)
        }
    };
    let id = |item: &Json| {
        let id = item.get("value").unwrap_or(item);
        match id {
            Json::String(text) if !text.is_empty() => Ok(text.clone()),
            Json::Number(number) => Ok(number.to_string()),
            Json::Null | Json::Bool(_) | Json::String(_) | Json::Array(_) | Json::Object(_) => {
                Err(Failure::invalid_value("a member needs the id of somebody in `value`"))
            }
        }
    };
    items.iter().map(id).collect()
}
